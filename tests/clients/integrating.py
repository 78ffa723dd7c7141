"""What docs/integrate.md tells people to write, taken out of it."""

import json
import re
from pathlib import Path
from typing import Any, Final

TOP: Final = Path(__file__).parents[2]
GUIDE: Final = TOP / "docs" / "integrate.md"
PAGE: Final = TOP / "docs" / "integrate" / "section.html"
SITE: Final = "my-paper"
THREAD: Final = "an-article"
GATEWAY: Final = "http://127.0.0.1:8400"
ORIGIN: Final = "http://localhost:8000"


def snippets() -> dict[str, str]:
    """The files that the guide has in itself, by name."""
    return {name: body for _, name, body in re.findall(r"```(\w+) file=(\S+)\n(.*?)```", GUIDE.read_text(), re.DOTALL)}


def commands() -> list[str]:
    """The blocks of commands."""
    return re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def opening() -> dict[str, Any]:
    """The body that opens the site."""
    (body,) = re.findall(rf"curl -X PUT {GATEWAY}/v1/sites/{SITE} .*? -d '(.*?)'\n", GUIDE.read_text(), re.DOTALL)
    found: dict[str, Any] = json.loads(body)
    return found
