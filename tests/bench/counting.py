"""Time of figures of moderation, and rate of a rehearsal, on the log of the mix.

`hansard report dsa` and `GET /moderation/figures` count the decisions on comments; their work depends on the period and
not on the length of the log, so beside each is the same for a day on which nothing happened. A rehearsal reads all of
the log and judges every text by two word lists of ten thousand terms and the other rules; beside it is the log read and
decoded for nothing. Times are those of the processor, of the command with its start and of the gateway.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from core.domain.context import LoadedList
from core.log.redis import RedisLog
from core.policy import Policy
from core.position import START
from core.redis.deployment import Deployment, open_deployment
from core.text.word_list import WordList
from core.throttle import Pace
from projections.audit import merge
from projections.audit.rehearsals import Rehearsal, Rehearser
from projections.figures import event_reader
from projections.read.served_generation import Served
from tests.bench import http, usage
from tests.bench.asks import authorization, token
from tests.bench.copying import PARTITIONS, restore
from tests.bench.cores import on
from tests.bench.figures import Figure
from tests.bench.folding import decoded
from tests.bench.house import OK
from tests.bench.judging import LISTS, TERMS, rules, terms
from tests.bench.mix import BEGIN
from tests.bench.people import ROOT, SECRET, SITE
from tests.bench.processes import ADMIN_SECRET, Program, environment, hansard, server
from tests.bench.projecting import project
from tests.bench.stage import Mix, Stage
from workers.runtime.process import leave_alone

DAY: Final = datetime.fromtimestamp(BEGIN / 1000, UTC).date()
"""The day of the whole mix."""
_DAY: Final = timedelta(days=1)
BEFORE: Final = DAY - _DAY
ASKED: Final = 5
"""Requests in a round."""
_MS: Final = 1000


async def measure(stage: Stage) -> list[Figure]:
    """The time of a report and of a request for figures, and the rate of a rehearsal."""
    mix = await stage.mix()
    with server(stage.cores.rest) as url:
        async with open_deployment(url, partitions=PARTITIONS, durability="fsynced") as deployment:
            await restore(deployment, mix.entries)
            await project(deployment)
            begin = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp() * _MS)
            counted = len((await event_reader.read(Served(deployment), SITE, begin, begin + 86_400_000)).figures)
            with on(stage.cores.own):
                rehearsed = await _rehearsed(stage, deployment, mix)
        reports = [[_report(stage, url, day) for _ in range(stage.sizes.rounds)] for day in (DAY, BEFORE)]
        with hansard("gateway", url, stage.cores.own) as gateway:
            asked = await _asked(stage, gateway)
    there = f"{counted:,} events in a log of {mix.events:,}"
    return [
        Figure(
            name=f"hansard report dsa, {there}",
            unit="ms",
            measured=tuple(reports[0]),
            limit_name="a day without events",
            limit=tuple(reports[1]),
        ),
        *asked,
        rehearsed,
    ]


def _report(stage: Stage, url: str, day: date) -> float:
    """Milliseconds of processor time that the command takes for the report of a day."""
    with tempfile.TemporaryDirectory(prefix="hansard-bench-") as home, on(stage.cores.own):
        period = ["--from", day.isoformat(), "--to", (day + _DAY).isoformat()]
        before = _of_children()
        command = [sys.executable, "-m", "workers", "report", "dsa", SITE, str(Path(home, "dsa")), *period]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment(REDIS_URL=url))
        return (_of_children() - before) * _MS


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _asked(stage: Stage, gateway: Program) -> list[Figure]:
    """What a gateway takes for the figures of a day, and how long the answer takes."""
    line = await http.connected(gateway.url)
    operator = token({"sub": "operator", "aud": "hansard", "roles": ["operator"]}, ADMIN_SECRET)
    opening = {"name": "Bench", "keys": {"hs256": [SECRET]}, "policy": {"max_depth": 8}}
    opened = await line.ask(http.request("PUT", ROOT, [authorization(operator)], json.dumps(opening).encode()))
    assert opened.status == OK, opened.body
    bearer = authorization(token({"sub": "mod", "name": "Mod", "aud": SITE, "roles": ["moderator"]}))
    waited: list[tuple[float, float]] = []
    taken: list[tuple[float, float]] = []
    for _ in range(1 + stage.sizes.rounds):
        both = []
        for day in (DAY, BEFORE):
            path = f"{ROOT}/moderation/figures?from={day}&to={day + _DAY}"
            begun, busy = time.perf_counter(), usage.busy(gateway.pid) or 0.0
            for _ in range(ASKED):
                answer = await line.ask(http.request("GET", path, [bearer]))
                assert answer.status == OK, answer.body
            both.append((time.perf_counter() - begun, (usage.busy(gateway.pid) or 0.0) - busy))
        waited.append((both[0][0], both[1][0]))
        taken.append((both[0][1], both[1][1]))
    line.close()
    return [
        Figure(
            name=name,
            unit="ms",
            measured=tuple(one / ASKED * _MS for one, _ in times),
            limit_name="a day without events",
            limit=tuple(other / ASKED * _MS for _, other in times),
        )
        # The first round warms up.
        for name, times in (
            ("GET /moderation/figures of the same, CPU time of the gateway", taken[1:]),
            ("the same, until it is answered", waited[1:]),
        )
        if all(other for _, other in times)
    ]


async def _rehearsed(stage: Stage, deployment: Deployment, mix: Mix) -> Figure:
    """The rate at which the texts of the log are judged by another policy."""
    log = RedisLog(deployment)
    lists = {name: LoadedList(str(START), WordList(terms(at))) for at, name in enumerate(LISTS)}
    policy = Policy(rules=tuple(rules(datetime.fromtimestamp(BEGIN / 1000, UTC))))
    bare, judged = [], []
    for _ in range(stage.sizes.rounds):
        found, dry = Rehearsal(), False
        rehearser = Rehearser(log, SITE, policy, lists, site_name="Bench")
        places = [merge.before(START)] * log.partitions
        leave_alone()
        begun = time.perf_counter()
        while not dry:
            places, dry = await rehearser.go_on(found, places, None, Pace())
        judged.append(found.judged / (time.perf_counter() - begun))
        assert not found.would_hold.texts
        begun = time.perf_counter()
        await decoded(log)
        bare.append(found.judged / (time.perf_counter() - begun))
    return Figure(
        name=f"rehearsal of {found.judged:,} texts by every rule, two lists of {TERMS:,} terms",
        unit="texts/s",
        measured=tuple(judged),
        limit_name="the log read and decoded only",
        limit=tuple(bare),
    )
