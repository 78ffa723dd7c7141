"""Every event, whole and at its least: what the frozen corpus of stored shapes must decode to."""

from collections.abc import Collection
from typing import Any, Final

from msgspec import NODEFAULT
from msgspec.structs import fields, replace

from core.caller import Actor
from core.events.comment_events import (
    CommentApproved,
    CommentEdited,
    CommentFeatured,
    CommentHeld,
    CommentPinned,
    CommentPosted,
    CommentRejected,
    CommentRestored,
    CommentScreened,
    CommentUnfeatured,
    CommentUnpinned,
    CommentWithdrawn,
    DecisionReversed,
    RemovalCancelled,
    RemovalRefused,
    RemovalRequested,
    RevisionRedacted,
)
from core.events.event import Event
from core.events.facts import Facts
from core.events.import_events import AuthorReassigned, ImportBegun, ImportEnded, SourceFile, VotesBrought
from core.events.member_events import (
    MemberReinstated,
    MemberSuspended,
    NoteAdded,
    StandingChanged,
    SuspensionReversed,
    VotesInspected,
    WarningAcknowledged,
    WarningGiven,
)
from core.events.report_events import NoticeFiled, ReportFiled
from core.events.site_events import (
    ListChanged,
    ListVersion,
    PolicyChanged,
    ScreenerConfigured,
    ScreenerRemoved,
    SiteOpened,
    SiteRekeyed,
)
from core.events.skip_events import EventSkipped
from core.events.statement_events import AppealDecided, AppealFiled, StatementTold
from core.events.thread_events import (
    AnchorClosed,
    AnchorOpened,
    AnchorReopened,
    AnchorReworded,
    PolicyOverridden,
    ThreadArchived,
    ThreadClosed,
    ThreadLabelled,
    ThreadOpened,
    ThreadReopened,
    ThreadRetitled,
)
from core.events.vote_events import VoteCast, VoteRestored, VoteRetracted, VoteVoided
from core.policy import (
    HELD_BEFORE,
    IN_CONTENT,
    WORDS_OF_RULES,
    Policy,
    PolicyChanges,
    Reason,
    Retention,
    Screening,
    Trust,
)

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
WORDED: Final = (
    {"kind": "words", "lists": ["insults"], "action": "reject", "tells": {"en": "Not in these words."}},
    {"kind": "links_over", "links": 2},
    {"kind": "name", "reserved": ["The editor"]},
)
FACTS: Final = Facts(
    published=2,
    last_at=1_699_999_000_000,
    rejected_at=0,
    alike=93,
    name="member",
    lists={"insults": "1699999999100-7"},
)
PASSAGE: Final = {"exact": "the passage", "prefix": "before ", "suffix": " after", "prompt": "What do you think?"}
WORDS: Final[dict[str, Any]] = {"reason": "rude", "note": "third time"}
GROUNDS: Final[dict[str, Any]] = {"code": "hatred", "ground": "law", **WORDS}

SHAPES: Final[dict[type[Event], tuple[Event, ...]]] = {
    SiteOpened: (
        SiteOpened(policy=STRICT, name="UnHerd"),
        SiteOpened(policy=Policy(**HELD_BEFORE, edit_window=None)),
        SiteOpened(policy=Policy(**HELD_BEFORE, edit_window=None, rules=RULES), name="UnHerd"),
        SiteOpened(policy=STRICT.with_changes(WHOLE).with_changes(PolicyChanges(banner={"en": "Hi."})), name="UnHerd"),
        SiteOpened(policy=Policy(edit_window=None)),
        SiteOpened(policy=Policy(edit_window=None, rules=WORDED), name="UnHerd"),
    ),
    SiteRekeyed: (SiteRekeyed(kind="hs256", number=2), SiteRekeyed(kind="jwks", number=1)),
    ScreenerConfigured: (
        ScreenerConfigured(shape="hansard", host="screener.example"),
        ScreenerConfigured(shape="akismet"),
    ),
    ScreenerRemoved: (ScreenerRemoved(),),
    PolicyChanged: (
        PolicyChanged(changes=CHANGES),
        PolicyChanged(changes=PolicyChanges(votes=False)),
        PolicyChanged(changes=PolicyChanges(rules=RULES)),
        PolicyChanged(changes=PolicyChanges(rules=())),
        PolicyChanged(changes=WHOLE),
        PolicyChanged(changes=PolicyChanges(timezone="Asia/Jerusalem")),
        PolicyChanged(changes=PolicyChanges(rules=WORDED)),
    ),
    ListChanged: (
        ListChanged(
            list="insults",
            count=2,
            digest="9f86d081884c7d659a2feaa0c55ad015",
            others=(ListVersion(list="spam", at="1699999999100-7", count=1, digest="ab"),),
            terms=("fool", "bad word"),
        ),
        ListChanged(list="insults", removed=True),
    ),
    MemberSuspended: (
        MemberSuspended(member="u:7", until=1_700_000_060_000, reason="spam"),
        MemberSuspended(member="u:7"),
        MemberSuspended(member="u:7", by_role="admin"),
        MemberSuspended(member="u:7", by_role="moderator", code="hatred", ground="law", reason="It incites."),
    ),
    MemberReinstated: (MemberReinstated(member="u:7"),),
    SuspensionReversed: (SuspensionReversed(member="u~7", reverses="b4tch"),),
    StandingChanged: (
        StandingChanged(member="u~7", standing="trusted", reason="long known"),
        StandingChanged(member="u~7", standing="held"),
    ),
    WarningGiven: (
        WarningGiven(member="u~7", code="insult", reason="no insults", note="second time"),
        WarningGiven(member="u~7"),
    ),
    WarningAcknowledged: (WarningAcknowledged(member="u~7", warning="1699999999700-39"),),
    NoteAdded: (NoteAdded(member="u~7", text="a press officer"), NoteAdded(member="u~7")),
    ThreadOpened: (
        ThreadOpened(url="https://unherd.com/a", title="Größe “A”"),
        ThreadOpened(),
        ThreadOpened(url="https://unherd.com/a", title="Größe “A”", unverified=True, labels=("europe", "politics")),
    ),
    ThreadRetitled: (ThreadRetitled(url="https://unherd.com/b", title="B"), ThreadRetitled()),
    ThreadLabelled: (ThreadLabelled(labels=("europe", "politics")), ThreadLabelled()),
    ThreadClosed: (ThreadClosed(reason="late"), ThreadClosed()),
    ThreadReopened: (ThreadReopened(reason="again"), ThreadReopened()),
    ThreadArchived: (ThreadArchived(reason="old"), ThreadArchived()),
    PolicyOverridden: (
        PolicyOverridden(overrides=CHANGES),
        PolicyOverridden(overrides=PolicyChanges()),
        PolicyOverridden(overrides=PolicyChanges(rules=RULES)),
        PolicyOverridden(overrides=PolicyChanges(rules=())),
        PolicyOverridden(overrides=OF_A_THREAD),
        PolicyOverridden(overrides=PolicyChanges(rules=WORDED)),
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
        CommentPosted(
            comment="c-2",
            rule="words",
            rejected=True,
            list="insults",
            facts=FACTS,
            body="you fool",
            name="Sayantani",
            match="fool",
            spans=((4, 8),),
            tells="Not in these words.",
        ),
        CommentPosted(comment="c-2", rule="screening", screening="before", body="buy now", name="Sayantani"),
        CommentPosted(
            comment="wp-712400", origin="712400", body="A *b*", name="Sayantani", original="<p>A <em>b</em></p>"
        ),
        CommentPosted(comment="wp-712400", origin="712400", unknown=True, name="Sayantani"),
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
        CommentEdited(comment="c-2", revision=2, grace=True, body="other words", name="Sayantani"),
        CommentEdited(
            comment="c-2",
            revision=2,
            rule="words",
            rejected=True,
            list="insults",
            facts=FACTS,
            body="you fool",
            name="Sayantani",
            match="fool",
            spans=((4, 8),),
            tells="Not in these words.",
        ),
        CommentEdited(comment="c-2", revision=2, screening="after", body="buy now"),
        CommentEdited(comment="wp-712400", revision=2, body="A *b*", original="<p>A <em>b</em></p>"),
        CommentEdited(comment="wp-712400", revision=2, unknown=True),
    ),
    CommentWithdrawn: (CommentWithdrawn(comment="c-2"),),
    CommentRestored: (CommentRestored(comment="c-2"),),
    CommentHeld: (
        CommentHeld(comment="c-2", revision=2, **WORDS),
        CommentHeld(comment="c-2", revision=2),
        CommentHeld(comment="c-2", revision=2, **GROUNDS),
        CommentHeld(comment="c-2", revision=2, basis="report"),
        CommentHeld(comment="c-2", revision=2, rule="reports_over", reason="Several readers reported it."),
    ),
    CommentApproved: (
        CommentApproved(comment="c-2", revision=2, **WORDS),
        CommentApproved(comment="c-2", revision=2),
        CommentApproved(comment="c-2", revision=2, **GROUNDS),
        CommentApproved(comment="c-2", revision=2, basis="rule"),
        CommentApproved(comment="c-2", revision=2, ground="terms", notice="n0tice"),
    ),
    CommentRejected: (
        CommentRejected(comment="c-2", revision=2, **WORDS),
        CommentRejected(comment="c-2", revision=2),
        CommentRejected(comment="c-2", revision=2, **GROUNDS),
        CommentRejected(comment="c-2", revision=2, code="spam", ground="terms", spam=True),
        CommentRejected(comment="c-2", revision=2, spam=True),
        CommentRejected(comment="c-2", revision=2, **GROUNDS, basis="rule"),
        CommentRejected(comment="c-2", revision=2, ground="law", notice="n0tice"),
        CommentRejected(comment="c-2", revision=2, rule="reports_over"),
    ),
    CommentScreened: (
        CommentScreened(comment="c-2", revision=2, verdict="hold", shape="hansard", note="0.93"),
        CommentScreened(comment="c-2", verdict="approve", shape="akismet", failed="late"),
    ),
    DecisionReversed: (DecisionReversed(comment="c-2", revision=2, reverses="b4tch"),),
    RevisionRedacted: (
        RevisionRedacted(comment="c-2", revision=2, reason="address"),
        RevisionRedacted(comment="c-2", revision=2),
    ),
    RemovalRequested: (RemovalRequested(comment="c-2", revision=1),),
    RemovalCancelled: (RemovalCancelled(comment="c-2", revision=1),),
    RemovalRefused: (RemovalRefused(comment="c-2", revision=1),),
    StatementTold: (
        StatementTold(comment="c-2", revision=1, decision="1699999999700-39", by="mail"),
        StatementTold(member="u:7", decision="1699999999700-39"),
    ),
    AppealFiled: (
        AppealFiled(comment="c-2", revision=1, decision="1699999999700-39", text="It is a quotation."),
        AppealFiled(member="u:7", decision="1699999999700-39"),
    ),
    AppealDecided: (
        AppealDecided(comment="c-2", revision=1, verdict="uphold", sole=True, reason="Still an insult."),
        AppealDecided(member="u:7", verdict="reverse"),
    ),
    NoticeFiled: (
        NoticeFiled(
            comment="c-2",
            revision=2,
            reference="n0tice",
            by="member",
            flagger=True,
            explanation="It names a minor.",
            law="§ 22 KunstUrhG",
        ),
        NoticeFiled(comment="c-2", revision=1, reference="n0tice"),
    ),
    CommentFeatured: (CommentFeatured(comment="c-2"),),
    CommentUnfeatured: (CommentUnfeatured(comment="c-2"),),
    CommentPinned: (CommentPinned(comment="c-2"),),
    CommentUnpinned: (CommentUnpinned(comment="c-2"),),
    VoteCast: (
        VoteCast(comment="c-2", revision=1, value=1),
        VoteCast(comment="c-2", revision=1, value=-1),
        VoteCast(comment="c-2", value=1, entitlement="subscriber"),
    ),
    VoteRetracted: (
        VoteRetracted(comment="c-2", revision=1),
        VoteRetracted(comment="c-2", revision=2, voided="b4tch"),
    ),
    VoteVoided: (
        VoteVoided(
            comment="c-2",
            revision=2,
            voter="u~7",
            value=1,
            cast="1699999999700-39",
            texts=((2, 4), (5, 6)),
            reason="a ring",
        ),
        VoteVoided(comment="c-2", voter="u~7", value=-1, cast="1699999999700-39"),
    ),
    VoteRestored: (
        VoteRestored(comment="c-2", revision=2, voter="u~7", value=1, cast="1699999999700-39", reverses="b4tch"),
        VoteRestored(comment="c-2", voter="u~7", value=0, reverses="b4tch"),
    ),
    VotesInspected: (VotesInspected(member="u~7"),),
    ReportFiled: (
        ReportFiled(comment="c-2", revision=1, reason="spam", note="look"),
        ReportFiled(comment="c-2", revision=1, reason="spam"),
        ReportFiled(comment="c-2", revision=1, reason="spam", entitlement="subscriber"),
        ReportFiled(comment="c-2", revision=1, reason="spam", open=3),
    ),
    EventSkipped: (
        EventSkipped(position="1699999999700-39", reason="posted by a fault of 0.1"),
        EventSkipped(position="1699999999700-39"),
    ),
    ImportBegun: (
        ImportBegun(
            imported="i-7c2f",
            system="wordpress",
            source="wp",
            files=(SourceFile(name="blog.xml", sha256="9f86d081"),),
            options={"member": "wp:{id}"},
        ),
        ImportBegun(imported="i-7c2f", system="wordpress", source="wp"),
    ),
    ImportEnded: (
        ImportEnded(imported="i-7c2f", brought=12, known=3, left_out={"unknown-parent": 2}, differs=1),
        ImportEnded(imported="i-7c2f", brought=12, known=0),
    ),
    VotesBrought: (
        VotesBrought(comment="wp-712400", up=14, down=2),
        VotesBrought(comment="wp-712400", up=12, score=True),
    ),
    AuthorReassigned: (
        AuthorReassigned(comment="wp-712400", author="u~7"),
        AuthorReassigned(comment="wp-712400", author="wp-guest:x", kind="guest"),
    ),
}

ACTOR: Final = Actor(kind="staff", id="mod~1")


def without(event: Event, lost: Collection[str]) -> Event:
    """The event as it is read without these fields of its content."""
    changes: dict[str, Any] = {
        field.name: field.default if field.default_factory is NODEFAULT else field.default_factory()
        for field in fields(event)
        if field.name in lost
    }
    for name in event.__struct_fields__:
        policy = getattr(event, name)
        if isinstance(policy, Policy | PolicyChanges) and "words" in lost:
            # The words of a policy are read as those of one that sets none.
            none = Policy() if isinstance(policy, Policy) else PolicyChanges()
            changes[name] = replace(policy, **{field: getattr(none, field) for field in IN_CONTENT})
            if policy.rules:
                rules = ({key: rule[key] for key in rule if key not in WORDS_OF_RULES} for rule in policy.rules)
                changes[name] = replace(changes[name], rules=tuple(rules))
    return replace(event, **changes)
