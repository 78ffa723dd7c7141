"""docs/pages.md names what is served, and nothing else."""

import re
from pathlib import Path

from tests.support.house import SITE, THREAD, House
from workers.gateway.app import discussions_of
from workers.gateway.operations.notices import desk_of
from workers.gateway.web.assets import FILE
from workers.gateway.web.browser_endpoints import browser_endpoints
from workers.gateway.web.desk import Sample

PAGE = (Path(__file__).parents[4] / "docs" / "pages.md").read_text()


async def test_the_document_lists_every_path_and_no_other(standing: House) -> None:
    services = standing.services
    sample = Sample(site=SITE, thread=THREAD)
    served = browser_endpoints(discussions_of(services), services.keyring, desk_of(services), sample)
    listed = re.findall(r"^\| `(/[^`]*)` \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(path.replace(FILE, "/embed/{digest}/{path}") for path in served)
