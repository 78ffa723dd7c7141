"""`openapi-python-client` at its defaults makes a client of the document that works against a running gateway."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.following import Station
from tests.support.house import ADA, BEN, MOD, SITE, THREAD, Who, token
from workers.gateway.docs.openapi import document
from workers.gateway.http.response import encode
from workers.gateway.operations.table import OPERATIONS

GENERATOR: Final = Path(sys.executable).with_name("openapi-python-client")
PACKAGE: Final = "hansard_client"
"""How the generator names it, after the title of the document."""


class Client:
    """The generated package: its calls by name, its models, and clients that carry somebody's token."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.models: Any = importlib.import_module(f"{PACKAGE}.models")

    async def ask(self, name: str, *place: str, who: Who | None = None, **given: Any) -> Any:
        """What a call answers, as the generated code reads it."""
        made: Any = importlib.import_module(PACKAGE)
        kind = made.Client(self._url) if who is None else made.AuthenticatedClient(self._url, token=token(who))
        (module,) = Path(made.__file__).parent.glob(f"api/*/{name}.py")
        call: Any = importlib.import_module(f"{PACKAGE}.api.{module.parent.name}.{name}")
        async with kind as client:
            return await call.asyncio(*place, client=client, **given)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the generated client lies; it is forgotten afterwards."""
    if not GENERATOR.exists():
        pytest.skip("tests/clients: no openapi-python-client found; `make test` installs it")
    top = tmp_path_factory.mktemp("generated")
    (top / "openapi.json").write_bytes(encode(document()))
    out = top / "client"
    done = subprocess.run(
        [GENERATOR, "generate", "--path", str(top / "openapi.json"), "--output-path", str(out)],
        # It formats what it makes with the ruff beside it.
        env={**os.environ, "PATH": f"{GENERATOR.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "arning" not in said, said
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(out)
        yield out / PACKAGE
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def test_every_call_and_every_shape_is_made(folder: Path) -> None:
    assert len(list(folder.glob("api/*/[a-z]*.py"))) == len(OPERATIONS)
    models: Any = importlib.import_module(f"{PACKAGE}.models")
    assert set(document()["components"]["schemas"]) <= set(dir(models))


async def test_it_lists_posts_votes_reads_the_history_reports_and_is_told_problems(
    folder: Path, gateway: Station
) -> None:
    client = Client(str(gateway.client.base_url))
    models = client.models
    page = await client.ask("read_thread", SITE, THREAD)
    assert isinstance(page, models.Page)
    assert (page.comments, page.next_, page.sort) == ([], None, "newest")

    words = models.PostComment(body="The Senat voted.")
    written = await client.ask("post_comment", SITE, THREAD, who=ADA, body=words, idempotency_key="k1")
    assert isinstance(written, models.Written)
    comment = written.comment.id
    again = await client.ask("post_comment", SITE, THREAD, who=ADA, body=words, idempotency_key="k1")
    assert again.position == written.position
    up = models.CastVote(value=models.CastVoteValue.VALUE_1)
    voted = await client.ask("vote", SITE, THREAD, comment, who=BEN, body=up)
    assert (voted.comment.votes.up, voted.comment.votes.score) == (1, 1)
    edit = models.EditComment(body="The Senate voted.", reason="Typo")
    edited = await client.ask("edit_comment", SITE, THREAD, comment, who=ADA, body=edit, if_match='"1"')
    assert edited.comment.edited.by.name == "Ada"
    report = models.FileReport(reason="abuse", note="Note.")
    assert isinstance(await client.ask("report_comment", SITE, THREAD, comment, who=BEN, body=report), models.Written)

    page = await client.ask("read_thread", SITE, THREAD, after=edited.position)
    (row,) = page.comments
    assert (row.author.id, row.author.avatar, row.body, row.revision) == ("ada", None, "The Senate voted.", 2)
    assert row.posted_at.utcoffset().total_seconds() == 0
    history = await client.ask(
        "read_revisions", SITE, THREAD, comment, diff=models.ReadRevisionsDiff.WORDS, after=edited.position
    )
    assert [one.body for one in history.revisions] == ["The Senat voted.", "The Senate voted."]
    assert ["+", "Senate"] in [[str(one) for one in part] for part in history.revisions[1].diff]
    policy = await client.ask("read_thread_policy", SITE, THREAD)
    assert (policy.max_body, policy.votes, policy.edit_window) == (5000, True, None)

    own = await client.ask("vote", SITE, THREAD, comment, who=ADA, body=up)
    assert isinstance(own, models.Problem)
    assert (own.type_, own.status) == ("/problems/own-vote", 403)
    stale = await client.ask("edit_comment", SITE, THREAD, comment, who=ADA, body=edit, if_match='"1"')
    assert (stale.type_, stale.current) == ("/problems/stale-revision", 2)
    nobody = await client.ask("post_comment", SITE, THREAD, body=words)
    assert nobody.type_ == "/problems/unauthenticated"

    decision = models.MakeDecision(verdict=models.MakeDecisionVerdict.REJECT, revision=2, reason="Reason.")
    decided = await client.ask("decide", SITE, THREAD, comment, who=MOD, body=decision)
    assert decided.comment.moderation.reason == "Reason."
    mine = await client.ask("read_overlay", SITE, THREAD, who=ADA, after=decided.position)
    assert [one.decision.reason for one in mine.rejected] == ["Reason."]


async def test_its_models_read_the_events_of_a_feed(folder: Path, gateway: Station) -> None:
    client = Client(str(gateway.client.base_url))
    events = document()["components"]["schemas"]["FollowThreadEvents"]["properties"]
    page = await client.ask("read_thread", SITE, THREAD)
    async with gateway.follow(page.thread.position) as follower:
        words = client.models.PostComment(body="Words.")
        written = await client.ask("post_comment", SITE, THREAD, who=ADA, body=words)
        decision = client.models.MakeDecision(verdict=client.models.MakeDecisionVerdict.REJECT, revision=1)
        await client.ask("decide", SITE, THREAD, written.comment.id, who=MOD, body=decision)
        frames = await follower.until("comment.removed")
    read = [
        getattr(client.models, events[frame.event]["$ref"].rpartition("/")[2]).from_dict(
            json.loads(json.dumps(frame.data))
        )
        for frame in frames
    ]
    assert [one.comment for one in read] == [written.comment.id] * 2
    assert (read[0].row.body, read[1].row) == ("Words.", None)
    assert read[0].thread.comments == 1
