"""What a test needs of the machine: where it is missing, the test is skipped with a word, or fails where CI insists."""

import os

import pytest


def insist(missing: str | None, variable: str) -> None:
    """Skip for what is missing; fail where the environment variable is 1. None where nothing is."""
    if missing is None:
        return
    if os.environ.get(variable) == "1":
        pytest.fail(f"{missing} ({variable} is set)", pytrace=False)
    pytest.skip(missing)
