"""What moderators read across threads is what the log says, however it is asked for."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.moderated_comment import VERDICTS, Ruled
from core.events.envelope import Recorded
from core.partitions import partition_of
from projections.read.decisions import decisions
from projections.read.member_profile import decided
from projections.read.member_search import candidates
from projections.read.moderated_comments import moderated_comments
from projections.read.moderation_summary import summarize
from projections.read.queries import DecisionsQuery, MembersQuery, ModeratedQuery
from projections.read.queue_digest import digest
from projections.thread.fold import fold
from projections.thread.state import CommentState, ThreadState
from projections.views.listings.aliases import key_of
from projections.views.listings.posted import rule_of
from tests.support.discussions import PEOPLE, SITE, THREADS, Move, events, moves, played, stream
from tests.support.viewing import Stage, stage, whole

FEW = settings(max_examples=12)
PARTITIONS = 4

discussions = st.one_of(
    moves(most=60, threads=3), st.builds(stream, seed=st.integers(0, 10_000), length=st.just(150), threads=st.just(3))
)


async def recorded(there: Stage) -> dict[str, list[Recorded]]:
    return {name: await events(there.log, name, partition_of(SITE, name, PARTITIONS)) for name in THREADS}


def comments(log: dict[str, list[Recorded]]) -> list[tuple[str, CommentState]]:
    """Every comment with its thread, newest first."""
    found = [
        (name, comment)
        for name, some in log.items()
        for comment in fold(ThreadState(site=SITE, id=name), some).rows.values()
    ]
    return sorted(found, key=lambda one: (one[1].posted, partition_of(SITE, one[0], PARTITIONS)), reverse=True)


@FEW
@given(some=discussions, limit=st.sampled_from((1, 3, 200)))
async def test_all_comments_are_listed_newest_first_and_filtered(server: str, some: list[Move], limit: int) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        every = comments(await recorded(there))

        async def found(**filters: Any) -> list[str]:
            rows = await whole(
                "comments",
                lambda cursor: moderated_comments(
                    there.served, SITE, ModeratedQuery(limit=limit, cursor=cursor, **filters), 0
                ),
            )
            return [row["id"] for row in rows]

        assert await found() == [comment.id for _, comment in every]
        for status in ("published", "pending", "rejected", "withdrawn"):
            wanted = [comment.id for _, comment in every if comment.status == status]
            assert await found(status=status) == wanted
            own = [comment.id for _, comment in every if comment.status == status and comment.author.id == "ada"]
            assert await found(status=status, member="ada") == own
        assert await found(thread=THREADS[1]) == [comment.id for thread, comment in every if thread == THREADS[1]]
        for rule in {rule_of(comment) for _, comment in every} - {None}:
            assert await found(rule=rule) == [comment.id for _, comment in every if rule_of(comment) == rule]


@FEW
@given(some=discussions, limit=st.sampled_from((1, 3, 200)))
async def test_every_decision_of_a_moderator_is_listed_and_counted(server: str, some: list[Move], limit: int) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        record = await recorded(there)
        made = [
            (one.position, partition_of(SITE, name, PARTITIONS), one)
            for name, of in record.items()
            for one in of
            if isinstance(one.event, Ruled) and one.envelope.actor.kind != "system"
        ]
        made.sort(key=lambda one: one[:2], reverse=True)

        async def found(**filters: Any) -> list[Any]:
            return await whole(
                "decisions",
                lambda cursor: decisions(
                    there.served, there.log, SITE, DecisionsQuery(limit=limit, cursor=cursor, **filters), None, None
                ),
            )

        listed = await found()
        assert [(one["comment"], one["revision"], one["verdict"], one["by"], one["note"]) for one in listed] == [
            (
                one.envelope.comment,
                one.revision,
                next(verdict for kind, verdict in VERDICTS.items() if isinstance(one.event, kind)),
                one.envelope.actor.id,
                getattr(one.event, "note", None),
            )
            for _, _, one in made
        ]
        for verdict in ("approve", "hold", "reject"):
            assert await found(verdict=verdict) == [one for one in listed if one["verdict"] == verdict]
        assert (await summarize(there.served, SITE, 0)).decided == Counter(one["by"] for one in listed)
        authors = {comment.id: comment.author.id for _, comment in comments(record)}
        for person in PEOPLE:
            own = [one for one in listed if authors[one["comment"]] == person.id]
            assert await found(member=person.id) == own
            counts = await decided(there.served, SITE, person.id)
            assert counts["approved"] == sum(one["verdict"] == "approve" for one in own)
            assert counts["held"] == sum(one["verdict"] == "hold" for one in own)
            assert counts["rejected"] == sum(one["verdict"] == "reject" for one in own)
            assert 0 <= counts["reversed"] <= len(own)


@FEW
@given(some=discussions, limit=st.sampled_from((1, 2, 50)))
async def test_the_summary_counts_each_thread(server: str, some: list[Move], limit: int) -> None:
    log = await played(some, threads=3, partitions=PARTITIONS)
    async with stage(server, log) as there:
        every = comments(await recorded(there))
        pending = Counter(thread for thread, comment in every if comment.waiting is not None)
        reported = Counter(thread for thread, comment in every if comment.reports)
        found = await summarize(there.served, SITE, 0)
        assert (found.pending, found.reported) == (pending.total(), reported.total())
        assert {one.thread: (one.pending, one.reported) for one in found.threads} == {
            thread: (pending[thread], reported[thread]) for thread in pending.keys() | reported.keys()
        }
        since = [comment.queued_since.ms for _, comment in every if comment.queued_since is not None]
        assert found.oldest == min(since, default=None)
        names: dict[str, set[str]] = {}
        for _, comment in every:
            said = {comment.author.name, *(text.name for text in comment.texts.values())}
            names.setdefault(comment.author.id, set()).update(name for name in said if name)
        for beginning in {key_of(name)[:3] for of in names.values() for name in of}:
            members: set[str] = set()
            cursor = None
            while True:
                page = await candidates(there.served, SITE, MembersQuery(q=beginning, limit=limit, cursor=cursor))
                members |= set(page.members)
                cursor = page.following
                if cursor is None:
                    break
            assert members == {
                member for member, of in names.items() if any(key_of(name).startswith(beginning) for name in of)
            }
        assert len(await digest(there.served, SITE)) == PARTITIONS + 1
