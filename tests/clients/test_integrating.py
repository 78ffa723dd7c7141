"""docs/integrate.md is true: what it tells people to write works. `tests/web` has its page, in a browser."""

import json
import shutil
import subprocess
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.clients.integrating import ORIGIN, PAGE, SITE, THREAD, TOP, commands, opening, snippets
from tests.clients.test_typescript import OLDEST
from tests.support.house import House


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def in_python(user: str, name: str, **more: Any) -> str:
    code: dict[str, Any] = {}
    exec(snippets()["sign.py"], code)  # noqa: S102 - it is ours
    return str(code["token"](user, name, **more))


async def in_javascript(folder: Path, user: str, name: str, **more: Any) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip(f"tests/clients: no Node found; install Node {OLDEST} or newer")
    (folder / "sign.mjs").write_text(snippets()["sign.mjs"])
    ask = f"console.log((await import('./sign.mjs')).token({json.dumps(user)}, {json.dumps(name)}, {json.dumps(more)}))"
    done = await anyio.run_process([node, "--input-type=module", "--eval", ask], cwd=folder)
    return done.stdout.decode().strip()


async def opened(house: House) -> None:
    answer = await house.ask("PUT", f"/v1/sites/{SITE}", body=opening(), operator=True)
    assert answer.status_code == 201, answer.text


async def posts(house: House, token: str, words: str) -> Any:
    """What a post is answered that opens the thread, where it has to be opened."""
    answer = await house.ask(
        "POST",
        f"/v1/sites/{SITE}/threads/{THREAD}/comments",
        body={"body": words, "url": f"{ORIGIN}/section.html", "title": "An article"},
        Authorization=f"Bearer {token}",
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["comment"]


async def test_a_token_that_python_signed_is_taken(house: House) -> None:
    await opened(house)
    row = await posts(house, in_python("u-7", "Zoë"), "Words.")
    assert row["author"] == {"id": "u-7", "name": "Zoë", "avatar": None, "badges": []}
    moderator = in_python("u-2", "Toby", roles=["moderator"])
    queue = await house.ask("GET", f"/v1/sites/{SITE}/moderation/queue", Authorization=f"Bearer {moderator}")
    assert queue.status_code == 200


async def test_a_token_that_javascript_signed_is_taken_and_says_the_same(house: House, tmp_path: Path) -> None:
    token = await in_javascript(tmp_path, "u-7", "Zoë", roles=["moderator"])
    await opened(house)
    row = await posts(house, token, "Words.")
    assert row["author"] == {"id": "u-7", "name": "Zoë", "avatar": None, "badges": []}
    said, other = claims(token), claims(in_python("u-7", "Zoë", roles=["moderator"]))
    assert said | {"exp": 0} == other | {"exp": 0}
    assert abs(said["exp"] - other["exp"]) < 600


def test_the_commands_are_well_formed_and_name_what_is_there() -> None:
    found = commands()
    assert len(found) > 3
    for block in found:
        shell = shutil.which("sh")
        assert shell is not None
        done = subprocess.run([shell, "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "cp docs/integrate/section.html ../my-paper/" in "".join(found)
    assert (TOP / "docs/integrate/section.html") == PAGE


def test_the_page_has_forty_lines_that_can_be_read_and_needs_no_library() -> None:
    text = PAGE.read_text()
    lines = text.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 120
    assert "import" not in text
    assert " src=" not in text
