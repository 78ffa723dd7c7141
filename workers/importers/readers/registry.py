"""The formats that `hansard import plan` reads: a module each, and an entry here."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from msgspec import Struct

from workers.importers.source_records import Record

Reader = Callable[..., Iterator[Record]]


class Format(Struct, frozen=True, kw_only=True):
    """A format: where it comes from, and what ids are made of."""

    module: str
    system: str
    does: str
    prefix: str
    """Prefix of the ids of comments and guests, unless --source names another."""
    member: str
    """Default template of members' ids."""
    fields: tuple[str, ...]
    """Fields that a member template may name."""
    fragment: str = ""
    """Beginning of the fragment by which old links name a comment."""
    tenants: bool = False
    """True if an export may have several tenants and sites."""

    def read(self, files: Sequence[Path], **options: object) -> Iterator[Record]:
        """Yield the records of files. Raises UnfitFile."""
        reader: Reader = import_module(f"workers.importers.readers.{self.module}").read
        return reader(files, **options)


FORMATS: Final = {
    "wxr": Format(
        module="wxr",
        system="wordpress",
        does="WordPress export (WXR), with wpDiscuz",
        prefix="wp",
        member="wp:{id}",
        fields=("id", "username"),
        fragment="#comment-",
    ),
    "disqus": Format(
        module="disqus",
        system="disqus",
        does="Disqus export (XML)",
        prefix="dsq",
        member="disqus:{username}",
        fields=("username",),
        fragment="#comment-",
    ),
    "coral": Format(
        module="coral",
        system="coral",
        does="Coral dump (BSON or JSON), a file per collection",
        prefix="coral",
        member="{id}",
        fields=("id", "username"),
        fragment="?commentID=",
        tenants=True,
    ),
    "remark42": Format(
        module="remark42",
        system="remark42",
        does="Remark42 backup",
        prefix="r42",
        member="r42:{id}",
        fields=("id",),
        fragment="#remark42__comment-",
    ),
    "isso": Format(
        module="isso",
        system="isso",
        does="Isso database, or its generic JSON",
        prefix="isso",
        member="isso:{id}",
        fields=("id",),
        fragment="#isso-",
    ),
    "commento": Format(
        module="commento",
        system="commento",
        does="Commento and Comentario exports",
        prefix="cm",
        member="cm:{id}",
        fields=("id",),
        fragment="#commento-",
    ),
    "native": Format(
        module="native",
        system="hansard",
        does="Hansard's own format, facts.jsonl",
        prefix="h",
        member="{id}",
        fields=("id",),
    ),
}
"""Formats by the name on the command line."""
