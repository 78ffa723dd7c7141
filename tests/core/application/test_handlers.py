"""The table of handlers: every command has one, and needs what it decides upon."""

import pytest

from core import heads
from core.application.handlers import HANDLERS
from core.domain.handler import Command


def test_every_command_has_a_handler() -> None:
    assert set(HANDLERS) == set(Command.__subclasses__())


@pytest.mark.parametrize("command", HANDLERS, ids=lambda command: command.__name__)
def test_what_the_append_expects_was_loaded(command: type[Command]) -> None:
    words = {"text": "a", "comment": "c1", "member": "ada", "position": "1-1", "thread": "tea", "voter": "eve"}
    given = {name: words.get(name) for name in command.__struct_fields__}
    needs = HANDLERS[command].needs(command(**given), "ben")
    assert needs.expected
    assert set(needs.expected) <= {*needs.folded, *needs.heads_only}
    assert HANDLERS[command].site_wide == (heads.SITE in needs.folded)
