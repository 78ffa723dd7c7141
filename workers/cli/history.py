"""`hansard history`: the revisions of a comment."""

from typing import Annotated, Any

import anyio
import msgspec
from cyclopts import Parameter

from core.application.current_state import policy_of
from core.refusals import NotFound
from projections.read.queries import RevisionsQuery
from projections.read.revisions import revisions
from projections.views.viewer import PUBLIC, Viewer
from workers.cli import output
from workers.cli.options import NOWHERE, Json, Where
from workers.cli.target import last_of, reading
from workers.cli.trail import decisions_of, trail_of
from workers.runtime import escaping
from workers.runtime.settings import Settings

PAGE = 200
"""Revisions per read."""


def history(
    site: str,
    thread: str,
    comment: str,
    /,
    *,
    staff: Annotated[
        bool,
        Parameter(
            negative="",
            help="Include what readers may not see, and every hold and decision with its actor, reason and rule. "
            "Redacted text is gone.",
        ),
    ] = False,
    json: Json = False,
    where: Where = NOWHERE,
) -> int:
    """Show every revision of a comment, oldest first, and what changed in each.

    On a terminal, removed text is struck through in red and added text is underlined in green; elsewhere they are
    [-marked-] and {+marked+}. The votes are those at the time when the text was last on the page.

    For example:

        hansard history sample night-train nt-03

        hansard history sample night-train nt-13 --staff

        hansard history sample night-train nt-03 --json
    """
    viewer = Viewer(staff=True) if staff else PUBLIC
    found = anyio.run(_revisions, where.quietly(), site, thread, comment, viewer)
    if json:
        output.document(found)
    else:
        from workers.cli import wording

        wording.show_history(output.console(), escaping.document(found))
    return 0


async def _revisions(settings: Settings, site: str, thread: str, comment: str, viewer: Viewer) -> dict[str, Any]:
    async with reading(settings) as (log, served):
        policy = await policy_of(log, site, thread)
        await last_of(log, served, site, thread)
        document: dict[str, Any] = {"comment": comment, "revisions": [], "next": None}
        while True:
            query = RevisionsQuery(diff="words", limit=PAGE, cursor=document["next"])
            answer = await revisions(served, site, thread, comment, viewer, policy.history, query)
            if answer is None:
                hint = "" if viewer.staff else " that readers see; --staff shows more"
                raise NotFound(f"there is no such comment{hint}")
            page = msgspec.json.decode(answer.body)
            document["revisions"] += page["revisions"]
            document["next"] = page["next"]
            if document["next"] is None:
                break
        if viewer.staff:
            decisions = decisions_of((await trail_of(log, site, thread, comment)).events)
            for revision in document["revisions"]:
                revision["decisions"] = decisions.get(revision["revision"], [])
        return document
