"""The revisions that an If-Match header names."""

from typing import Any

import pytest

from workers.gateway.http.preconditions import revisions_named


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (b'"2"', 2),
        (b' "2" ', 2),
        (b'"3", "2"', (2, 3)),
        (b'"3","2","3"', (2, 3)),
        (b'"2", "2"', 2),
        (b'W/"2"', 2),
        (b'W/"2", "3"', (2, 3)),
        (b'"2,3"', 0),
        (b'"", "02", "0", "2"', 2),
    ],
)
def test_the_revisions_of_if_match_are_those_of_its_tags(header: bytes, named: Any) -> None:
    assert revisions_named(header) == named
