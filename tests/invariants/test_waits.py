"""How tests wait: for a browser, and for a process."""

from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_no_test_waits_by_what_a_content_security_policy_forbids() -> None:
    """Playwright's wait for a function evaluates text at each look, which fails unless the first look finds it so."""
    waits = "wait_for_" + "function("
    assert [path.relative_to(TESTS) for path in TESTS.rglob("*.py") if waits in path.read_text()] == []


def test_no_test_waits_for_ever_for_a_process_in_whose_block_it_failed() -> None:
    """The end of the block waits for the process, so `killed_after` kills it first."""
    waits = "with subprocess." + "Popen("
    assert [path.relative_to(TESTS) for path in TESTS.rglob("*.py") if waits in path.read_text()] == []
