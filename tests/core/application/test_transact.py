from functools import partial
from typing import Any

import anyio
import msgspec
import pytest

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import load_aggregates
from core.application.transact import ATTEMPTS, transact, would_refuse
from core.caller import Caller
from core.domain.authoring import RestoreComment, WithdrawComment
from core.domain.handler import Command
from core.domain.member import SuspendMember
from core.domain.moderation import Decide, FeatureComment
from core.domain.report import FileReport
from core.domain.site import ChangePolicy, OpenSite, RekeySite
from core.domain.thread import OpenThread, OverridePolicy, PutAnchor, SetThreadStatus
from core.domain.vote import CastVote
from core.events.comment_events import CommentEdited, CommentPosted
from core.events.envelope import Stamp, encode
from core.events.vote_events import VoteCast
from core.log.port import Append, Load, LoadResult, NewEvent
from core.policy import Policy, PolicyChanges
from core.refusals import (
    BodyEmpty,
    EditWindowOver,
    EventMissing,
    IdempotencyKeyReused,
    NotAllowed,
    NotFound,
    Suspended,
    ThreadIsClosed,
    Unavailable,
)
from tests.support.newsroom import BEGIN, HOUR, Newsroom, WatchedLog
from tests.support.people import ADA, ADMIN, BEN, EVE, GUEST, MOD, OPERATOR, SITE, THREAD, TITLE, URL, edit, post

pytestmark = pytest.mark.anyio

UP = CastVote(comment="c1", value=1)
DOWN = CastVote(comment="c1", value=-1)
REJECT = Decide(comment="c1", verdict="reject", revision=1)
CLOSE = SetThreadStatus(status="closed")
SUSPEND = SuspendMember(member="ada", reason="spam")
OPEN_SITE = OpenSite(name="UnHerd", policy=Policy(), keys_kind="hs256", keys_number=1)


async def test_a_post_is_answered_with_its_position_its_event_and_the_comment() -> None:
    room = await Newsroom().opened()
    result = await room.ask(post("c1"))
    (event,) = result.recorded
    assert result.created
    assert not result.repeated
    assert result.positions == (result.position,) == (event.position,)
    assert isinstance(event.event, CommentPosted)
    assert event.occurred_at == event.position.ms
    assert result.comment is not None
    assert result.comment.published
    assert result.answered is None


async def test_the_events_answered_are_those_in_the_log_but_for_their_back_pointers() -> None:
    room = await Newsroom().opened(premoderation="links")
    asked: list[tuple[Command, Caller]] = [(post("c1", "see example.com"), ADA), (REJECT, MOD), (edit(1, "x"), ADA)]
    answered = [one for command, by in asked for one in (await room.ask(command, by, batch="b")).recorded]
    logged = [one for one in await room.events() if one.envelope.comment == "c1"]
    blank = [msgspec.structs.replace(one.envelope, tp="", ap="") for one in logged]
    assert [one.envelope for one in answered] == blank
    assert [(one.position, one.event) for one in answered] == [(one.position, one.event) for one in logged]


async def test_a_reply_is_answered_with_the_comment_that_it_answers() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    result = await room.ask(post("c2", parent="c1"), BEN)
    assert result.answered is not None
    assert (result.answered.id, result.answered.author.name) == ("c1", "Ada")


async def test_only_what_is_new_is_answered_as_created() -> None:
    room = Newsroom()
    anchor = PutAnchor(anchor="q", exact="x")
    script: list[tuple[Command, Caller, bool]] = [
        (OPEN_SITE, OPERATOR, True),
        (OPEN_SITE, OPERATOR, False),
        (RekeySite(kind="hs256", number=1, keys_digest="d"), OPERATOR, False),
        (ChangePolicy(changes=PolicyChanges(max_body=10)), ADMIN, False),
        (OpenThread(url=URL, title=TITLE), MOD, True),
        (OpenThread(url=URL, title="Other"), MOD, False),
        (OverridePolicy(overrides=PolicyChanges(max_body=20)), MOD, False),
        (anchor, MOD, True),
        (msgspec.structs.replace(anchor, status="closed"), MOD, False),
        (post("c1"), ADA, True),
        (edit(1, "other"), ADA, False),
        (UP, BEN, False),
        (FileReport(comment="c1", reason="spam"), BEN, True),
        (FileReport(comment="c1", reason="spam"), BEN, False),
        (FeatureComment(comment="c1", featured=True), MOD, False),
        (WithdrawComment(comment="c1"), ADA, False),
        (RestoreComment(comment="c1"), ADA, False),
        (CLOSE, MOD, False),
        (SUSPEND, MOD, False),
    ]
    assert [(await room.ask(command, by)).created for command, by, _ in script] == [new for _, _, new in script]


async def test_a_write_that_changes_nothing_answers_with_the_position_that_made_it_so() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    first = await room.ask(UP, BEN)
    await room.ask(edit(1, "other"))
    again = await room.ask(UP, BEN)
    assert again.positions == first.positions
    assert again.recorded == ()
    assert (await room.types()).count("vote.cast") == 1


async def test_open_reports_are_closed_once_and_may_be_filed_again() -> None:
    room = await Newsroom().opened()
    report = FileReport(comment="c1", reason="spam")
    approve = Decide(comment="c1", verdict="approve", revision=1)
    await room.ask(post("c1"))
    script: list[tuple[Command, Caller]] = [
        (report, BEN),
        (approve, MOD),
        (approve, MOD),
        (report, BEN),
        (report, BEN),
    ]
    followed = [len((await room.ask(command, by)).recorded) for command, by in script]
    assert followed == [1, 1, 0, 1, 0]


# --- what an event says about how it came ---


async def test_an_event_names_the_policy_and_the_standing_that_judged_it() -> None:
    room = await Newsroom().opened()
    policy = await room.ask(ChangePolicy(changes=PolicyChanges(max_body=100)), ADMIN)
    await room.ask(RekeySite(kind="hs256", number=2, keys_digest="d"), OPERATOR)
    standing = await room.ask(msgspec.structs.replace(SUSPEND, until=room.log.now + 10), MOD)
    room.log.now += 10
    (event,) = (await room.ask(post("c1"))).recorded
    assert event.envelope.by_policy == str(policy.position)
    assert event.envelope.by_standing == str(standing.position)
    (other,) = (await room.ask(post("c2"), BEN)).recorded
    assert other.envelope.by_standing is None


async def test_an_event_is_folded_in_the_version_in_which_it_was_written() -> None:
    room = await Newsroom(AggregateCache()).opened()
    await room.ask(post("c1"))
    for format_, version, batches in ((2, 1, []), (3, 2, ["b3"])):
        room.log.format = format_
        verdict: Any = "hold" if format_ == 2 else "reject"
        decision = Decide(comment="c1", verdict=verdict, revision=1)
        result = await room.ask(decision, MOD, batch=f"b{format_}")
        assert [one.envelope.v for one in result.recorded] == [version]
        assert result.comment is not None
        assert list(result.comment.batches) == batches
        fresh = await load_aggregates(room.log, SITE, THREAD, folded=(heads.comment("c1"),))
        assert result.comment == fresh.comment("c1")


async def test_an_event_names_its_actor_key_batch_and_cause() -> None:
    room = await Newsroom().opened()
    (event,) = (await room.ask(post("c1"), MOD, key="k", batch="b", cause="import")).recorded
    envelope = event.envelope
    assert (envelope.actor.kind, envelope.actor.id) == ("staff", "mod")
    assert (envelope.key, envelope.batch, envelope.cause) == ("k", "b", "import")
    assert (envelope.site, envelope.thread, envelope.comment, event.revision) == (SITE, THREAD, "c1", 1)
    assert envelope.at is None


async def test_the_log_tells_what_kind_of_actor_it_was() -> None:
    room = await Newsroom().opened(comment="anyone")
    staff = msgspec.structs.replace(GUEST, id="gus", roles=frozenset({"moderator"}))
    machine = Caller(id="hansard", name="Hansard", kind="system")
    for number, who in enumerate((ADA, GUEST, MOD, staff, machine)):
        await room.ask(post(f"c{number}"), who)
    actors = [one.envelope.actor for one in await room.events() if one.envelope.comment]
    assert [(actor.id, actor.kind) for actor in actors] == [
        (ADA.id, "member"),
        (GUEST.id, "guest"),
        (MOD.id, "staff"),
        ("gus", "staff"),
        ("hansard", "system"),
    ]


async def test_what_is_imported_is_judged_by_when_it_happened_and_says_so() -> None:
    room = await Newsroom().opened(edit_window=60)
    result = await room.ask(post("c1"), occurred_at=1000)
    (event,) = result.recorded
    assert (event.envelope.at, event.occurred_at) == (1000, 1000)
    assert result.comment is not None
    assert result.comment.posted_at == 1000
    with pytest.raises(EditWindowOver):
        await room.ask(edit(1, "now"))
    (edited,) = (await room.ask(edit(1, "then"), occurred_at=60_999)).recorded
    assert edited.occurred_at == 60_999


async def test_nothing_happens_later_than_the_server_thinks_it_is() -> None:
    room = await Newsroom().opened()
    (event,) = (await room.ask(post("c1"), occurred_at=BEGIN + HOUR)).recorded
    assert event.envelope.at == room.log.now


async def test_commands_about_the_site_go_to_the_sites_own_log_whatever_the_thread() -> None:
    room = await Newsroom().opened()
    (event,) = (await room.ask(SUSPEND, MOD, thread=THREAD)).recorded
    assert event.envelope.thread == ""
    with pytest.raises(Suspended):
        await room.ask(post("c1"))


# --- once, however often it is asked for ---


async def test_a_repeat_gets_the_first_answer_also_where_it_would_be_refused_today() -> None:
    room = await Newsroom().opened()
    first = await room.ask(post("c1"), key="k")
    await room.ask(CLOSE, MOD)
    await room.ask(SUSPEND, MOD)
    again = await room.ask(post("c1"), key="k")
    assert (again.positions, again.created, again.repeated) == (first.positions, True, True)
    assert (await room.types()).count("comment.posted") == 1


async def test_a_repeat_of_what_changed_nothing_acts_no_more_either() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    first = await room.ask(UP, BEN)
    nothing = await room.ask(UP, BEN, key="late")
    await room.ask(DOWN, BEN)
    again = await room.ask(UP, BEN, key="late")
    assert again.positions == nothing.positions == first.positions
    assert again.repeated
    assert await room.types() == ["thread.opened", "comment.posted", "vote.cast", "vote.cast"]


async def test_a_refusal_records_nothing_so_that_the_same_key_may_try_again() -> None:
    room = await Newsroom().opened()
    await room.ask(CLOSE, MOD)
    with pytest.raises(ThreadIsClosed):
        await room.ask(post("c1"), key="k")
    await room.ask(SetThreadStatus(status="open"), MOD)
    assert not (await room.ask(post("c1"), key="k")).repeated


async def test_another_command_under_the_same_key_is_refused() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"), key="k")
    with pytest.raises(IdempotencyKeyReused):
        await room.ask(post("c1", "other words"), key="k")


async def test_a_repeat_is_told_from_another_command_by_all_of_its_digest() -> None:
    room = await Newsroom().opened()
    first = await room.ask(post("c1"))
    digest = await _digest_of(room, post("c1"))

    async def used(key: str, digest: str) -> None:
        append = Append(site=SITE, thread=THREAD, expected={}, events=(), now=room.log.now, key=key, digest=digest)
        await room.log.append(msgspec.structs.replace(append, settled=first.position))

    assert len(digest) == 8
    for at in range(8):
        await used(f"k{at}", digest[:at] + "." + digest[at + 1 :])
        with pytest.raises(IdempotencyKeyReused):
            await room.ask(post("c1"), key=f"k{at}")
    await used("k", digest)
    assert (await room.ask(post("c1"), key="k")).positions == first.positions


async def test_every_field_of_a_command_tells_it_from_another_and_the_same_has_one_digest_for_ever() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    some: list[Command] = [
        UP,
        DOWN,
        FileReport(comment="c1", reason="spam"),
        FileReport(comment="c1", reason="spam", note="look"),
        FeatureComment(comment="c1", featured=True),
        FeatureComment(comment="c1", featured=False),
        REJECT,
        Decide(comment="c1", verdict="approve", revision=1),
    ]
    digests: list[str] = []
    for command in some:
        await room.ask(command, MOD, key=f"k{len(digests)}")
        digests.append(room.log.appends[-1].digest)
    assert len(set(digests)) == len(some)
    # A repeat may come to another process, after another start, while the window lasts.
    assert digests[0] == "f2gplL9r"


async def test_a_double_click_is_one_event_and_one_answer() -> None:
    room = await Newsroom().opened()
    results = []

    async def click() -> None:
        results.append(await room.ask(post("c1"), key="k"))

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(click)
    assert len({result.positions for result in results}) == 1
    assert (await room.types()).count("comment.posted") == 1


async def test_two_commands_that_race_under_one_key_do_not_both_happen() -> None:
    room = await Newsroom().opened()
    room.log.meanwhile.append(lambda: room.ask(post("c2"), key="k"))
    with pytest.raises(IdempotencyKeyReused):
        await room.ask(post("c1"), key="k")
    assert (await room.types()).count("comment.posted") == 1


async def test_a_lost_reply_of_the_append_is_answered_by_the_key() -> None:
    room = await Newsroom().opened()

    async def arrive_twice() -> None:
        await room.log.append(
            Append(site=SITE, thread=THREAD, expected={}, events=(), now=room.log.now, key="k", digest=digest)
        )

    digest = (await _digest_of(room, post("c1"))) or ""
    room.log.meanwhile.append(arrive_twice)
    assert (await room.ask(post("c1"), key="k")).repeated


async def _digest_of(room: Newsroom, command: Any) -> str:
    other = await Newsroom().opened()
    await other.ask(command, key="k")
    return other.log.appends[-1].digest


async def test_a_post_is_recognised_also_when_its_key_was_long_forgotten() -> None:
    room = await Newsroom().opened()
    first = await room.ask(post("c1"), key="k")
    await room.ask(edit(1, "edited since"))
    await room.ask(CLOSE, MOD)
    room.log.now += 72 * HOUR
    again = await room.ask(post("c1"), key="k")
    assert (again.positions, again.created, again.repeated) == (first.positions, True, True)
    room.log.now += 72 * HOUR
    with pytest.raises(IdempotencyKeyReused):
        await room.ask(post("c1", "other words"), key="k")
    assert (await room.types()).count("comment.posted") == 1


async def test_a_first_comment_and_its_thread_are_one_append_and_one_answer() -> None:
    room = Newsroom()
    origins = Policy(origins=("https://unherd.com",))
    await room.ask(msgspec.structs.replace(OPEN_SITE, policy=origins), OPERATOR)
    first = post("c1", url=URL, title=TITLE)
    result = await room.ask(first, key="k")
    assert [one.envelope.type for one in result.recorded] == ["thread.opened", "comment.posted"]
    assert result.position == result.recorded[1].position
    assert result.comment is not None
    assert result.comment.exists
    assert (await room.ask(first, key="k")).position == result.position


# --- where somebody was faster ---


async def test_an_edit_that_meets_a_rejection_is_decided_again_and_waits() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    room.log.meanwhile.append(lambda: room.ask(REJECT, MOD))
    result = await room.ask(edit(1, "other words"))
    (edited,) = result.recorded
    assert isinstance(edited.event, CommentEdited)
    assert edited.event.rule == "edit-under-review"
    assert result.comment is not None
    assert result.comment.status == "pending"


@pytest.mark.parametrize(
    ("command", "by"),
    [(post("c2"), BEN), (post("c2", parent="c1"), BEN), (edit(1, "x"), ADA), (RestoreComment(comment="c1"), ADA)],
)
async def test_a_thread_that_closes_meanwhile_takes_nothing_more(command: Command, by: Caller) -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    room.log.meanwhile.append(lambda: room.ask(CLOSE, MOD))
    with pytest.raises(ThreadIsClosed):
        await room.ask(command, by)


@pytest.mark.parametrize("command", [UP, FileReport(comment="c1", reason="spam"), post("c2", parent="c1")])
async def test_what_is_rejected_meanwhile_takes_no_vote_no_report_and_no_answer(command: Command) -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    room.log.meanwhile.append(lambda: room.ask(REJECT, MOD))
    refusal = await _refusal(room.ask(command, BEN))
    assert refusal in {"comment-not-published", "parent-not-published"}


async def _refusal(asked: Any) -> str:
    try:
        await asked
    except Exception as error:  # noqa: BLE001 # whatever it is, its code is asserted on
        return str(getattr(error, "code", error))
    return "none"


async def test_a_reader_who_votes_twice_at_once_has_voted_once() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    room.log.meanwhile.append(lambda: room.ask(UP, BEN))
    result = await room.ask(UP, BEN)
    assert result.recorded == ()
    assert (await room.types()).count("vote.cast") == 1


async def test_readers_who_vote_at_once_are_not_in_each_others_way() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    room.log.appends.clear()
    room.log.meanwhile.append(lambda: room.ask(UP, EVE))
    await room.ask(UP, BEN)
    room.log.meanwhile.append(lambda: room.ask(post("c3"), EVE))
    await room.ask(post("c2"), BEN)
    assert len(room.log.appends) == 4


async def test_a_crowd_that_opens_a_thread_opens_it_once_and_every_comment_stands() -> None:
    room = Newsroom()
    await room.ask(msgspec.structs.replace(OPEN_SITE, policy=Policy(origins=("https://unherd.com",))), OPERATOR)
    async with anyio.create_task_group() as tasks:
        for number in range(40):
            tasks.start_soon(room.ask, post(f"c{number}", url=URL, title=TITLE), ADA)
    types = await room.types()
    assert types.count("thread.opened") == 1
    assert types.count("comment.posted") == 40


async def test_who_is_never_the_fastest_is_told_to_come_again() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    turn = [FeatureComment(comment="c1", featured=number % 2 == 0) for number in range(ATTEMPTS)]
    for command in turn:
        # The second is for the append of the first itself.
        room.log.meanwhile += [partial(room.ask, command, MOD), _nothing]
    with pytest.raises(Unavailable):
        await room.ask(WithdrawComment(comment="c1"))


async def _nothing() -> None:
    pass


async def test_a_window_of_keys_that_ends_between_load_and_append_costs_one_more_try() -> None:
    room = await Newsroom().opened()

    async def midnight() -> None:
        room.log.now += 24 * HOUR

    room.log.meanwhile.append(midnight)
    result = await room.ask(post("c1"), key="k")
    assert not result.repeated
    assert len(room.log.appends) == 2
    assert (await room.ask(post("c1"), key="k")).positions == result.positions


# --- what is read, and what is remembered ---


async def test_policy_and_standing_are_read_at_every_command() -> None:
    room = await Newsroom(AggregateCache()).opened(comment="anyone")
    await room.ask(post("c1"), GUEST)
    await room.ask(ChangePolicy(changes=PolicyChanges(comment="member")), ADMIN)
    with pytest.raises(NotAllowed):
        await room.ask(post("c2"), GUEST)
    await room.ask(post("c3"), ADA)
    await room.ask(SUSPEND, MOD)
    with pytest.raises(Suspended):
        await room.ask(post("c4"), ADA)


async def test_what_was_folded_before_is_not_folded_again() -> None:
    room = await Newsroom(AggregateCache()).opened()
    await room.ask(post("c1"))
    await room.ask(edit(1, "second"))
    room.log.loads.clear()
    await room.ask(edit(2, "third"))
    assert [entry for _, loaded in room.log.loads for events in loaded.events.values() for entry in events] == []


async def test_a_fold_is_taken_up_where_others_went_on() -> None:
    cache = AggregateCache()
    room = await Newsroom().opened()
    await transact(room.log, post("c1"), site=SITE, thread=THREAD, caller=ADA, cache=cache)
    await room.ask(edit(1, "second"))
    await room.ask(edit(2, "third"))
    field = heads.comment("c1")
    fresh = (await load_aggregates(room.log, SITE, THREAD, folded=(field,))).comment("c1")
    room.log.loads.clear()
    taken_up = (await load_aggregates(room.log, SITE, THREAD, folded=(field,), cache=cache)).comment("c1")
    assert taken_up == fresh
    assert len(room.log.loads[0][1].events[field]) == 2


async def test_a_fold_of_a_branch_that_was_lost_is_not_believed() -> None:
    cache = AggregateCache()
    lost = await Newsroom(cache).opened()
    await lost.ask(post("c1", "lost words"))
    await lost.ask(edit(1, "lost again"))
    await lost.ask(CLOSE, MOD)
    room = await Newsroom().opened()
    room.log.now += HOUR
    await room.ask(post("c1", "kept words"), BEN)
    room.cache = cache
    result = await room.ask(edit(1, "kept again"), BEN)
    assert result.comment is not None
    assert result.comment.author.id == "ben"
    assert len(result.comment.texts) == 2


async def test_only_so_many_folds_are_remembered() -> None:
    cache = AggregateCache(6000)
    room = await Newsroom(cache).opened()
    await room.ask(post("c1"))
    assert cache.get(SITE, THREAD, heads.comment("c1")) is not None
    await room.ask(post("c2"))
    await room.ask(post("c3"))
    assert cache.get(SITE, THREAD, heads.comment("c1")) is None


async def test_where_less_depth_is_allowed_than_there_is_the_ancestors_are_loaded() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c0"))
    for number in range(1, 8):
        await room.ask(post(f"c{number}", parent=f"c{number - 1}"))
    await room.ask(OverridePolicy(overrides=PolicyChanges(max_depth=3)), MOD)
    result = await room.ask(post("new", parent="c7"), BEN)
    assert result.comment is not None
    assert (result.comment.parent, result.comment.depth, result.comment.answered) == ("c2", 3, "c7")


async def test_an_event_of_a_newer_version_stops_decisions_about_its_aggregate_only() -> None:
    room = await Newsroom().opened()
    await room.ask(post("c1"))
    await room.ask(post("c2"))
    stamp = Stamp(actor=MOD.actor, site=SITE, thread=THREAD)
    e, c = encode(VoteCast(comment="c1", revision=1, value=1), stamp)
    framed = NewEvent(head=heads.comment("c1"), e=e.replace(b"vote.cast", b"comment.framed"), c=c)
    await room.log.append(Append(site=SITE, thread=THREAD, expected={}, events=(framed,), now=room.log.now))
    with pytest.raises(Unavailable, match=r"comment\.framed"):
        await room.ask(edit(1, "other"))
    assert (await room.ask(edit(1, "other", "c2"))).recorded


class LossyLog(WatchedLog):
    """A log that lost an event of comments: the first, or the last."""

    lost = slice(None)

    async def load(self, load: Load) -> LoadResult:
        loaded = await super().load(load)
        events = {name: some[self.lost] if name.startswith("c:") else some for name, some in loaded.events.items()}
        return msgspec.structs.replace(loaded, events=events)


@pytest.mark.parametrize("kept", [slice(1, None), slice(None, -1), slice(0, 0)], ids=["tail", "beginning", "nothing"])
async def test_a_hole_in_the_log_is_an_alarm(kept: slice) -> None:
    room = Newsroom()
    room.log = log = LossyLog()
    await room.opened()
    await room.ask(post("c1"))
    await room.ask(edit(1, "second"))
    log.lost = kept
    with pytest.raises(EventMissing, match=r"an event that this request depends on is missing: .* in partition \d"):
        await room.ask(edit(2, "third"))


class DeafLog(WatchedLog):
    """A log whose partition with the site's own events cannot be reached, or the other ones."""

    deaf_to_site: bool | None = None

    async def load(self, load: Load) -> LoadResult:
        if self.deaf_to_site == (load.thread == ""):
            raise Unavailable("no connection")
        return await super().load(load)


@pytest.mark.parametrize("deaf_to_site", [True, False])
async def test_a_log_that_cannot_be_reached_is_told_as_it_is(deaf_to_site: bool) -> None:
    room = Newsroom()
    room.log = log = DeafLog()
    await room.opened()
    log.deaf_to_site = deaf_to_site
    with pytest.raises(Unavailable, match="no connection"):
        await room.ask(post("c1"))


# --- asked without writing ---


async def test_what_would_be_refused_is_told_without_writing() -> None:
    room = await Newsroom().opened()

    async def why(command: Any, by: Any = ADA) -> Any:
        return await would_refuse(room.log, command, site=SITE, thread=THREAD, caller=by)

    assert await why(post("c1")) is None
    assert isinstance(await why(post("c1", "")), BodyEmpty)
    assert isinstance(await why(edit(1, "x")), NotFound)
    assert isinstance(await why(SUSPEND, BEN), NotAllowed)
    assert await why(SUSPEND, MOD) is None
    assert room.log.appends == []
