"""Small schedules of load and faults, made at random, on one real server: the oracle finds nothing after any."""

import random
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from core.log import redis as redis_log
from core.log.redis import APPEND, LOAD
from projections.views.store import COMMIT
from tests.faults.inside import Inside, inside
from tests.faults.mutations import later
from workers.projector import projector

MARKERS = {"append": APPEND.sha, "load": LOAD.sha, "commit": COMMIT.sha}

many = st.integers(1, 8)
seeds = st.integers(0, 999)


class Trouble(RuleBasedStateMachine):
    """Writes, and breaks things; what was acknowledged and what is served is judged in the end."""

    examples = 0

    def __init__(self, portal: BlockingPortal, here: Inside, patch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.portal = portal
        self.patch = patch
        self.here = here
        self.projectors = 0

    @initialize()
    def begin(self) -> None:
        type(self).examples += 1
        self.portal.call(self.here.begin, f"e{type(self).examples}")
        self._project()

    @rule(many=many, seed=seeds)
    def write(self, many: int, seed: int) -> None:
        self.portal.call(self.here.write, many, random.Random(seed))

    @rule(many=many, seed=seeds)
    def kill_the_server_while_somebody_writes(self, many: int, seed: int) -> None:
        writing = self.portal.start_task_soon(self.here.write, many, random.Random(seed))
        self.portal.call(self.here.restart)
        writing.result()

    @rule(many=many, seed=seeds, what=st.sampled_from(sorted(MARKERS)))
    def lose_a_reply(self, many: int, seed: int, what: str) -> None:
        self.portal.call(self.here.proxy.lose_the_reply_to, MARKERS[what].encode())
        self.portal.call(self.here.write, many, random.Random(seed))

    @rule(many=many, seed=seeds)
    def cut_the_way(self, many: int, seed: int) -> None:
        self.portal.call(self.here.proxy.cut)
        writing = self.portal.start_task_soon(self.here.write, many, random.Random(seed))
        self.portal.call(self.here.proxy.drop)
        self.portal.call(self.here.proxy.heal)
        writing.result()

    @rule(hours=st.sampled_from([-1, 0, 1]))
    def let_the_clock_jump(self, hours: int) -> None:
        self.patch.setattr(redis_log, "APPEND", later(APPEND, 3600 * hours))
        self.patch.setattr(redis_log, "LOAD", later(LOAD, 3600 * hours))

    @rule()
    def flush_scripts(self) -> None:
        self.here.node.ask("SCRIPT", "FLUSH")

    @rule(kind=st.sampled_from(["normal", "pubsub"]))
    def kill_connections(self, kind: str) -> None:
        self.here.node.ask("CLIENT", "KILL", "TYPE", kind)

    @rule()
    def freeze_a_projector_and_let_another_take_over(self) -> None:
        self.portal.call(self.here.zombies.look)
        for one in self.here.projecting:
            self.portal.call(one.gate.shut)
        self._project()
        self.portal.call(self.here.forget_leases)

    @rule()
    def thaw_the_projectors(self) -> None:
        for one in self.here.projecting:
            self.portal.call(one.gate.open)

    @rule()
    def kill_a_projector(self) -> None:
        self.portal.call(self.here.zombies.look)
        self.portal.call(self.here.kill, self.here.projecting[0])
        self.portal.call(self.here.forget_leases)
        self._project()

    def teardown(self) -> None:
        if not self.here.projecting:
            return  # the example ended before it began
        verdict = self.portal.call(self.here.settle)
        for one in list(self.here.projecting):
            self.portal.call(self.here.kill, one)
        self.portal.call(self.here.forget_leases)
        assert verdict.findings == [], "\n".join(map(str, verdict.findings))

    def _project(self) -> None:
        self.projectors += 1
        self.portal.call(self.here.project, f"w{self.projectors}")


def test_no_schedule_of_load_and_faults_loses_or_repeats_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Leases are looked at often, so that nobody waits for one.
    monkeypatch.setattr(projector, "RENEWED_S", 0.02)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(inside(tmp_path)) as here,
    ):

        class Here(Trouble):
            def __init__(self) -> None:
                super().__init__(portal, here, monkeypatch)

        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
