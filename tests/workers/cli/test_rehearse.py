"""`hansard rehearse`: what a policy would hold, on a terminal and for programs."""

import json
from pathlib import Path

import pytest

from tests.support.program import SITE, Up, here


@pytest.mark.parametrize("columns", ["80", "160"])
def test_nothing_of_an_import_is_judged_and_it_says_that_nothing_was_changed(
    night_train: Up, tmp_path: Path, columns: str
) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"premoderation": "all"}))
    done = night_train.ask("rehearse", SITE, "--policy", str(policy), COLUMNS=columns)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "0 texts judged; nothing was changed.",
        "0 would be held",
        "0 would no longer be held",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "--policy: Expected `object`, got `array`"),
        ('{"premoderate": 1}', "--policy: Object contains unknown field"),
    ],
)
def test_a_file_that_is_no_policy_is_refused(tmp_path: Path, text: str, said: str) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(text)
    done = here("rehearse", SITE, "--policy", str(policy))
    assert (done.out, done.status) == ("", 2)
    assert done.err.startswith(f"hansard: {said}")
    done = here("rehearse", SITE, "--policy", str(tmp_path / "none"))
    assert "cannot be read" in done.err
