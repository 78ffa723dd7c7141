"""Every event, whole and at its least: what the frozen corpus of stored shapes must decode to."""

from typing import Final

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
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentUnfeatured,
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
from core.policy import Policy, PolicyChanges

STRICT: Final = Policy(
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
RULES: Final = ({"kind": "links_over", "links": 2}, {"kind": "of_a_later_version", "terms": ["a", {"b": None}]})
PASSAGE: Final = {"exact": "the passage", "prefix": "before ", "suffix": " after", "prompt": "What do you think?"}
WORDS: Final = {"reason": "rude", "note": "third time"}

SHAPES: Final[dict[type[Event], tuple[Event, ...]]] = {
    SiteOpened: (
        SiteOpened(policy=STRICT, name="UnHerd"),
        SiteOpened(policy=Policy()),
        SiteOpened(policy=Policy(rules=RULES), name="UnHerd"),
    ),
    SiteRekeyed: (SiteRekeyed(kind="hs256", number=2), SiteRekeyed(kind="jwks", number=1)),
    PolicyChanged: (
        PolicyChanged(changes=CHANGES),
        PolicyChanged(changes=PolicyChanges(votes=False)),
        PolicyChanged(changes=PolicyChanges(rules=RULES)),
        PolicyChanged(changes=PolicyChanges(rules=())),
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
