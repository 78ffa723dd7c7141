"""JSON-LD of a page."""

from typing import Any

import msgspec
from hypothesis import given

from tests.support.fragments import URL, document, pages
from tests.workers.gateway.html.test_fragment import Tree, flat
from workers.gateway.html.linked import write_linked
from workers.gateway.html.page import decode


@given(pages())
def test_published_comments_are_about_the_article_and_there_is_no_article_of_ours(page: dict[str, Any]) -> None:
    script = write_linked(decode(document(page)))
    ((tag, attributes),) = Tree(script).elements
    assert (tag, attributes) == ("script", {"type": "application/ld+json"})
    found = msgspec.json.decode(script[script.index(">") + 1 : -len("</script>")])
    published = [row for row in flat(page["comments"]) if row["author"] is not None]
    assert [one["@id"] for one in found["@graph"]] == [f"{URL}#comment-{row['id']}" for row in published]
    for one, row in zip(found["@graph"], published, strict=True):
        assert one["@type"] == "Comment"
        assert one["about"] == {"@id": URL}
        assert one["text"] == row["body"]
        assert one["author"]["name"] == row["author"]["name"]
