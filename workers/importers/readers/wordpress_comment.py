"""A comment of WordPress by its fields, wherever they are from.

Types and states are white lists: everything else that WordPress or a plugin keeps as a comment, such as notes of an
order, is private.
"""

import re
from collections.abc import Mapping
from typing import Final

from workers.importers.readers.wpdiscuz import separate_votes
from workers.importers.readers.written_times import utc
from workers.importers.source_records import SourceComment, SourcePerson, SourceText, State

FIELDS: Final = (
    *("comment_id", "comment_author", "comment_author_email", "comment_date", "comment_date_gmt", "comment_type"),
    *("comment_content", "comment_approved", "comment_parent", "comment_user_id"),
)
"""The fields that are read."""
_STATES: Final[dict[str, State]] = {
    "1": "published",
    "0": "pending",
    "spam": "spam",
    "trash": "rejected",
    "post-trashed": "rejected",
}
_TYPES: Final = frozenset(("", "comment", "wpdiscuz_sticky"))
_LINKBACKS: Final = frozenset(("pingback", "trackback"))
_NUMBER: Final = re.compile(r"-?\d{1,9}")


def comment_of(article: str, fields: Mapping[str, str], meta: Mapping[str, str], person: SourcePerson) -> SourceComment:
    """The comment with these fields. An edit is known by its time alone: the text before it is gone."""
    at, local_time = utc(fields.get("comment_date_gmt")), utc(fields.get("comment_date"))
    kind = fields.get("comment_type", "").lower()
    state = _STATES.get(fields.get("comment_approved", ""), "excluded")
    why = "unknown-state" if state == "excluded" else None
    if kind not in _TYPES:
        state, why = "excluded", "linkback" if kind in _LINKBACKS else "private-type"
    edited, editor = utc(meta.get("wpdiscuz_last_edited_at")), meta.get("wpdiscuz_last_edited_by", "")
    body, known = fields.get("comment_content", ""), meta.get("dsq_post_id", "")
    is_edited = at is not None and edited is not None and edited > at
    up, down, score = _votes(meta)
    return SourceComment(
        id=fields.get("comment_id", ""),
        article=article,
        at=at,
        local=local_time,
        offset=None if at is None or local_time is None else local_time - at,
        parents=_parents(fields.get("comment_parent", "")),
        person=person,
        markup="wordpress",
        texts=(SourceText(None, at), SourceText(body, edited)) if is_edited else (SourceText(body, at),),
        state=state,
        why=why,
        edited_by=editor if is_edited and editor.isdecimal() else None,
        up=up,
        down=down,
        score=score,
        anchor=meta.get("wpdiscuz_feedback_form_id") or None,
        pinned=kind == "wpdiscuz_sticky",
        known_as=f"dsq-{known}" if known.isdecimal() else None,
    )


def _parents(value: str) -> tuple[str, ...]:
    return tuple(one for part in value.split(",") if (one := part.strip()) and one != "0")


def _votes(meta: Mapping[str, str]) -> tuple[int | None, int | None, int | None]:
    """Votes for, against, or only the difference."""
    separate = separate_votes(meta.get("wpdiscuz_votes_seperate", ""))
    if separate is not None:
        return *separate, None
    score = meta.get("wpdiscuz_votes", "")
    return None, None, int(score) if _NUMBER.fullmatch(score) else None
