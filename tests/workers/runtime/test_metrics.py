import re
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from workers.runtime import metrics

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"

ROW = re.compile(r"\| `hansard_\w+` \|")

PERSONAL = {"site", "thread", "comment", "member", "user", "name", "path", "url"}


def declared() -> dict[str, MetricWrapperBase]:
    collectors = vars(metrics.REGISTRY)["_collector_to_names"]
    ours = [one for one in collectors if isinstance(one, MetricWrapperBase) and one._name.startswith("hansard_")]
    return {one._name + ("_total" if one._type == "counter" else ""): one for one in ours}


def table() -> list[str]:
    """What the page has to list, in its own form."""
    rows = []
    for name, metric in sorted(declared().items()):
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)
        rows.append(f"| `{name}` | {metric._type} | {labels} | {metric._documentation} |")
    return rows


def test_the_page_lists_exactly_what_is_declared() -> None:
    assert [line for line in PAGE.read_text().splitlines() if ROW.match(line)] == table()


def test_no_label_names_a_site_a_thread_or_a_person() -> None:
    for name, metric in declared().items():
        assert not PERSONAL & set(metric._labelnames), name


def test_names_follow_the_conventions() -> None:
    for name, metric in declared().items():
        if metric._type == "histogram":
            assert name.endswith("_seconds")
        if metric._type == "gauge":
            assert not name.endswith("_total")
        assert metric._documentation.endswith("."), name


def test_the_exposition_is_text_that_prometheus_reads() -> None:
    metrics.HTTP_REQUESTS.labels("/v1/sites/{site}", "GET", "200").inc()
    body, media = metrics.exposition(metrics.format_for("text/plain;version=0.0.4"))
    assert media.startswith("text/plain; version=0.0.4")
    assert b'hansard_http_requests_total{method="GET",route="/v1/sites/{site}",status="200"}' in body
    assert b"process_cpu_seconds_total" in body
    assert b"_created" not in body


def test_open_metrics_are_spoken_to_who_asks_for_them() -> None:
    for accept in (
        "application/openmetrics-text; version=1.0.0, text/plain;q=0.5",
        "text/html, application/openmetrics-text;version=none;escaping=?",
    ):
        body, media = metrics.exposition(metrics.format_for(accept))
        assert media.startswith("application/openmetrics-text; version=1.0.0")
        assert body.endswith(b"# EOF\n")
