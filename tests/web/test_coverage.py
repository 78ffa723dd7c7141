"""How much of the scripts ran in the browser: counted per module, merged, and told too low rather than too high."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.following import Station
from tests.web import coverage
from tests.web.chromium import launched
from tests.web.coverage import FOLDER, Coverage, recorded
from tests.web.visiting import Publisher, Visitors
from workers.gateway.web.assets import release

DIFF = "shared/diff.js"


def script(path: str, *functions: tuple[str, list[tuple[int, int, int]]]) -> dict[str, Any]:
    """What the browser tells of a script: functions with their ranges from, to, and how often each ran."""
    return {
        "url": f"http://hansard.example{path}",
        "functions": [
            {
                "functionName": name,
                "ranges": [{"startOffset": start, "endOffset": end, "count": count} for start, end, count in ranges],
            }
            for name, ranges in functions
        ],
    }


def text(found: Coverage, path: str, source: str) -> None:
    """Let a module have this source."""
    found.modules[path].source, found.modules[path].ran = source, bytearray(len(source))


def address(path: str) -> str:
    return f"/embed/{release().digest}/{path}"


def test_an_inner_range_says_more_than_the_one_around_it_and_white_space_does_not_count() -> None:
    found = Coverage()
    text(found, DIFF, "ab (cd ef) gh")
    found.add([script(address(DIFF), ("inner", [(3, 10, 0)]), ("", [(0, 13, 1), (7, 9, 0)]))])
    assert found.modules[DIFF].share == (4, 10, 1, 2)
    found.add([script(address(DIFF), ("inner", [(3, 10, 2), (7, 9, 0)]), ("", [(0, 13, 0)]))])
    assert found.modules[DIFF].share == (8, 10, 2, 2)
    assert found.missed(DIFF) == [f"{DIFF}:1: ab (cd ef) gh"]


def test_offsets_of_the_browser_count_two_for_characters_beyond_the_first_plane() -> None:
    found = Coverage()
    text(found, DIFF, "'🌿';abc")
    found.add([script(address(DIFF), ("", [(0, 8, 1), (5, 8, 0)]))])
    assert bytes(found.modules[DIFF].ran) == b"\1\1\1\1\0\0\0"


def test_scripts_of_others_and_of_other_releases_do_not_count() -> None:
    found = Coverage()
    found.add([script(path, ("", [(0, 9, 1)])) for path in ("/own.js", "/embed/0123456789abcdef/shared/diff.js")])
    assert found.total.ran == 0
    assert "embed.js" in found.modules, "what nobody loaded counts, too"


@pytest.mark.parametrize(("ran", "more", "status"), [(1, [], 0), (0, [], 1), (0, ["--part"], 0)])
def test_processes_are_merged_and_too_little_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ran: int, more: list[str], status: int
) -> None:
    for number in range(2):
        found = Coverage()
        for index, (path, module) in enumerate(sorted(found.modules.items())):
            url = address(path) if path in release().files else f"/{path}"
            if index % 2 == number:
                found.add([script(url, ("f", [(0, len(module.source), ran)]))])
        (tmp_path / f"{number}.json").write_text(json.dumps(found.document()))
    assert coverage.main([str(tmp_path), *more]) == status
    assert f"{100 * ran:6.1f} %" in capsys.readouterr().out.splitlines()[-1 if status == 0 else -2]


async def test_what_runs_in_a_page_is_left_for_the_report_until_the_page_goes_elsewhere_or_is_closed(
    sample: Station, publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del sample
    monkeypatch.setenv(FOLDER, str(tmp_path))
    body = '<hansard-comments site="sample" thread="night-train" start="now"></hansard-comments>'
    head = f'<script type="module" src="{publisher.gateway}/embed.js"></script>'
    first, second = publisher.put("/first", body, head=head), publisher.put("/second", "<main>Nothing.</main>")
    with recorded():
        async with launched() as browser:
            visitors = Visitors(browser)
            page = await (await visitors.arrive()).open(first)
            await page.locator("hansard-comments .live").wait_for()
            await page.goto(second)
            await visitors.leave()
    (left,) = tmp_path.iterdir()
    found = Coverage()
    found.merge(json.loads(left.read_text()))
    assert found.modules["section/row.js"].share.per_cent > 50
    assert found.modules["audit/room.js"].share.per_cent == 0
