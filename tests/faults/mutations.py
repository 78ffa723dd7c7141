"""Scripts as they are not: for tests that break something on purpose, or that cannot wait for a clock to jump."""

from hashlib import sha1

from core.redis.script import Script


class Altered(Script):
    """A script with a part of its text replaced."""

    def __init__(self, script: Script, before: bytes, after: bytes) -> None:
        self.name = script.name
        self.text = script.text.replace(before, after)
        self.sha = sha1(self.text, usedforsecurity=False).hexdigest()


def changed(script: Script, before: str, after: str = "") -> Script:
    """The script with a part of it replaced, which must be there once."""
    assert script.text.count(before.encode()) == 1, f"{script.name} has changed: change this test with it"
    return Altered(script, before.encode(), after.encode())


def later(script: Script, seconds: int) -> Script:
    """The script on a server whose clock is so many seconds ahead, or behind."""
    return changed(
        script,
        "call('TIME')\n",
        f"call('TIME')\ntime[1] = string.format('%.0f', tonumber(time[1]) + {seconds})\n",
    )
