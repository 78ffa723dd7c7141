"""What an import costs: reading an export, and making facts of comments with HTML, on one core; then applying a plan.

Each round of a plan is a process of its own, whose processor time and highest memory are its result. The comments have
the markup of old blogs: a link, emphasis, a quotation, newlines.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import anyio

from tests.bench import applying
from tests.bench.cores import on
from tests.bench.figures import Figure, Target
from tests.bench.stage import Stage
from tests.support.exports import HEAD, KEY, wp_comment

IN_AN_ARTICLE: Final = 50
BODY: Final = (
    '<p>Comment <b>{number}</b>, with a <a href="https://a.org/x?c={number}">link</a> and <em>some</em> words.</p>\n'
    "<blockquote>A quotation of what somebody said before in this thread.</blockquote>\n"
    "And the answer to it, which is a little longer than the rest, as answers are."
)
MOST_MEMORY: Final = 200


async def measure(stage: Stage) -> list[Figure]:
    """Comments read, planned and applied per second, and the memory that it takes."""
    return [*_planned(stage), *await applying.measure(stage)]


def _planned(stage: Stage) -> list[Figure]:
    comments = stage.sizes.appends * 2
    with tempfile.TemporaryDirectory() as folder, on(stage.cores.own):
        export = Path(folder) / "blog.xml"
        write(export, comments)
        rounds = [_round(export, Path(folder) / f"plan-{number}") for number in range(stage.sizes.rounds)]
    return [
        Figure(
            name="reading a WordPress export, one core",
            unit="comments/s",
            measured=tuple(comments / one["read"] for one in rounds),
            target=Target(of="measured", at_least=30_000),
        ),
        Figure(
            name="planning comments with HTML, one core",
            unit="comments/s",
            measured=tuple(comments / one["plan"] for one in rounds),
            target=Target(of="measured", at_least=1_000),
        ),
        Figure(
            name=f"memory of a process that plans {comments:,} comments",
            unit="MB",
            measured=tuple(one["memory"] for one in rounds),
            target=Target(of="measured", at_most=MOST_MEMORY),
        ),
    ]


def write(path: Path, comments: int) -> None:
    """Write an export of WordPress, article by article."""
    with path.open("w") as file:
        file.write(f'{HEAD}<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel>')
        for first in range(0, comments, IN_AN_ARTICLE):
            slug = (
                f"<wp:post_id>{first}</wp:post_id><wp:post_name>a{first}</wp:post_name><wp:status>publish</wp:status>"
            )
            file.write(f"<item><title>Article {first}</title><link>https://gazette.example/{first}</link>{slug}")
            for number in range(first + 1, first + IN_AN_ARTICLE + 1):
                body = BODY.format(number=number)
                parent = str(number - 1) if number > first + 1 else "0"
                file.write(wp_comment(number, body, parent=parent, author=f"Reader {number % 997}"))
            file.write("</item>")
        file.write("</channel></rss>")


def _round(export: Path, into: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.importing", str(export), str(into)]
    done = subprocess.run(command, capture_output=True, check=True, cwd=Path(__file__).parents[2])
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(export: Path, into: Path) -> dict[str, Any]:
    """Read, then plan; seconds of processor time, and megabytes."""
    from workers.importers.planning.body_text import converted  # noqa: PLC0415 - what is measured
    from workers.importers.planning.plan_options import PlanOptions  # noqa: PLC0415 - as above
    from workers.importers.planning.planner import make_plan  # noqa: PLC0415 - as above
    from workers.importers.readers import wxr  # noqa: PLC0415 - as above

    key = into.with_suffix(".key")
    key.write_text(KEY)
    key.chmod(0o600)
    converted(BODY, "wordpress")  # what is imported late is imported now
    begun = time.process_time()
    for _ in wxr.read([export]):
        pass
    read = time.process_time() - begun
    options = PlanOptions(
        format="wxr", files=(export,), site="bench", into=into, now=time.time_ns() // 1_000_000, guest_key=key
    )
    begun = time.process_time()
    anyio.run(make_plan, options)
    plan = time.process_time() - begun
    return {"read": read, "plan": plan, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
