"""Events of facts about the texts of a comment: posting, edits, withdrawal."""

from collections.abc import Sequence
from typing import Any, Final

from core.domain.authoring import edit_reason, hang, shown_badges
from core.domain.comment import UNPOSTED, Comment
from core.domain.context import LONGEST_NAME
from core.domain.import_comment_facts import EditedFact, PostedFact, ReassignedFact, RestoredFact, WithdrawnFact
from core.domain.import_fact import ImportedPerson, ImportedRule
from core.domain.import_state import FactRefused, ImportState
from core.domain.origins import normalised
from core.domain.rules.premoderation import UNDER_REVIEW
from core.events.comment_events import CommentEdited, CommentPosted, CommentRestored, CommentWithdrawn
from core.events.event import Event
from core.events.import_events import IMPORT, AuthorReassigned
from core.ids import is_comment
from core.text.unicode import normalise, one_line

LONGEST_TEXT: Final = 65_536
"""Maximum length of a text that an import brings, in code points."""


def post(fact: PostedFact, state: ImportState) -> list[Event]:
    """Return the event of a posting, unless the comment is there. The depth is that of the fact or of the policy."""
    if fact.by is None:
        raise FactRefused("no-author", "a comment has an author")
    if not is_comment(fact.comment):
        raise FactRefused("bad-id", "a comment's id has at most 64 of A-Z, a-z, 0-9, _ and -")
    there = state.comments.get(fact.comment, UNPOSTED)
    if there.exists:
        if (there.origin, there.author.id) != (fact.origin, fact.by.id):
            raise FactRefused("id-taken", "a comment of another origin or of another author has this id")
        return []
    line = _line(fact, state)
    parent, depth = _place(fact, line, state)
    answered = line[0] if line else None
    if answered is not None and fact.parent_revision not in answered.texts:
        raise FactRefused("unknown-revision", "the comment that this one answers has no such revision")
    anchor = fact.anchor if answered is None else answered.anchor
    if anchor is not None and anchor not in state.thread.anchors:
        raise FactRefused("unknown-anchor", "there is no such anchor in the thread")
    name, avatar, badges = _profile(fact.by)
    return [
        CommentPosted(
            comment=fact.comment,
            parent=parent,
            depth=depth,
            answered=None if answered is None else answered.id,
            answered_revision=None if answered is None else fact.parent_revision,
            anchor=anchor,
            **_judged(fact),
            origin=fact.origin,
            unknown=fact.body is None,
            body=_body(fact.body),
            name=name,
            avatar=avatar,
            badges=badges,
            original=fact.original,
        )
    ]


def edit(fact: EditedFact, state: ImportState) -> list[Event]:
    """Return the event of an edit. One of a comment that readers do not see waits, as it does for everyone."""
    comment = state.comment(fact.comment)
    if fact.revision != comment.latest + 1:
        raise FactRefused("revision-not-next", "the revisions of a comment follow each other")
    judged = _judged(fact)
    if not judged and comment.holds_edits:
        judged = {"rule": UNDER_REVIEW}
    name = None if fact.by is None else one_line(fact.by.name or "", LONGEST_NAME) or None
    return [
        CommentEdited(
            comment=fact.comment,
            revision=fact.revision,
            grace=fact.grace,
            **judged,
            unknown=fact.body is None,
            body=_body(fact.body),
            name=None if name == comment.author.name else name,
            reason=edit_reason(fact.reason),
            original=fact.original,
        )
    ]


def withdraw(fact: WithdrawnFact, state: ImportState) -> list[Event]:
    """Return the event of a withdrawal."""
    return [] if state.comment(fact.comment).withdrawn else [CommentWithdrawn(comment=fact.comment)]


def restore(fact: RestoredFact, state: ImportState) -> list[Event]:
    """Return the event of a restoration by the author."""
    return [CommentRestored(comment=fact.comment)] if state.comment(fact.comment).withdrawn else []


def reassign(fact: ReassignedFact, state: ImportState) -> list[Event]:
    """Return the event that gives a comment of an import to another author, unless the author acted on it here."""
    comment = state.comment(fact.comment)
    if comment.origin != fact.origin:
        raise FactRefused("id-taken", "a comment of another origin has this id")
    if comment.author.id == fact.author:
        return []
    if comment.author_acted or (comment.author.id != fact.before and AuthorReassigned not in comment.changed):
        raise FactRefused("author-acted", "the author acted on the comment here")
    return [AuthorReassigned(comment=comment.id, author=fact.author)]


def _line(fact: PostedFact, state: ImportState) -> Sequence[Comment]:
    """The comment that is answered, then its ancestors upwards."""
    line: list[Comment] = []
    above = fact.parent
    while above is not None:
        comment = state.comments.get(above, UNPOSTED)
        if not comment.exists:
            raise FactRefused("unknown-parent", "the comment that this one answers is not there")
        line.append(comment)
        above = comment.parent
    return line


def _place(fact: PostedFact, line: Sequence[Comment], state: ImportState) -> tuple[str | None, int]:
    if not line:
        return None, 0
    if fact.depth is None:
        # Where the policy allows no replies, answers stand at the top.
        return hang(line, state.policy.max_depth) if state.policy.max_depth else (None, 0)
    above = [comment for comment in line if comment.depth == fact.depth - 1]
    if fact.depth and not above:
        raise FactRefused("unfit-value", "the comment that this one answers is not that deep")
    return (above[0].id, fact.depth) if above else (None, 0)


def _profile(person: ImportedPerson) -> tuple[str, str | None, tuple[str, ...]]:
    """Name, avatar and badges as they are stored."""
    avatar = None if person.avatar is None else normalised(person.avatar)
    return one_line(person.name or "", LONGEST_NAME) or person.id, avatar, shown_badges(person.badges)


def _judged(fact: PostedFact | EditedFact) -> dict[str, Any]:
    """The fields of a text that say what held it."""
    rule = fact.rule
    if rule is None:
        return {"rule": IMPORT} if fact.waits else {}
    return _of_rule(rule)


def _of_rule(rule: ImportedRule) -> dict[str, Any]:
    return {
        "rule": rule.name,
        "rejected": rule.rejected,
        "list": rule.list,
        "match": rule.match,
        "spans": rule.spans,
        "tells": rule.tells,
    }


def _body(body: str | None) -> str | None:
    if body is None:
        return None
    if len(body) > LONGEST_TEXT:
        raise FactRefused("text-too-long", f"a text has at most {LONGEST_TEXT} characters")
    if not body or normalise(body) != body:
        raise FactRefused("text-not-normalised", "the text is empty, or has characters that no text here has")
    return body
