"""JSON-LD of a page: its comments about the article, never an article beside the publisher's own (schema.org)."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from workers.gateway.html.page import FragmentPage, FragmentRow


def write_linked(page: FragmentPage) -> str:
    """Return a script element of type `application/ld+json` with the published comments of a page."""
    url = page.thread.url.partition("#")[0]
    document = {"@context": "https://schema.org", "@graph": list(_comments(page.comments, url))}
    # A text may have `</script>` in it, or `<!--`, which would change how the element is read.
    json = msgspec.json.encode(document).decode().replace("<", "\\u003c")
    return f'<script type="application/ld+json">{json}</script>'


def _comments(rows: Sequence[FragmentRow], url: str) -> Iterator[dict[str, Any]]:
    for row in rows:
        if row.author is not None:
            comment: dict[str, Any] = {
                "@type": "Comment",
                "@id": f"{url}#comment-{row.id}",
                "about": {"@id": url},
                "author": {"@type": "Person", "name": row.author.name},
                "datePublished": row.posted_at,
            }
            if row.body is not None:
                comment["text"] = row.body
            if row.edited is not None:
                comment["dateModified"] = row.edited.at
            if row.parent is not None:
                comment["parentItem"] = {"@id": f"{url}#comment-{row.parent}"}
            if row.votes is not None:
                comment["upvoteCount"], comment["downvoteCount"] = row.votes.up, row.votes.down
            yield comment
        yield from _comments(row.replies.comments, url)
