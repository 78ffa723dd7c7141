"""The bounds of what is measured in a browser."""

import pytest

from tests.bench.browsing import SCREENS, Articles, Browsing, Pages
from tests.web import chromium
from tests.web.visiting import Publisher

EMPTY = "data:text/html,<main></main>"


async def test_a_page_that_never_has_its_rows_fails_within_its_bound_and_is_named() -> None:
    chromium.require()
    nowhere = "http://localhost:9"
    async with chromium.launched() as browser:
        browsing = Browsing(
            browser=browser,
            screen=SCREENS[0],
            gateway=nowhere,
            pages=Pages(bare=EMPTY, fragment=EMPTY, json=EMPTY, modules=EMPTY, room=EMPTY),
            rows=1,
            fragment="",
            thread="none",
            live="none",
            articles=Articles(Publisher(nowhere, nowhere), []),
            posts=1,
            within=0.5,
        )
        with pytest.raises(TimeoutError, match=r"^desk: data:text/html,<main></main> is not done within 0\.5 s"):
            await browsing.round("none")
