"""The native format: facts, as a plan writes them and as other programs may write them (docs/native-format.md)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from core.domain.import_comment_facts import PostedFact
from core.domain.import_facts import SITE_FACTS
from core.domain.import_thread_facts import OpenedFact
from workers.importers.fact_file import fact_of, header_of
from workers.importers.readers.input_file import opened
from workers.importers.readers.json_lines import lines
from workers.importers.readers.written_times import utc
from workers.importers.source_records import LeftOut, Noted, Record, SourceArticle, SourceComment, SourceFact, UnfitFile


def read(files: Sequence[Path]) -> Iterator[Record]:
    """Yield the facts of files, an article for each opening, and a comment for each post. Raises UnfitFile."""
    for path in files:
        with opened(path) as file:
            is_first = True
            for number, line in lines(file):
                if is_first:
                    is_first = False
                    head = header_of(path.name, line)
                    yield Noted(what="source", where=head.source)
                    if not head.ordered:
                        yield Noted(what="unordered")
                    continue
                try:
                    fact = fact_of(line)
                except (msgspec.DecodeError, RecursionError) as error:
                    yield LeftOut(what="facts", why="unreadable", where=f"{path.name}, line {number}: {error}"[:200])
                    continue
                if isinstance(fact, OpenedFact):
                    yield SourceArticle(key=fact.thread, url=fact.url, title=fact.title, fields={"slug": fact.thread})
                if isinstance(fact, PostedFact):
                    yield SourceComment(id=fact.comment, article=fact.thread, at=utc(fact.at))
                is_of_site = isinstance(fact, SITE_FACTS)
                yield SourceFact(article="" if is_of_site else fact.thread, line=number, fact=line)
            if is_first:
                raise UnfitFile(path.name, "it is empty")
