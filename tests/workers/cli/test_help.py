"""What somebody sees who has never used the program, or uses it wrongly."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.program import TOP, environment, hansard, here
from workers.cli.help_page import COMMANDS

WRONG = Path(__file__).with_name("wrong-usage.txt")

HEAVY = {"cyclopts", "rich", "redis", "starlette", "uvicorn", "anyio", "msgspec", "prometheus_client", "structlog"}


def transcript() -> list[tuple[str, str]]:
    """The lines that were typed, and what was said."""
    blocks = [block.split("\n") for block in WRONG.read_text().strip().split("\n\n")]
    return [(typed.removeprefix("$ hansard "), said) for typed, said in blocks]


@pytest.mark.parametrize("flag", ["--help", "-h", "help"])
def test_help_lists_every_command(flag: str) -> None:
    done = hansard(flag)
    assert (done.status, done.err) == (0, "")
    for name, command in COMMANDS.items():
        assert f"  {name} " in done.out
        assert command.does in done.out


def test_help_is_told_before_any_library_is_imported() -> None:
    code = (
        "import sys; sys.argv = ['hansard', '--help']; from workers.__main__ import main; main(); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TOP, env=environment()
    )
    assert not HEAVY & {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_examples(name: str) -> None:
    done = here(name, "--help")
    assert (done.status, done.err) == (0, "")
    assert f"Usage: hansard {name}" in done.out
    assert "For example:" in done.out
    assert f"hansard {name}" in done.out.partition("For example:")[2]
    assert "--data" in done.out, "settings are flags of every command"


def test_the_version_is_told() -> None:
    done = hansard("--version")
    assert done.status == 0
    assert done.out.startswith("hansard 0.")


def test_without_a_command_it_says_what_there_is() -> None:
    done = hansard()
    assert (done.status, done.out) == (2, "")
    assert "Usage: hansard COMMAND" in done.err


@pytest.mark.parametrize(("line", "said"), transcript(), ids=[line for line, _ in transcript()])
def test_wrong_usage_is_one_line_and_status_two(line: str, said: str) -> None:
    done = here(*shlex.split(line))
    assert (done.out, done.err, done.status) == ("", f"{said}\n", 2)


def test_a_wrong_value_in_the_environment_is_named_like_that() -> None:
    done = here("verify", HANSARD_PORT="http")
    assert done.status == 2
    assert done.err.startswith("hansard: HANSARD_PORT must be a port")


@pytest.mark.parametrize(
    "arguments",
    [
        ("thread", "sample", "night-train"),
        ("history", "sample", "night-train", "nt-01"),
        ("trail", "sample", "nt-01"),
        ("replay",),
        ("tail",),
        ("verify",),
        ("rebuild",),
        ("parked",),
        ("parked", "show", "sample", "night-train"),
        ("doctor",),
        ("report", "moderation", "sample", "figures"),
        ("report", "dsa", "sample", "figures"),
        ("token", "--site", "sample", "--sub", "bea", "--name", "Bea"),
    ],
)
def test_where_there_is_no_data_it_says_how_to_get_some(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = here(*arguments, "--data", str(tmp_path / "none"))
    assert done.out == ""
    assert done.err == (
        f"hansard: There is no data in {tmp_path / 'none'}: start `hansard up`, or give --data or --redis-url\n"
    )
    assert done.status == 1


def test_a_server_that_is_not_there_is_one_line() -> None:
    done = here("doctor", "--redis-url", "redis://127.0.0.1:1")
    assert (done.out, done.status) == ("", 1)
    assert done.err.startswith("hansard: Redis does not answer: ")
    assert done.err.count("\n") == 1
