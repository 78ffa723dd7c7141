"""What rules cost: the judgement of a text by all of them, and the rate of posts in threads that have them.

The judgement is that of a comment of 300 bytes with two word lists of ten thousand terms and a member record of twenty
texts. The posts are those of sixteen clients to one gateway, by turns in threads without rules and in threads with
every rule but `too_fast`, which would hold what a client posts within a second. No rule matches, so that both publish
the same. No text is posted twice, and texts have no more in common than those of a language.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import mean
from typing import Any, Final

from msgspec.structs import replace

from core.caller import Caller
from core.domain.context import Context, LoadedList
from core.domain.judging import judge
from core.domain.names import KnownNames
from core.member_record import MOST_TEXTS, MemberRecord, entry
from core.policy import Policy
from core.text.shingles import sketch
from core.text.word_list import WordList
from tests.bench import http
from tests.bench.asks import Post, authorization, token
from tests.bench.cores import on
from tests.bench.figures import Figure, Target
from tests.bench.house import CREATED, OK, open_site, shown
from tests.bench.people import BODY, ROOT, SITE, body
from tests.bench.processes import hansard, server
from tests.bench.stage import Stage
from tests.bench.taken import Sides, Turn, costs

TERMS: Final = 10_000
LISTS: Final = ("insults", "adverts")
CLIENTS: Final = 16
PLAIN: Final = tuple(f"plain-{number}" for number in range(50))
WITHOUT: Final = "the same without rules"
JUDGED: Final = tuple(f"judged-{number}" for number in range(50))
NOW: Final = 1_700_000_000_000
_SYLLABLES: Final = ("ba", "ko", "mi", "tu", "re", "sol", "fen", "dar", "wix", "quo")


async def measure(stage: Stage) -> list[Figure]:
    """The time of a judgement, and the rate and the processor time of posts with and without rules."""
    with on(stage.cores.own):
        alone = _words(stage)
        whole = _judgements(stage)
    with server(stage.cores.rest) as url, hansard("gateway", url, stage.cores.own) as gateway:
        with hansard("projector", url, stage.cores.rest):
            await open_site(gateway.url, (*PLAIN, *JUDGED))
            await _set(gateway.url)
        rounds = await _driven(stage, Sides(url, gateway))
        loads = [turn.load for turns in rounds for some in turns.values() for turn in some]
        with hansard("projector", url, stage.cores.rest):
            await shown(gateway.url, (*PLAIN, *JUDGED), sum(load.count(CREATED) for load in loads))
    plain, judged = ([turns[threads] for turns in rounds[1:]] for threads in (PLAIN, JUDGED))
    name = f"POST comment, {CLIENTS} clients, every rule on"
    return [
        Figure(
            name=f"two word lists of {TERMS:,} terms, comment of {BODY} bytes",
            unit="µs",
            measured=tuple(alone),
            target=Target(of="measured", at_most=100),
        ),
        Figure(
            name=f"judging a comment of {BODY} bytes by every rule, two lists of {TERMS:,} terms",
            unit="µs",
            measured=tuple(whole),
            target=Target(of="measured", at_most=200),
        ),
        Figure(
            name=name,
            unit="posts/s",
            measured=tuple(mean(turn.load.rate for turn in turns) for turns in judged),
            limit_name=WITHOUT,
            limit=tuple(mean(turn.load.rate for turn in turns) for turns in plain),
            target=Target(of="ratio", at_least=0.85),
        ),
        Figure(
            name=f"errors in {sum(load.answers for load in loads):,} of these posts",
            unit="",
            measured=(sum(load.others(CREATED) for load in loads),),
            target=Target(of="measured", at_most=0),
        ),
        *costs(name, judged, plain, WITHOUT),
    ]


def rules(now: datetime) -> list[dict[str, Any]]:
    """Every rule but `too_fast`, with settings by which nothing that is posted here matches."""
    later, end = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (6, 7))
    return [
        {"kind": "words", "lists": LISTS, "tells": {"en": "Please say it in other words."}},
        {"kind": "links_over", "links": 3},
        {"kind": "repeated"},
        {"kind": "length", "over": 5000},
        {"kind": "name", "reserved": ["The Editor"]},
        {"kind": "first_comments", "comments": 1},
        {"kind": "after_rejection", "days": 7},
        {"kind": "closed_hours", "from": later, "to": end},
        {"kind": "reports_over", "reports": 3},
    ]


def terms(seed: int) -> list[str]:
    """Ten thousand words that nobody says here."""
    dice = Random(seed)
    made: dict[str, None] = {}
    while len(made) < TERMS:
        made["".join(dice.choices(_SYLLABLES, k=dice.randint(3, 6)))] = None
    return list(made)


def _context() -> Context:
    """The context of a judgement by every rule."""
    dice = Random("earlier texts")
    texts = "".join(entry(f"c{number}", sketch(body(dice))) for number in range(MOST_TEXTS))
    every = (*rules(datetime.fromtimestamp(NOW / 1000, UTC)), {"kind": "too_fast", "seconds": 10})
    return Context(
        caller=Caller(id="u-7", name="Member 7"),
        now=NOW,
        policy=Policy(rules=tuple(every)),
        lists={name: LoadedList(f"1-{at}", WordList(terms(at))) for at, name in enumerate(LISTS)},
        record=MemberRecord(published=5, last_at=NOW - 60_000, texts=texts),
        known_names=KnownNames(),
        site_name="Bench",
    )


def _words(stage: Stage) -> list[float]:
    context = _context()
    alone = replace(context, policy=Policy(rules=context.policy.rules[:1]))
    return [_timed(alone, stage.sizes.appends // 4) for _ in range(stage.sizes.rounds)]


def _judgements(stage: Stage) -> list[float]:
    context = _context()
    return [_timed(context, stage.sizes.appends // 4) for _ in range(stage.sizes.rounds)]


def _timed(context: Context, times: int) -> float:
    """The microseconds of a judgement, as time of the processor; every text is another one."""
    bodies = [body(Random(number)) for number in range(times)]
    begun = time.process_time()
    for text in bodies:
        assert judge(text, context, "new").hold is None
    return (time.process_time() - begun) / times * 1e6


async def _set(url: str) -> None:
    """Put the lists, and let the judged threads have the rules."""
    admin = token({"sub": "adm", "name": "Adm", "aud": SITE, "roles": ["admin", "moderator"]})
    wanted: list[tuple[str, dict[str, Any]]] = [
        (f"{ROOT}/lists/{name}", {"terms": terms(at)}) for at, name in enumerate(LISTS)
    ]
    overrides = {"rules": rules(datetime.now(UTC))}
    wanted += [(f"{ROOT}/threads/{thread}/policy", overrides) for thread in JUDGED]
    line = await http.connected(url)
    for path, document in wanted:
        answer = await line.ask(http.request("PUT", path, [authorization(admin)], json.dumps(document).encode()))
        assert answer.status == OK, answer.body
    line.close()


async def _driven(stage: Stage, sides: Sides) -> list[dict[tuple[str, ...], list[Turn]]]:
    """Rounds of posts without rules and with them, the first to warm up."""
    rounds = []
    for number in range(1 + stage.sizes.rounds):
        turns: dict[tuple[str, ...], list[Turn]] = {PLAIN: [], JUDGED: []}
        # What grows while a round runs adds to both alike.
        for turn, threads in enumerate((PLAIN, JUDGED, JUDGED, PLAIN)):
            asks = Post(series=f"{number}-{turn}", threads=threads, answers=2)
            turns[threads].append(await sides.turn(stage, asks, CLIENTS, stage.sizes.load / 2))
        rounds.append(turns)
    return rounds
