"""The alert rules and the dashboard ask for metrics and labels that exist, and each rule fires where it should."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from workers.gateway.operations.health import OPERATIONS
from workers.runtime import metrics
from workers.runtime.settings import Settings

TOP: Final = Path(__file__).parents[2]
ALERTS: Final = TOP / "deploy" / "alerts.yaml"
DASHBOARD: Final = TOP / "deploy" / "dashboard.json"

OF_SCRAPES: Final = {"instance", "job"}
"""Labels that Prometheus adds."""
FUNCTIONS: Final = {
    *("sum", "max", "min", "count", "topk", "by", "or", "unless", "offset", "rate", "increase", "changes", "absent"),
    *("and", "max_over_time", "histogram_quantile", "vector"),
}


class Expression(NamedTuple):
    """A query, and where it stands."""

    where: str
    text: str

    @property
    def selectors(self) -> list[tuple[str, str]]:
        """Names of metrics with their matchers."""
        bare = re.sub(r"\b(by|on)\s*\([^)]*\)", "", self.text)
        names = re.findall(r"([a-z_][a-z0-9_]*)\s*(\{[^}]*\})?", re.sub(r"\[[^\]]*\]|\d+[smhd]\b", "", _unquoted(bare)))
        return [(name, matchers) for name, matchers in names if name not in FUNCTIONS]

    @property
    def grouped(self) -> set[str]:
        """Labels that results are grouped by."""
        return {
            label.strip() for found in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", self.text) for label in found.split(",")
        }


def _unquoted(text: str) -> str:
    return re.sub(r'"[^"]*"', '""', text)


def alerts() -> dict[str, dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def queries() -> list[Expression]:
    """The queries of the dashboard as Prometheus gets them."""
    found = ((panel["title"], target["expr"]) for panel in panels() for target in panel.get("targets", []))
    return [
        Expression(title, text.replace("$__rate_interval", "5m").replace("$instance", ".*")) for title, text in found
    ]


def expressions() -> list[Expression]:
    return [*(Expression(name, rule["expr"]) for name, rule in alerts().items()), *queries()]


def known() -> dict[str, set[str]]:
    """Every series that a process has, and its labels."""
    found: dict[str, set[str]] = {"up": set()}
    for collector, names in vars(REGISTRY)["_collector_to_names"].items():
        labels = set(collector._labelnames) if isinstance(collector, MetricWrapperBase) else set()
        for name in names:
            found[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    return found


def test_every_metric_and_label_exists() -> None:
    assert metrics.REGISTRY is REGISTRY
    series = known()
    assert "hansard_http_seconds_bucket" in series
    for one in expressions():
        assert one.selectors, one
        there = OF_SCRAPES.union(*(series.get(name, set()) for name, _ in one.selectors))
        assert [name for name, _ in one.selectors if name not in series] == [], one
        for name, matchers in one.selectors:
            assert set(re.findall(r"(\w+)\s*[=!]", matchers)) <= series[name] | OF_SCRAPES, one
        assert one.grouped <= there, one


def test_values_of_labels_are_those_that_are_documented() -> None:
    documented = (TOP / "docs" / "metrics.md").read_text()
    paths = {call.path for call in OPERATIONS}
    for one in expressions():
        for label, value in re.findall(r'(\w+)="([^"]+)"', one.text):
            if label == "route":
                assert value in paths, one
            elif label == "status":
                assert re.fullmatch(r"[1-5]\d\d", value), one
            elif label != "job":
                assert re.search(rf"\b{value}\b", documented), one


def test_alerts_say_how_bad_it_is_and_what_to_do_by_labels_that_they_have() -> None:
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert len(rule["annotations"]["summary"].split()) > 8, name
        one = Expression(name, rule["expr"])
        has = one.grouped or (set() if re.match(r"(sum|max|absent)\(", one.text) else OF_SCRAPES)
        assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= has, name


def test_alerts_know_the_number_of_partitions() -> None:
    number = Settings().partitions
    assert alerts()["HansardPartitionsUnowned"]["expr"] == f"sum(hansard_owned_partitions) < {number}"
    assert alerts()["HansardPartitionsUnscreened"]["expr"].startswith(
        f"sum(hansard_screened_partitions) < {number} and"
    )


def test_the_dashboard_shows_every_metric() -> None:
    own = re.compile(r"hansard_\w+")
    shown = {name for one in queries() for name in own.findall(one.text)}
    suffix = {"counter": "_total", "histogram": "_bucket"}
    found = {one.name + suffix.get(one.type, "") for one in REGISTRY.collect() if own.match(one.name)}
    assert len(found) > len(panels())
    assert found - shown == set()


def test_panels_are_told_apart_and_lie_side_by_side() -> None:
    found = panels()
    assert len({panel["id"] for panel in found}) == len(found)
    cells: set[tuple[int, int]] = set()
    for panel in found:
        at = panel["gridPos"]
        own = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not own & cells, panel["title"]
        assert all(x < 24 for x, _ in own), panel["title"]
        cells |= own
        for target in panel.get("targets", []):
            assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


# With Prometheus


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool on the PATH: apt-get install prometheus")
    return found


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_reads_the_rules_and_the_queries_of_the_dashboard(promtool: str, tmp_path: Path) -> None:
    run(promtool, "check", "rules", str(ALERTS))
    rules = [{"record": f"panel:{number}", "expr": one.text} for number, one in enumerate(queries())]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    run(promtool, "check", "rules", str(file))


MINUTES: Final = 40
"""Minutes after which it is looked at what fires."""


def steady(value: float) -> str:
    return f"{value}x{MINUTES}"


def rising() -> str:
    """A counter that rises by six a minute."""
    return f"0+6x{MINUTES}"


def appearing() -> str:
    """A counter with labels that comes with its first count, two minutes before the end, and stays."""
    return f"_x{MINUTES - 3} 1x10"


GATEWAY: Final = 'instance="g:8401",job="hansard"'
PROJECTOR: Final = 'instance="p:8411",job="hansard"'

HEALTHY: Final = {
    f"up{{{GATEWAY}}}": steady(1),
    f"up{{{PROJECTOR}}}": steady(1),
    f"process_start_time_seconds{{{GATEWAY}}}": steady(1000),
    f"hansard_deployment_unfit{{{GATEWAY}}}": steady(0),
    f'hansard_answering{{{GATEWAY},what="reads"}}': steady(1),
    f'hansard_answering{{{GATEWAY},what="writes"}}': steady(1),
    f"hansard_log_broken_partitions{{{GATEWAY}}}": steady(0),
    f"hansard_views_lag_seconds{{{GATEWAY}}}": steady(0.2),
    f'hansard_http_requests_total{{{GATEWAY},route="/readyz",status="200"}}': rising(),
    f'hansard_http_requests_total{{{GATEWAY},route="/readyz",status="503"}}': steady(3),
    f'hansard_http_requests_total{{{GATEWAY},route="/v1/sites",status="500"}}': steady(1),
    f'hansard_http_requests_total{{{GATEWAY},route="/v1/sites",status="202"}}': steady(1),
    f'hansard_http_seconds_bucket{{{GATEWAY},le="1.0"}}': rising(),
    f'hansard_http_seconds_bucket{{{GATEWAY},le="5.0"}}': rising(),
    f'hansard_http_seconds_bucket{{{GATEWAY},le="+Inf"}}': rising(),
    f'hansard_log_appends_total{{{GATEWAY},outcome="appended"}}': rising(),
    f'hansard_log_appends_total{{{GATEWAY},outcome="unavailable"}}': steady(7),
    f'hansard_redis_faults_total{{{GATEWAY},call="evalsha"}}': steady(7),
    f"hansard_connections{{{GATEWAY}}}": steady(500),
    f"hansard_connection_limit{{{GATEWAY}}}": steady(1000),
    f"hansard_accept_failures_total{{{GATEWAY}}}": steady(0),
    f'hansard_requests_refused_total{{{GATEWAY},gate="reads",cause="full"}}': steady(5),
    f'hansard_feed_turned_away_total{{{GATEWAY},cause="full"}}': steady(5),
    f'hansard_feed_resets_total{{{GATEWAY},cause="busy"}}': steady(5),
    f'hansard_shares_exhausted_total{{{GATEWAY},share="bodies"}}': steady(5),
    f"hansard_owned_partitions{{{PROJECTOR}}}": steady(Settings().partitions),
    f"hansard_stopped_partitions{{{PROJECTOR}}}": steady(0),
    f"hansard_parked_threads{{{PROJECTOR}}}": steady(0),
    f"hansard_drift_quarantined_threads{{{PROJECTOR}}}": steady(0),
    f"hansard_unknown_events_total{{{PROJECTOR}}}": steady(0),
    f"hansard_screened_partitions{{{PROJECTOR}}}": steady(Settings().partitions),
    f"hansard_screening_oldest_seconds{{{PROJECTOR}}}": steady(2),
    f'hansard_screening_failures_total{{{PROJECTOR},cause="late"}}': steady(2),
}
"""A deployment that is well, with counts of what was long ago."""

BROKEN: Final[Mapping[str, Mapping[str, str | None]]] = {
    "HansardDown": {f"up{{{PROJECTOR}}}": steady(0)},
    "HansardMissing": {f"up{{{GATEWAY}}}": None, f"up{{{PROJECTOR}}}": None},
    "HansardRestarting": {f"process_start_time_seconds{{{GATEWAY}}}": f"1000+300x{MINUTES}"},
    "HansardNotReady": {f'hansard_http_requests_total{{{GATEWAY},route="/readyz",status="503"}}': rising()},
    "HansardDeploymentUnfit": {f"hansard_deployment_unfit{{{GATEWAY}}}": steady(1)},
    "HansardRedisAway": {
        f'hansard_answering{{{GATEWAY},what="reads"}}': steady(0),
        f'hansard_answering{{{GATEWAY},what="writes"}}': steady(0),
    },
    "HansardWritesRefused": {f'hansard_answering{{{GATEWAY},what="writes"}}': steady(0)},
    "HansardLogBroken": {f"hansard_log_broken_partitions{{{GATEWAY}}}": steady(2)},
    "HansardWritesUnavailable": {f'hansard_log_appends_total{{{GATEWAY},outcome="unavailable"}}': rising()},
    "HansardWritesUnconfirmed": {f'hansard_http_requests_total{{{GATEWAY},route="/v1/sites",status="202"}}': rising()},
    "HansardRedisFaults": {f'hansard_redis_faults_total{{{GATEWAY},call="evalsha"}}': f"0+12x{MINUTES}"},
    "HansardPartitionStopped": {f"hansard_stopped_partitions{{{PROJECTOR}}}": steady(1)},
    "HansardThreadParked": {f"hansard_parked_threads{{{PROJECTOR}}}": steady(1)},
    "HansardPartitionsUnowned": {f"hansard_owned_partitions{{{PROJECTOR}}}": steady(Settings().partitions - 1)},
    "HansardViewsLag": {f"hansard_views_lag_seconds{{{GATEWAY}}}": steady(11)},
    "HansardDriftFound": {f'hansard_drift_total{{{PROJECTOR},view="rows"}}': appearing()},
    "HansardWordsLost": {f"hansard_words_lost_total{{{PROJECTOR}}}": f"0x{MINUTES - 5} 1x10"},
    "HansardDriftStays": {f"hansard_drift_quarantined_threads{{{PROJECTOR}}}": steady(1)},
    "HansardUnknownEvents": {f"hansard_unknown_events_total{{{PROJECTOR}}}": f"0x{MINUTES - 5} 1x10"},
    "HansardScreeningWaits": {f"hansard_screening_oldest_seconds{{{PROJECTOR}}}": steady(400)},
    "HansardPartitionsUnscreened": {
        f"hansard_screened_partitions{{{PROJECTOR}}}": f"{Settings().partitions}x{MINUTES - 10} 0x20"
    },
    "HansardScreeningFails": {f'hansard_screening_failures_total{{{PROJECTOR},cause="late"}}': rising()},
    "HansardInternalErrors": {f'hansard_http_requests_total{{{GATEWAY},route="/v1",status="500"}}': appearing()},
    "HansardRequestsRefused": {f'hansard_requests_refused_total{{{GATEWAY},gate="reads",cause="full"}}': rising()},
    "HansardSlow": {f'hansard_http_seconds_bucket{{{GATEWAY},le="1.0"}}': f"0+5x{MINUTES}"},
    "HansardConnectionsNearLimit": {f"hansard_connections{{{GATEWAY}}}": steady(950)},
    "HansardNoNewConnections": {f"hansard_accept_failures_total{{{GATEWAY}}}": rising()},
    "HansardFeedsFull": {f'hansard_feed_turned_away_total{{{GATEWAY},cause="full"}}': rising()},
    "HansardReplaysBusy": {f'hansard_feed_resets_total{{{GATEWAY},cause="busy"}}': rising()},
    "HansardBodiesFull": {f'hansard_shares_exhausted_total{{{GATEWAY},share="bodies"}}': rising()},
}
"""What is otherwise where an alert has to fire, and that one alone."""


def trials() -> Iterator[dict[str, Any]]:
    """Trials for promtool: a deployment that is well, and one for each alert."""
    for alert, otherwise in {"": {}, **BROKEN}.items():
        series = {name: values for name, values in {**HEALTHY, **otherwise}.items() if values is not None}
        fires = [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if alert else []
        yield {
            "name": alert or "healthy",
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [
                {
                    "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                    "eval_time": f"{MINUTES}m",
                    "exp_samples": fires,
                }
            ],
        }


def test_every_alert_has_a_trial() -> None:
    assert set(BROKEN) == set(alerts())


def test_each_alert_fires_where_it_should_and_none_where_all_is_well(promtool: str, tmp_path: Path) -> None:
    file = tmp_path / "trials.yaml"
    document = {"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": list(trials())}
    file.write_text(yaml.safe_dump(document, width=1000))
    run(promtool, "test", "rules", str(file))
