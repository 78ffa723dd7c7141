"""Pages of threads made at random, as the API answers them, for everything that shows them."""

from datetime import datetime
from typing import Any, Final

import msgspec
from hypothesis import strategies as st

from core.text.render import render

URL: Final = "https://kew.example/palm-house?a=1&b='2'"
GONE: Final = ("moderator", "rule", "author", "erased", "unknown", None)

HOSTILE: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onclick='alert(1)",
    "</li></ol></section></template>",
    "<!-- --> ]]>",
    "&amp;&lt;",
    "{n} {name} {when}",
    "سمير حداد",
    "נדיה \u202e ברנדט",
    "\U0001f33f\U0001f1e9\U0001f1ea",
)
hostile: Final = st.sampled_from(HOSTILE) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20
)
ids: Final = st.text("abcdefghijkmnopqrstuvwxyz0123456789_-", min_size=1, max_size=12)
bodies: Final = st.sampled_from(
    (
        "Words.",
        "Two *kinds* of **words** and a `word`, see https://kew.example/?a=1&b=2 and [this](mailto:a@kew.example).",
        "> said before\n\n- one\n- two\n\n3. three\n4. four\n\n```\nx < y\n```",
        "<b>not</b> markup & \u00fcml\u00e4ut \U0001f33f",
        "ركبت القطار الليلي إلى ميرينا",
        "Long words. " * 150,
        ("A paragraph of some length, with a *few* marks. " * 12 + "\n\n") * 4,
        "\U0001f33f leaves " * 160,
        "line\n" * 300,
        "*" + "all of it in italics " * 80 + "*",
        "- " + "a list of one " * 100 + "\n\nand then this",
    )
)
times: Final = st.datetimes(min_value=datetime(1969, 1, 1)).map(  # noqa: DTZ001 - in UTC, which is appended
    lambda at: at.isoformat(timespec="milliseconds") + "Z"
)


def _row(made: dict[str, Any], parent: str | None, answered: str | None, number: list[int]) -> dict[str, Any]:
    number[0] += 1
    id_ = f"{made['id']}-{number[0]}"
    row = {**made, "id": id_, "thread": "palm-house", "parent": parent, "anchor": None}
    children, left = row.pop("children"), row.pop("left")
    published = row["author"] is not None
    row["in_reply_to"] = (
        {"comment": parent, "revision": 1, "name": answered} if parent is not None and published else None
    )
    name = row["author"]["name"] if published else None
    below = [_row(child, id_, name, number) for child in children]
    row["replies"] = {"count": len(below) + left, "comments": below, "next": f"next-{id_}" if left else None}
    return row


@st.composite
def _published(draw: st.DrawFn) -> dict[str, Any]:
    body = draw(bodies)
    revision = draw(st.integers(1, 3))
    up, down = draw(st.integers(0, 2000)), draw(st.integers(0, 3))
    edited = {"at": draw(times), "by": {"name": draw(hostile)}} if revision > 1 else None
    return {
        "id": draw(ids),
        "author": {
            "id": draw(hostile),
            "name": draw(hostile),
            "avatar": None,
            "badges": draw(st.lists(hostile, max_size=2)),
        },
        "status": "published",
        "revision": revision,
        "body": body,
        "html": render(body),
        "posted_at": draw(times),
        "edited": edited,
        "featured": draw(st.booleans()),
        "pinned": draw(st.booleans()),
        "votes": {"up": up, "down": down, "score": up - down},
    }


@st.composite
def _tombstone(draw: st.DrawFn) -> dict[str, Any]:
    nothing = dict.fromkeys(("author", "revision", "body", "html", "edited", "featured", "votes"))
    status = draw(st.sampled_from(("pending", "rejected", "withdrawn")))
    return {"id": draw(ids), "status": status, "posted_at": draw(times), **nothing, "gone": draw(st.sampled_from(GONE))}


def _with_children(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    made = _published() | _tombstone()
    return st.builds(
        lambda row, children, left: {**row, "children": children, "left": left},
        made,
        st.lists(rows, max_size=3),
        st.sampled_from((0, 0, 1, 7)),
    )


_leaves: Final = (_published() | _tombstone()).map(lambda row: {**row, "children": [], "left": 0})
_trees: Final = st.recursive(_leaves, _with_children, max_leaves=5)


@st.composite
def pages(draw: st.DrawFn) -> dict[str, Any]:
    """A page of a thread, as JSON has it."""
    number = [0]
    rows = [_row(made, None, None, number) for made in draw(st.lists(_trees, max_size=4))]
    return {
        "thread": {
            "id": "palm-house",
            "site": "kew",
            "url": URL,
            "title": draw(hostile),
            "status": draw(st.sampled_from(("open", "closed", "archived"))),
            "comments": draw(st.integers(0, 3000)),
            "position": "1698579000000-42",
            "featured": draw(st.integers(0, 2)),
        },
        "sort": draw(st.sampled_from(("top", "newest", "oldest"))),
        "comments": rows,
        "next": draw(st.none() | st.just("cursor~1")),
    }


def document(page: dict[str, Any]) -> bytes:
    """The bytes of a page."""
    return msgspec.json.encode(page)
