"""WordPress: its export (WXR 1.0 to 1.2), the dialect of it that Disqus takes, and what wpDiscuz adds.

E-mail addresses are read for the ids of guests, all other traces of people not at all.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from workers.importers.readers.input_file import opened
from workers.importers.readers.wordpress_comment import FIELDS, comment_of
from workers.importers.readers.wordpress_tables import is_tables, read_tables
from workers.importers.readers.wpdiscuz import META, anchors
from workers.importers.readers.written_times import utc
from workers.importers.readers.xml_file import elements, local, text
from workers.importers.source_records import Noted, Record, SourceArticle, SourceComment, SourcePerson

_NAMESPACE: Final = re.compile(r"\{https?://wordpress\.org/export/[^}]*\}")
_DISQUS: Final = re.compile(r"\{https?://(?:www\.)?disqus\.com/[^}]*\}")
_CONTENT: Final = re.compile(r"\{https?://purl\.org/rss/1\.0/modules/content/\}encoded")
_READ: Final = frozenset(
    (
        *("post_id", "post_name", "post_date_gmt", "comment_status", "status", "post_password"),
        *("author_id", "author_login", "meta_key", "meta_value"),
        *FIELDS,
    )
)
"""The elements that are read."""
_MOST_LOGINS: Final = 100_000
"""Most authors of articles whose login names are kept."""


def read(files: Sequence[Path], *, subscriptions: bool = False) -> Iterator[Record]:
    """Yield the records of exports, and of tables as `--print-sql` writes them. Raises UnfitFile."""
    for path in files:
        if is_tables(path):
            yield from read_tables(path, subscriptions=subscriptions)
        else:
            with opened(path) as file:
                yield from _Export(path.name).read(file)


class _Export:
    """One file. `_article` is the id of the item that is being read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._items = 0
        self._article: str | None = None
        self._logins: dict[str, str] = {}

    def read(self, file: Any) -> Iterator[Record]:
        tags = ("item", "{*}comment", "{*}author", "{*}base_blog_url")
        for element in elements(file, tags, root="rss", within=("channel", "item")):
            name = local(element.tag)
            if name == "item":
                yield from self._item(element)
            elif _NAMESPACE.match(element.tag) is None:
                continue
            elif name == "comment":
                yield self._comment(element)
            elif name == "author":
                self._login(_fields(element))
            else:
                yield Noted(what="origin", where=text(element).strip())

    def _item(self, item: Any) -> Iterator[Record]:
        key = self._key(item)
        self._article = None
        self._items += 1
        fields = _fields(item)
        url = (item.findtext("link") or "").strip() or None
        named = {"slug": fields.get("post_name", ""), "post_id": fields.get("post_id", "")}
        yield SourceArticle(
            key=key,
            url=url,
            title=item.findtext("title"),
            fields={name: value for name, value in named.items() if value},
            at=utc(fields.get("post_date_gmt")),
            closed=fields.get("comment_status") == "closed",
            excluded=_excluded(fields),
        )
        for child in item.iterchildren("*"):
            if _CONTENT.fullmatch(child.tag) is not None:
                yield from anchors(key, text(child))

    def _comment(self, element: Any) -> SourceComment:
        fields = _fields(element)
        self._article = self._article or self._key(element.getparent())
        return comment_of(self._article, fields, _meta(element), self._person(element, fields))

    def _person(self, element: Any, fields: dict[str, str]) -> SourcePerson:
        user = fields.get("comment_user_id", "")
        remote = _remote(element)
        named: dict[str, str] = {}
        if remote:
            named = {"id": remote}
        elif user.isdecimal() and int(user):
            login = self._logins.get(user)
            named = {"id": user} | ({"username": login} if login else {})
        return SourcePerson(
            fields=named, name=fields.get("comment_author"), email=fields.get("comment_author_email") or None
        )

    def _login(self, fields: dict[str, str]) -> None:
        if len(self._logins) < _MOST_LOGINS and "@" not in fields.get("author_login", "@"):
            self._logins[fields.get("author_id", "")] = fields["author_login"]

    def _key(self, item: Any) -> str:
        number = next((text(child).strip() for child in item.iterchildren("*") if _name(child.tag) == "post_id"), "")
        return number or f"{self._name}#{self._items}"


def _fields(element: Any) -> dict[str, str]:
    """The children of an element that are of WordPress, by their names. Spaces around values are none of theirs."""
    found: dict[str, str] = {}
    for child in element.iterchildren("*"):
        name = _name(child.tag)
        if name is not None:
            value = child.text if not len(child) else text(child)
            found[name] = value.strip() if value else ""
    return found


@lru_cache(maxsize=1024)
def _name(tag: str) -> str | None:
    """The local name of an element of WordPress that is read; None for any other."""
    name = local(tag)
    return name if _NAMESPACE.match(tag) is not None and name in _READ else None


def _excluded(fields: dict[str, str]) -> str | None:
    """Reason for which nothing of an article comes in. Dialects without states have published articles alone."""
    if fields.get("status", "publish") != "publish":
        return "not-published"
    return "password" if fields.get("post_password") else None


def _meta(comment: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in comment.iterchildren("*"):
        if child.tag.endswith("}commentmeta"):
            pair = _fields(child)
            if pair.get("meta_key") in META:
                found[pair["meta_key"]] = pair.get("meta_value", "")
    return found


def _remote(comment: Any) -> str | None:
    """Id that the publication gave an author in the dialect of Disqus."""
    for child in comment.iterchildren("*"):
        if child.tag.endswith("}remote") and _DISQUS.match(child.tag) is not None:
            for field in child:
                if local(field.tag) == "id":
                    return text(field).strip() or None
    return None
