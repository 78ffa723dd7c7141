"""What a generator of requests finds: the gateway keeps to its own document, whatever it is asked.

The generator is a program of its own, so that neither the collection of tests nor a fixture waits for it. Well-formed
requests may be refused for what a schema cannot say: 412, 413, 422 and 428 are then right, and 400 where the problem
points to such a field (`fuzzing.UNSAYABLE`).
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import anyio

from tests.support.house import BEN, SITE, THREAD, House, Who, operator_token, token
from tests.support.wire import served
from workers.gateway.operations.operation import Access as For
from workers.gateway.operations.table import OPERATIONS

STAFF: Final = Who("mod", ("moderator", "auditor", "admin"))
HOOKS: Final = "tests.support.fuzzing"
GENERATOR: Final = "from schemathesis.cli import schemathesis; schemathesis()"
ROOT: Final = Path(__file__).parents[3]
SECONDS: Final = 40
"""How long the generator may go on; on a machine that is busy it gets less far."""
SPARE: Final = "spare"
"""A site whose keys the generator may replace."""


def config(comment: str) -> str:
    """The generator's configuration, in TOML. The ids in paths are real ones, for there is little to find elsewhere."""
    operators = json.dumps([call.name for call in OPERATIONS if call.access is For.OPERATOR])
    return f"""
hooks = "{HOOKS}"
max-time = {SECONDS}

[headers]
Authorization = "Bearer {token(STAFF)}"

[parameters]
"path.site" = "{SITE}"
"path.thread" = "{THREAD}"
"path.comment" = "{comment}"

[generation]
max-examples = 3
deterministic = true
database = "none"

[phases.stateful]
enabled = false

[checks.positive_data_acceptance]
enabled = false  # the check `taken` looks closer

[checks.missing_required_header]
expected-statuses = [400, 401, 403, 404, 415, 422, 428]

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 428, 431]

[[operations]]
include-operation-id = {operators}
headers = {{ Authorization = "Bearer {operator_token()}" }}
parameters = {{ "path.site" = "{SPARE}" }}

[[operations]]
include-operation-id = "endRemovalRequest"
checks.negative_data_rejection.enabled = false  # of what it takes, nothing but the ids is generated, which are real

[[operations]]
include-operation-id = "followThread"
enabled = false  # its answer does not end

[[operations]]
include-operation-id = "followQueue"
enabled = false  # nor does this one
"""


async def test_the_gateway_keeps_to_its_document(house: House, tmp_path: Path) -> None:
    await house.open_site(site=SPARE)
    comment = await house.post(STAFF)
    await house.post(BEN, "An answer.", parent=comment)
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(config(comment))
    async with served(house.app) as server:
        found = await anyio.run_process(
            [
                *(sys.executable, "-c", GENERATOR, f"--config-file={settings}"),
                *("run", f"{server.url}/openapi.json", f"--url={server.url}", "--no-color"),
            ],
            check=False,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,  # it leaves notes for its next run behind
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    said = found.stdout.decode()
    assert found.returncode == 0, said[-20_000:]
    assert re.search(r"(\d\d+) generated, \1 passed", said), said
