"""Facts of what readers did with the comments of a discussion: votes, tallies without voters, and reports."""

from collections.abc import Iterator, Mapping

from core.domain.import_comment_facts import (
    ReportedFact,
    TalliedFact,
    VotedFact,
)
from core.domain.import_fact import ImportedPerson
from core.ids import is_slug
from core.times import rfc3339
from workers.importers.planning.drafts import Draft
from workers.importers.planning.ledger import Ledger
from workers.importers.planning.people import People
from workers.importers.planning.placing import REPORT, VOTE, Placed
from workers.importers.planning.source_discussion import Rules, SourceDiscussion
from workers.importers.source_records import (
    SourceDecision,
    SourceVote,
)


class Reactions:
    """Votes and reports of one discussion. Call `find_ballots` once it is decided which comments come."""

    def __init__(
        self,
        discussion: SourceDiscussion,
        rules: Rules,
        people: People,
        ledger: Ledger,
        decisions: Mapping[str, list[SourceDecision]],
    ) -> None:
        self._found = discussion
        self._rules = rules
        self._people = people
        self._ledger = ledger
        self._by_id = discussion.drafts
        self._decisions = decisions
        """By the comment in the source, oldest first."""
        self._ballots: dict[str, dict[str, SourceVote]] = {}
        """The last vote of each person, by comment, for comments that come with their text."""

    def tally(self, draft: Draft) -> TalliedFact | None:
        """Votes of people who are unknown: those of the source less the ballots that come."""
        values = [vote.value for vote in self._ballots.get(draft.origin, {}).values()]
        up, down, score = draft.up, draft.down, draft.score
        if self._rules.tallies:
            if values:
                up, down, score = max(up or 0, values.count(1)), max(down or 0, values.count(-1)), None
        elif up is not None or down is not None:
            up, down, score = max((up or 0) - values.count(1), 0), max((down or 0) - values.count(-1), 0), None
        elif score is not None:
            score -= sum(values)
        if up or down or score:
            fact = TalliedFact(
                thread=self._found.thread, at=rfc3339(draft.ended), comment=draft.id, up=up, down=down, score=score
            )
            self._ledger.bring("tallied votes", number=(up or 0) + (down or 0) + abs(score or 0))
            return fact
        return None

    def find_ballots(self) -> None:
        """Find the last vote of each person on each comment that comes with its text."""
        for vote in self._found.votes:
            draft = self._by_id.get(vote.comment)
            voter = self._people.voter(vote.person)
            if draft is None or not draft.has_text:
                self._ledger.leave_out("votes", "comment-left-out")
            elif voter is None or vote.value not in (1, -1):
                self._ledger.leave_out("votes", "unknown-voter" if voter is None else "no-vote")
            else:
                of_comment = self._ballots.setdefault(vote.comment, {})
                if voter in of_comment:
                    self._ledger.leave_out("votes", "changed-later")
                of_comment[voter] = vote

    def votes(self) -> Iterator[Placed]:
        """Yield the ballots, unless all of them become tallies."""
        for origin, cast in self._ballots.items():
            self._ledger.bring("votes", "as tallies" if self._rules.tallies else "as ballots", len(cast))
            if self._rules.tallies:
                continue
            draft = self._by_id[origin]
            for voter, vote in cast.items():
                number = draft.number_of(vote.revision, vote.at or draft.at)
                at = max(vote.at or draft.at, draft.at, draft.texts[number - 1].at)
                fact = VotedFact(
                    thread=self._found.thread,
                    at=rfc3339(min(at, self._rules.now)),
                    by=ImportedPerson(id=voter, source=self._people.fields(vote.person)),
                    comment=draft.id,
                    revision=number,
                    value=1 if vote.value > 0 else -1,
                )
                yield Placed(max(at, draft.order), draft.rank, VOTE, fact)

    def reports(self) -> Iterator[Placed]:
        """Yield reports that a decision followed, and those that still wait and are not too old."""
        since = self._rules.waiting_since
        for report in self._found.reports:
            draft = self._by_id.get(report.comment)
            if draft is None or not draft.has_text:
                self._ledger.leave_out("reports", "comment-left-out")
                continue
            decided = any(
                decision.at > report.at and decision.verdict != "hold"
                for decision in self._decisions.get(draft.origin, ())
            )
            if not decided and since is not None and report.at < since:
                self._ledger.leave_out("reports", "waited-too-long")
                continue
            at = max(report.at, draft.at)
            number = draft.number_of(report.revision, at)
            at = max(at, draft.texts[number - 1].at)
            fact = ReportedFact(
                thread=self._found.thread,
                at=rfc3339(at),
                by=self._people.named(report.person, self._found.thread, report.comment),
                comment=draft.id,
                revision=number,
                reason=report.reason if is_slug(report.reason) else "other",
                note=report.note,
            )
            self._ledger.bring("reports", "decided" if decided else "open")
            yield Placed(max(at, draft.order), draft.rank, REPORT, fact)
