"""Output that a terminal cannot encode is replaced: no command ends in a trace for a character."""

import os
import subprocess

import pytest

from tests.support.bounds import BOUND
from tests.support.program import SITE, THREAD, TOP, Up, command, environment, here
from workers.cli.help_page import COMMANDS

C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""A locale in which even arguments are not taken for UTF-8."""
READING = (
    ("thread", SITE, THREAD),
    ("history", SITE, THREAD, "nt-03"),
    ("history", SITE, THREAD, "nt-13", "--staff"),
    ("replay", "--site", SITE),
    ("replay", "--site", SITE, "--json"),
    ("verify",),
    ("doctor",),
    ("parked",),
    ("rebuild", "--status"),
    ("token", "--site", SITE, "--sub", "a", "--name", "Zoë"),
)


def run(arguments: tuple[str, ...], settings: dict[str, str]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        timeout=BOUND,
        check=False,
        cwd=TOP,
        env=environment(**settings),
    )


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_what_a_command_prints_is_replaced_where_it_cannot_be_encoded(
    night_train: Up, arguments: tuple[str, ...]
) -> None:
    done = here(*arguments, "--data", str(night_train.data), encoding="ascii")
    assert done.status == 0, done.err
    assert "command_failed" not in done.err
    assert done.out
    assert done.out.isascii() or "--json" in arguments


@pytest.mark.parametrize("arguments", [READING[0], READING[3], READING[-1]], ids=" ".join)
@pytest.mark.parametrize("settings", [{"PYTHONIOENCODING": "ascii"}, C], ids=["ascii", "c"])
def test_so_it_is_in_a_process_of_its_own(
    night_train: Up, settings: dict[str, str], arguments: tuple[str, ...]
) -> None:
    done = run((*arguments, "--data", str(night_train.data)), settings)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_read_on_any_terminal(name: str) -> None:
    done = here(name, "--help", encoding="ascii")
    assert (done.status, done.err) == (0, "")
    assert done.out.isascii()


def test_a_mistake_is_told_on_any_terminal() -> None:
    done = here("thread", "ü", "€", "--data", "/nowhere/ü", encoding="ascii")
    assert done.status == 1
    assert done.err.startswith("hansard: There is no data in /nowhere/")
    assert done.err.count("\n") == 1


def test_a_path_that_is_no_text_is_told_as_far_as_it_can_be() -> None:
    name = os.fsdecode(b"/nowhere/\xff")
    for flags in ((), ("--json",)):
        done = run(("doctor", "--data", name, *flags), {})
        assert done.returncode == 1
        assert done.stderr.startswith(b"hansard: There is no data in /nowhere/")
    done = run(("gateway", "--redis-url", f"unix://{name}", "--log-format", "json"), {"HANSARD_ADMIN_SECRET": "o" * 32})
    assert done.returncode == 1
    assert b'"event":"command_failed"' in done.stderr
