"""The section of a thread as HTML: what a reader sees before any script runs, and what the script then goes on with.

Plain functions that join strings: a template engine takes ten times as long, and this runs where pages are served.
Every value is escaped except `html`, which was cleaned when it was rendered. The script makes the same nodes from the
same JSON (`static/section/row.js`, `static/section/made.js`); a test compares the two.
"""

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape as escape_special
from typing import Final, NamedTuple

from workers.gateway.html.folded_text import LONGEST, text_parts
from workers.gateway.html.page import FragmentPage, FragmentRow, FragmentThread
from workers.gateway.html.row_times import RowTimes, moment_of
from workers.gateway.html.words import Words

VERSION: Final = 1
"""Version of the HTML: raised by every change in it that no file of the release shows. Part of the `ETag`."""

ORDERS: Final = ("top", "newest", "oldest")

_SPECIAL: Final = re.compile("[&<>\"']").search


def escape(text: str) -> str:
    """Return a text with the characters escaped that mean something in HTML. Most texts have none of them."""
    return text if _SPECIAL(text) is None else escape_special(text)


class SectionContext(NamedTuple):
    """Everything besides the page that the HTML depends on."""

    words: Words
    zone: tzinfo
    now: datetime
    """Time of the request: a time in another year is written with its year."""
    level: int = 2
    """Level of the heading."""
    styles: Sequence[str] = ()
    """Addresses of the style sheets."""
    read: str = ""
    """Address of the reading page of the thread. Empty if the site has no reading pages."""
    audit: str = ""
    """Address of the thread's earlier states. Empty if readers may not see them."""
    history: bool = True
    """True if readers may see the versions of a comment."""
    writes: bool = False
    """True if anybody may write here: the place for the field is reserved."""
    query: str = ""
    """Parameters of the page, as a query: with them its cursors are used."""
    here: str = ""
    """Comment that the page is about: its row is marked. Empty if there is none."""
    still: bool = False
    """True for a page without a script: more replies are a link to `read`, and other buttons are left out."""


class _Writer:
    """Writes the rows of one page."""

    def __init__(self, thread: FragmentThread, given: SectionContext) -> None:
        words = given.words
        self.changed = False
        """True once a row was written whose text was edited or removed."""
        self._words = words
        self._times = RowTimes(words, given.zone, given.now)
        self._here = given.here
        self._still = given.still
        self._read = escape(given.read)
        self._history = given.history and not given.still
        self._link = escape(thread.url.partition("#")[0]) + "#comment-"
        self._permalink = f'<span class="sr">{escape(words.say("permalink"))}</span></a>'
        self._badge = tuple(map(escape, words.around("badge")))
        self._answered = tuple(map(escape, words.around("in_reply_to")))
        self._answered_gone = escape(words.say("in_reply_to_removed"))
        self._for = escape(words.say("for"))
        self._against = escape(words.say("against"))
        self._about = escape(words.say("about_passage"))
        self._edited = tuple(words.around("edited"))
        self._changes = escape(words.say("see_changes"))
        self._folds: dict[int, str] = {}

    def row(self, row: FragmentRow, above: str) -> tuple[str, int]:
        """Return the HTML of a row with its replies, and the number of replies below it, at any depth.

        `above` is the day of the row that this one hangs under, as a key.
        """
        name = row.id if row.id.isalnum() else escape(row.id)
        when, day = self._times.posted(row.posted_at, above)
        replies = row.replies
        shown = len(replies.comments)
        below = []
        for reply in replies.comments:
            html, under = self.row(reply, day)
            below.append(html)
            shown += under
        link = self._link
        labels = f"n-{name} t-{name}"
        if row.author is None:
            self.changed = True
            gone = escape(self._words.say(gone_key(row)))
            who = f'<span class="gone" id="n-{name}">{gone}</span>'
            star = text = edited = tally = by = ""
        else:
            who, star, text, edited, tally = self._published(row, name)
            by = "" if row.author.id is None else f' data-by="{escape(row.author.id)}"'
            if row.anchor is not None and row.parent is None:
                text = f'<p class="about" data-anchor="{escape(row.anchor)}">{self._about}</p>{text}'
            if row.in_reply_to is not None:
                labels = f"n-{name} r-{name} t-{name}"
        fold = under_html = ""
        if shown and not self._still:
            fold = self._folds.get(shown) or self._folds.setdefault(shown, self._fold(shown))
        more = self._more(name, replies.next)
        if shown or more:
            under_html = f'<div class="under"><ol>{"".join(below)}</ol>{more}</div>'
        return (
            f'<li data-key="{name}">'
            f'<article class="{"row here" if row.id == self._here else "row"}" id="comment-{name}" tabindex="-1"'
            f' part="row" aria-labelledby="{labels}"'
            f' data-revision="{"" if row.revision is None else row.revision}"{by}>'
            f'<a class="when" id="t-{name}" href="{link}{name}">{when}{self._permalink}{star}'
            f'<p class="who" part="who">{who}</p>{text}{edited}'
            f'<div class="acts" part="acts"><p class="votes">{tally}</p><p class="notes"></p>{fold}</div></article>'
            f"{under_html}</li>"
        ), shown

    def _fold(self, shown: int) -> str:
        hide = escape(self._words.count("hide_replies", shown))
        return f'<button class="fold" aria-expanded="true">{hide}</button>'

    def _published(self, row: FragmentRow, name: str) -> tuple[str, str, str, str, str]:
        """Return the parts of a published row: name, mark of the editors, text, time of the edit, and votes."""
        author = row.author
        assert author is not None
        who = f'<b id="n-{name}" dir="auto">{escape(author.name)}</b>'
        if author.badges:
            before, _, after = self._badge
            who += "".join(
                f' <span class="badge" dir="auto">{before}{escape(badge)}{after}</span>' for badge in author.badges
            )
        answered = row.in_reply_to
        if answered is not None:
            to = escape(answered.comment)
            if answered.name is None:
                said = self._answered_gone
            else:
                before, _, after = self._answered
                said = f"{before}<bdi>{escape(answered.name)}</bdi>{after}"
            who += f' <a class="to" id="r-{name}" data-to="{to}" href="{self._link}{to}">{said}</a>'
        star = ""
        if row.pinned:
            star = f'<p class="star pinned">{escape(self._words.say("pinned"))}</p>'
        elif row.featured:
            star = f'<p class="star">{escape(self._words.say("pick"))}</p>'
        edited = "" if row.edited is None else self._last_edited(row.edited.at, row.edited.by.name)
        tally = self._tally(row.votes.up, row.votes.down) if row.votes is not None else self._tally(0, 0)
        return who, star, self._text(row.body, row.html), edited, tally

    def _tally(self, up: int, down: int) -> str:
        # The places stay where nobody has voted, so that nothing moves when somebody does.
        number = self._words.number
        return (
            f'<span class="for">{self._for.replace("{n}", number(up)) if up else ""}</span>'
            f'<span class="against">{self._against.replace("{n}", number(down)) if down else ""}</span>'
        )

    def _text(self, body: str | None, html: str | None) -> str:
        if body is None or html is None:
            html = f'<p class="gone">{escape(self._words.say("unknown"))}</p>'
        elif len(body) > LONGEST:
            shown, folded = text_parts(html)
            if folded:
                said = escape(self._words.count("read_all", len(body)))
                html = f'{shown}<details class="long"><summary>{said}</summary>{folded}</details>'
        return f'<div class="text" part="text" dir="auto">{html}</div>'

    def _last_edited(self, at: str, name: str | None) -> str:
        self.changed = True
        said = []
        for index, piece in enumerate(self._edited):
            if index % 2 == 0:
                said.append(escape(piece))
            else:
                said.append(f"<bdi>{escape(name or '')}</bdi>" if piece == "name" else self._times.edited(at))
        changes = f' <button class="changes" aria-expanded="false">{self._changes}</button>' if self._history else ""
        return f'<p class="edited">{"".join(said)}{changes}</p>'

    def _more(self, name: str, cursor: str | None) -> str:
        # Without a number: the replies of these replies are not counted here.
        if cursor is None:
            return ""
        said = escape(self._words.say("more_replies"))
        if self._still:
            return f'<a class="more" href="{self._read}/{name}?cursor={escape(cursor)}" rel="nofollow">{said}</a>'
        button = f'<button class="more" data-next="{escape(cursor)}">{said}</button>'
        return button + _unscripted(f"{self._read}/{name}", said) if self._read else button


def _unscripted(address: str, said: str) -> str:
    """Return a link that stands in for a button where no script runs. Both arguments are HTML."""
    return f'<noscript><a class="more" href="{address}" rel="nofollow">{said}</a></noscript>'


def gone_key(row: FragmentRow) -> str:
    """Return the key of the words for a tombstone. Without `gone` only a withdrawal has a known author."""
    gone = row.gone or ("author" if row.status == "withdrawn" else "unknown")
    return f"gone_{gone if gone in _GONE else 'unknown'}"


_GONE: Final = frozenset({"moderator", "rule", "author", "erased", "unknown"})


def write_rows(page: FragmentPage, given: SectionContext) -> str:
    """Return the list items of the rows of a page."""
    return _rows(page, _Writer(page.thread, given))


def _rows(page: FragmentPage, writer: _Writer) -> str:
    return "".join([writer.row(row, "")[0] for row in page.comments])


def write_section(page: FragmentPage, given: SectionContext) -> str:
    """Return the whole section: a declarative shadow root, and a link for browsers that know none."""
    words, thread = given.words, page.thread
    level = given.level
    count = words.number(thread.comments)
    writer = _Writer(thread, given)
    rows = _rows(page, writer)
    styles = "".join(f'<link rel="stylesheet" href="{escape(style)}">' for style in given.styles)
    earlier = (
        f'<a href="{escape(given.audit)}">{escape(words.say("earlier"))}</a>' if given.audit and writer.changed else ""
    )
    more = ""
    if page.next is not None:
        said = escape(words.say("more_comments"))
        more = f'<button class="more end" data-next="{escape(page.next)}">{said}</button>'
        if given.read:
            more += _unscripted(f"{escape(given.read)}?sort={escape(page.sort)}", said)
    say = f'<p class="say">{escape(said)}</p>' if (said := standing(thread, given)) else ""
    writing = '<div class="writing"></div>' if given.writes and thread.status == "open" else ""
    read = escape(given.read)
    outside = printing = ""
    if read:
        outside = f'<p><a href="{read}">{escape(words.say("read_discussion"))}</a></p>'
        printing = f' <a href="{read}?all">{escape(words.say("printing"))}</a>'
    return (
        f'<template shadowrootmode="open">{styles}<section class="in" part="section" lang="{escape(words.language)}"'
        f' dir="{escape(words.direction)}" aria-labelledby="h" data-position="{escape(thread.position)}"'
        f' data-url="{escape(thread.url)}" data-query="{escape(given.query)}" data-status="{escape(thread.status)}"'
        f' data-history="{"public" if given.history else ""}">'
        f'<button class="skip">{escape(words.say("skip"))}</button><header class="head" part="head">'
        f'<div class="line"><h{level} class="title" id="h" tabindex="-1">{escape(words.say("discussion"))}'
        f" <span>{count}</span></h{level}>"
        f"{_orders(page, given)}</div>"
        f'<p class="state"><span class="stream"></span>{earlier}</p></header>'
        f'{writing}<div class="told"></div>{say}<ol class="rows">{rows}</ol>{more}'
        f'<p class="end"><button class="back">{escape(words.say("back"))}</button>{printing}</p>'
        f'<p class="sr" role="status"></p></section></template>{outside}'
    )


def standing(thread: FragmentThread, given: SectionContext) -> str:
    """Return the sentence about a thread that is empty, closed or archived; empty if there is none."""
    words = given.words
    if thread.status == "archived":
        return words.say("archived")
    if thread.status == "closed":
        moment = None if thread.status_at is None else moment_of(thread.status_at, given.zone)
        if moment is None:
            return words.say("closed")
        return words.say("closed_on", date=words.day_names(moment.year, moment.month, moment.day).long_date)
    return "" if thread.comments else words.say("empty")


def _orders(page: FragmentPage, given: SectionContext) -> str:
    words = given.words
    labels = [(order, words.say(order)) for order in ORDERS]
    if page.thread.featured:
        labels.append(("picks", words.say("picks", n=words.number(page.thread.featured))))
    radios = "".join(
        f'<label><input type="radio" name="order" value="{order}"{" checked" if order == page.sort else ""}>'
        f"{escape(label)}</label>"
        for order, label in labels
    )
    links = ""
    if given.read:
        address = escape(given.read)
        items = "".join(f'<a href="{address}?sort={order}">{escape(label)}</a>' for order, label in labels[:3])
        links = f'<noscript><p class="sorts">{items}</p></noscript>'
    return f'<fieldset class="sorts"><legend class="sr">{escape(words.say("order"))}</legend>{radios}</fieldset>{links}'
