"""Every event, whole and at its least: what the frozen corpus of stored shapes must decode to."""

from collections.abc import Collection
from typing import Any, Final

from msgspec.structs import replace

from core.caller import Actor
from core.events.types import (
    AnchorClosed,
    AnchorOpened,
    AnchorReopened,
    AnchorReworded,
    CommentApproved,
    CommentEdited,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentUnfeatured,
    CommentUnpinned,
    CommentWithdrawn,
    Event,
    EventSkipped,
    MemberReinstated,
    MemberSuspended,
    PolicyChanged,
    PolicyOverridden,
    ReportFiled,
    RevisionRedacted,
    SiteOpened,
    SiteRekeyed,
    ThreadArchived,
    ThreadClosed,
    ThreadOpened,
    ThreadReopened,
    ThreadRetitled,
    VoteCast,
    VoteRetracted,
)
from core.policy import HELD_BEFORE, IN_CONTENT, Policy, PolicyChanges, Reason, Retention, Screening, Trust

STRICT: Final = Policy(
    **HELD_BEFORE,
    comment="entitled",
    entitlement="patron",
    premoderation="links",
    edit_window=900,
    history="author",
    votes=False,
    own_votes=True,
    max_body=100,
    max_depth=3,
    origins=("https://unherd.com", "http://localhost:8000"),
)
CHANGES: Final = PolicyChanges(
    comment="entitled",
    entitlement="patron",
    premoderation="links",
    edit_window=None,
    history="author",
    votes=False,
    own_votes=True,
    max_body=100,
    max_depth=3,
    origins=("https://unherd.com",),
)
REASONS: Final = (
    Reason(code="spam", ground="terms"),
    Reason(code="hatred", ground="law", label={"en": "Hatred"}, tells={"en": "It incites.", "de": "Es hetzt."}),
)
OF_A_THREAD: Final = PolicyChanges(
    comment="nobody",
    reply="nobody",
    vote="entitled",
    report="anyone",
    grace=60,
    close_after=2_592_000,
    banner={"en": "Stay kind.", "de": "Bitte freundlich."},
)
WHOLE: Final = PolicyChanges(
    comment="nobody",
    reply=None,
    vote="entitled",
    report="anyone",
    grace=60,
    close_after=None,
    banner={},
    opening="signed",
    rates={"posts": {"every": 3, "burst": 10}},
    trust=Trust(after=3, days=90),
    trusted_by=("subscriber",),
    claims="coral",
    roles=("moderator",),
    screening=Screening(when="before", deadline=5, on_failure="hold"),
    reasons=REASONS,
    report_reasons=REASONS[:1],
    appeal_window=200,
    retention=Retention(withdrawn=30, rejected=None, notices=365),
    erasure_delay=48,
    anonymise=True,
    digest_at="18:30",
    mail_excerpt="never",
    language="de",
    timezone="Europe/Berlin",
    rules_url="https://unherd.com/rules",
    guests=True,
    read_pages="index",
)
RULES: Final = ({"kind": "links_over", "links": 2}, {"kind": "of_a_later_version", "terms": ["a", {"b": None}]})
PASSAGE: Final = {"exact": "the passage", "prefix": "before ", "suffix": " after", "prompt": "What do you think?"}
WORDS: Final = {"reason": "rude", "note": "third time"}

SHAPES: Final[dict[type[Event], tuple[Event, ...]]] = {
    SiteOpened: (
        SiteOpened(policy=STRICT, name="UnHerd"),
        SiteOpened(policy=Policy(**HELD_BEFORE)),
        SiteOpened(policy=Policy(**HELD_BEFORE, rules=RULES), name="UnHerd"),
        SiteOpened(policy=STRICT.with_changes(WHOLE).with_changes(PolicyChanges(banner={"en": "Hi."})), name="UnHerd"),
        SiteOpened(policy=Policy()),
    ),
    SiteRekeyed: (SiteRekeyed(kind="hs256", number=2), SiteRekeyed(kind="jwks", number=1)),
    PolicyChanged: (
        PolicyChanged(changes=CHANGES),
        PolicyChanged(changes=PolicyChanges(votes=False)),
        PolicyChanged(changes=PolicyChanges(rules=RULES)),
        PolicyChanged(changes=PolicyChanges(rules=())),
        PolicyChanged(changes=WHOLE),
        PolicyChanged(changes=PolicyChanges(timezone="Asia/Jerusalem")),
    ),
    MemberSuspended: (
        MemberSuspended(member="u:7", until=1_700_000_060_000, reason="spam"),
        MemberSuspended(member="u:7"),
        MemberSuspended(member="u:7", by_role="admin"),
    ),
    MemberReinstated: (MemberReinstated(member="u:7"),),
    ThreadOpened: (ThreadOpened(url="https://unherd.com/a", title="Größe “A”"), ThreadOpened()),
    ThreadRetitled: (ThreadRetitled(url="https://unherd.com/b", title="B"), ThreadRetitled()),
    ThreadClosed: (ThreadClosed(reason="late"), ThreadClosed()),
    ThreadReopened: (ThreadReopened(reason="again"), ThreadReopened()),
    ThreadArchived: (ThreadArchived(reason="old"), ThreadArchived()),
    PolicyOverridden: (
        PolicyOverridden(overrides=CHANGES),
        PolicyOverridden(overrides=PolicyChanges()),
        PolicyOverridden(overrides=PolicyChanges(rules=RULES)),
        PolicyOverridden(overrides=PolicyChanges(rules=())),
        PolicyOverridden(overrides=OF_A_THREAD),
    ),
    AnchorOpened: (AnchorOpened(anchor="q.1", **PASSAGE), AnchorOpened(anchor="q.1")),
    AnchorReworded: (AnchorReworded(anchor="q.1", **PASSAGE), AnchorReworded(anchor="q.1")),
    AnchorClosed: (AnchorClosed(anchor="q.1"),),
    AnchorReopened: (AnchorReopened(anchor="q.1"),),
    CommentPosted: (
        CommentPosted(
            comment="c-2",
            revision=1,
            parent="c-0",
            depth=1,
            answered="c-1",
            answered_revision=3,
            anchor="q.1",
            entitlement="patron",
            rule="links",
            body="“words” — and\n\ta link: https://example.com",
            name="Sayantani",
            avatar="https://example.com/a.png",
            badges=("subscriber", "founder"),
            match="https://example.com",
        ),
        CommentPosted(comment="c-2", revision=1),
    ),
    CommentEdited: (
        CommentEdited(
            comment="c-2",
            revision=2,
            entitlement="patron",
            rule="edit-under-review",
            body="other words",
            name="Sayantani",
            reason="typo",
            match="m",
        ),
        CommentEdited(comment="c-2", revision=2),
    ),
    CommentWithdrawn: (CommentWithdrawn(comment="c-2"),),
    CommentRestored: (CommentRestored(comment="c-2"),),
    CommentHeld: (CommentHeld(comment="c-2", revision=2, **WORDS), CommentHeld(comment="c-2", revision=2)),
    CommentApproved: (CommentApproved(comment="c-2", revision=2, **WORDS), CommentApproved(comment="c-2", revision=2)),
    CommentRejected: (CommentRejected(comment="c-2", revision=2, **WORDS), CommentRejected(comment="c-2", revision=2)),
    RevisionRedacted: (
        RevisionRedacted(comment="c-2", revision=2, reason="address"),
        RevisionRedacted(comment="c-2", revision=2),
    ),
    CommentFeatured: (CommentFeatured(comment="c-2"),),
    CommentUnfeatured: (CommentUnfeatured(comment="c-2"),),
    CommentPinned: (CommentPinned(comment="c-2"),),
    CommentUnpinned: (CommentUnpinned(comment="c-2"),),
    VoteCast: (VoteCast(comment="c-2", revision=1, value=1), VoteCast(comment="c-2", revision=1, value=-1)),
    VoteRetracted: (VoteRetracted(comment="c-2", revision=1),),
    ReportFiled: (
        ReportFiled(comment="c-2", revision=1, reason="spam", note="look"),
        ReportFiled(comment="c-2", revision=1, reason="spam"),
    ),
    EventSkipped: (
        EventSkipped(position="1699999999700-39", reason="posted by a fault of 0.1"),
        EventSkipped(position="1699999999700-39"),
    ),
}

ACTOR: Final = Actor(kind="staff", id="mod~1")


def without(event: Event, lost: Collection[str]) -> Event:
    """The event as it is read without these fields of its content."""
    changes: dict[str, Any] = {name: () if name == "badges" else None for name in lost}
    for name in event.__struct_fields__:
        policy = getattr(event, name)
        if isinstance(policy, Policy | PolicyChanges) and "words" in lost:
            # The words of a policy are read as those of one that sets none.
            none = Policy() if isinstance(policy, Policy) else PolicyChanges()
            changes[name] = replace(policy, **{field: getattr(none, field) for field in IN_CONTENT})
    return replace(event, **changes)
