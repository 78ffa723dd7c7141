"""Every command on a discussion whose every text would act on a terminal: it shows what is there, and nothing acts."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from anyio import to_thread

from core import heads
from core.events.comment_events import CommentEdited, CommentPosted, CommentRejected
from core.events.envelope import Stamp, encode
from core.events.event import Event
from core.events.member_events import MemberSuspended
from core.events.report_events import ReportFiled
from core.events.site_events import SiteOpened
from core.events.thread_events import AnchorOpened, ThreadClosed, ThreadOpened
from core.keys import Keys
from core.log.port import NewEvent
from core.policy import Policy
from tests.support import program
from tests.support.discussions import MOD, PEOPLE
from tests.support.poisoning import put
from tests.support.program import Ended, running
from tests.support.projecting import Bench, bench, projecting
from tests.support.servers import client
from workers.__main__ import main
from workers.backup import file
from workers.backup.file import Entries, written
from workers.backup.reader import records
from workers.runtime import escaping

SITE, THREAD, PARKED = "kew", "tea", "mint"

ACTING: Final = (
    "\x00\x07\x08\r\x1b[31m\x1b]0;owned\x07\x7f\x9b31m\x9d0;owned\x9c\u202egnp.exe\u202c\u2066x\u2069\u2028\u2029"
)
"""Both sets of controls, what reorders, and the separators that are no newline."""
SHOWN: Final = escaping.line(ACTING)
RAW: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What acts; a newline ends lines."""

EVENTS: Final[Sequence[tuple[str, Event]]] = (
    ("", SiteOpened(policy=Policy(), name=f"site {ACTING}")),
    ("", MemberSuspended(member="eve", reason=f"suspension {ACTING}")),
    (THREAD, ThreadOpened(url=f"https://kew.example/{ACTING}", title=f"title {ACTING}\nforged")),
    (THREAD, AnchorOpened(anchor="q", exact=f"exact {ACTING}", prefix=f"p {ACTING}", suffix=ACTING, prompt=ACTING)),
    (
        THREAD,
        CommentPosted(
            comment="c",
            anchor="q",
            body=f"body {ACTING}\nsecond line",
            name=f"name {ACTING}\nforged",
            avatar=f"https://kew.example/{ACTING}",
            badges=(f"badge {ACTING}",),
        ),
    ),
    (
        THREAD,
        CommentEdited(comment="c", revision=2, body=f"edit {ACTING}", name=ACTING, reason=f"why {ACTING}\nforged"),
    ),
    (THREAD, CommentPosted(comment="d", body="words", name="Dan", rule="links", match=f"match {ACTING}")),
    (THREAD, CommentRejected(comment="d", revision=1, reason=f"reason {ACTING}", note=f"note {ACTING}")),
    (THREAD, ReportFiled(comment="c", revision=1, reason="abuse", note=f"report {ACTING}")),
    (THREAD, ThreadClosed(reason=f"closed {ACTING}")),
    (PARKED, ThreadOpened(url="https://kew.example/mint", title="Mint")),
)


@pytest.fixture
async def hostile(fresh: str) -> AsyncIterator[tuple[str, Bench]]:
    """URL of a server with the discussion, its views made, and a thread parked at an event of a hostile type."""
    async with bench(fresh, partitions=2) as there:
        for thread, event in EVENTS:
            actor = MOD.actor if not isinstance(event, CommentPosted | CommentEdited) else PEOPLE[0].actor
            e, c = encode(event, Stamp(actor=actor, site=SITE, thread=thread))
            mark = heads.mark(event)
            await put(there.log, thread, NewEvent(head=heads.of(event, actor), e=e, c=c, mark=mark), SITE)
        where = f'"actor":{{"kind":"member","id":"ada"}},"site":"{SITE}","thread":"{PARKED}"'
        strange = f'{{"type":{json.dumps(f"sung.{ACTING}", ensure_ascii=False)},{where}'
        await put(there.log, PARKED, NewEvent(head="thread", e=strange.encode(), c=b""), SITE)
        async with projecting(there.projector()):
            await there.all_level()
        yield fresh, there


async def here(*arguments: str, **settings: str) -> Ended:
    """Run a command to its end, beside the loop of the test: it has one of its own."""
    return await to_thread.run_sync(partial(program.here, *arguments, **settings))


def quiet(done: Ended) -> Ended:
    """Nothing of what it printed acts."""
    for printed in (done.out, done.err):
        assert RAW.search(printed) is None, printed
    return done


def texts_of(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for each in value for text in texts_of(each)]
        case dict():
            return [text for each in value.values() for text in texts_of(each)]
        case _:
            return []


COMMANDS: Final[dict[str, tuple[tuple[str, ...], int]]] = {
    "thread": (("thread", SITE, THREAD), 0),
    "thread in the past": (("thread", SITE, THREAD, "--at", "LAST", "--staff"), 0),
    "history": (("history", SITE, THREAD, "c", "--staff"), 0),
    "history of what is not public": (("history", SITE, THREAD, "d", "--staff"), 0),
    "replay": (("replay",), 0),
    "parked": (("parked",), 0),
    "parked show": (("parked", "show", SITE, PARKED), 0),
    "parked requeue": (("parked", "requeue", SITE, PARKED), 1),
    "verify": (("verify", "--values"), 1),
    "doctor": (("doctor", "--durability", "memory"), 1),
    "upgrade": (("upgrade",), 0),
    "rebuild --status": (("rebuild", "--status"), 0),
    "rebuild": (("rebuild", "--pace", "1"), 0),
}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(("arguments", "status"), COMMANDS.values(), ids=COMMANDS)
async def test_no_command_prints_what_would_act(
    hostile: tuple[str, Bench], arguments: tuple[str, ...], status: int, as_json: bool
) -> None:
    url, there = hostile
    if arguments[0] == "verify":
        rows = there.deployment.keys.of(SITE, THREAD).thread_views(1, SITE, THREAD).rows
        await there.call("HSET", rows, f"stray{ACTING}", f"value {ACTING}")
    last = await there.log.thread_last(SITE, THREAD)
    given = [str(last) if one == "LAST" else one for one in arguments]
    done = quiet(await here(*given, "--redis-url", url, *(["--json"] if as_json else [])))
    assert done.status == status, done.err
    if as_json:
        # What it says is what is there.
        texts = [text for document in done.documents for text in texts_of(document)]
        if arguments[0] in ("thread", "history", "replay", "verify"):
            assert any(ACTING in text for text in texts)
    elif arguments[0] in ("thread", "parked", "verify"):
        assert r"\x1b" in done.out + done.err
        assert r"\u202e" in done.out + done.err


async def test_a_thread_shows_every_text_and_no_line_is_forged(hostile: tuple[str, Bench]) -> None:
    out = (await here("thread", SITE, THREAD, "--redis-url", hostile[0], COLUMNS="2000")).out
    assert f"title {SHOWN}" + r"\nforged" in out
    assert f"https://kew.example/{SHOWN}" in out
    assert rf"name {SHOWN}\nforged (badge {SHOWN})" in out
    assert f"  edit {SHOWN}\n" in out
    assert not any(line.startswith("forged") for line in out.splitlines())
    history = (await here("history", SITE, THREAD, "c", "--redis-url", hostile[0], COLUMNS="2000")).out
    assert f"“why {SHOWN}" + r"\nforged”" in history
    assert f"name {SHOWN}" + r"\nforged" in history
    assert f"  body {SHOWN}\n  second line\n" in history


async def test_tail_prints_nothing_that_would_act(hostile: tuple[str, Bench], tmp_path: Path) -> None:
    url, there = hostile
    for flags in ((), ("--json",)):
        with running("tail", "--redis-url", url, *flags, said=tmp_path / "said") as tail:
            while "following" not in tail.err:
                assert tail.process.poll() is None, tail.err
            event = ThreadClosed(reason=f"again {ACTING}")
            e, c = encode(event, Stamp(actor=MOD.actor, site=SITE, thread=THREAD))
            await put(there.log, THREAD, NewEvent(head="thread", e=e, c=c), SITE)
            line = tail.line()
            assert RAW.search(line) is None, line
            assert not flags or json.loads(line)["data"]["reason"] == f"again {ACTING}"


async def test_errors_and_complaints_do_not_act_either(hostile: tuple[str, Bench], tmp_path: Path) -> None:
    url, there = hostile
    for arguments in (
        ("thread", SITE, ACTING),
        ("history", SITE, THREAD, ACTING),
        ("replay", "--site", ACTING),
        ("replay", "--type", ACTING),
        ("thread", SITE, THREAD, "--at", ACTING),
        ("token", "--site", SITE, "--sub", ACTING, "--name", "x"),
        ("verify", f"--{ACTING}"),
        ("backup", str(tmp_path / "none" / ACTING.replace("\x00", ""))),
        ("restore", str(tmp_path / ACTING.replace("\x00", ""))),
        (ACTING,),
    ):
        done = quiet(await here(*arguments, *(["--redis-url", url] if len(arguments) > 1 else [])))
        assert done.status in (1, 2), (arguments, done.err)
    with client(url) as redis:
        log = Keys(2).of(SITE, THREAD).log
        last = await there.log.last(Keys(2).of(SITE, THREAD).number)
        stray = f'{{"type":"x","actor":{{"kind":"staff","id":"a"}},"site":"{ACTING}"'
        redis.execute_command("XADD", log, f"{last.ms}-{last.n + 1}", ACTING, ACTING)
        redis.execute_command("XADD", log, f"{last.ms}-{last.n + 2}", "e", stray, "c", "")
    for command in ("replay", "verify", "doctor"):
        quiet(await here(command, "--redis-url", url))


async def test_what_a_backup_says_does_not_act(hostile: tuple[str, Bench], tmp_path: Path) -> None:
    url, _ = hostile
    path = tmp_path / "backup"
    assert quiet(await here("backup", str(path), "--redis-url", url)).status == 0
    # An event of a type that nobody knows: it is named.
    done = quiet(await here("restore", str(path), "--check"))
    assert done.status == 1
    assert r"\x1b" in done.err
    lacking = tmp_path / "lacking"
    with written(lacking) as writer:
        for record in records(path):
            if not isinstance(record, Entries) or b"sung" not in b"".join(e for _, e, _ in record.entries):
                if isinstance(record, file.End):
                    writer.write(file.Lacks(partition=0, after=b"0-0", why=f"why {ACTING}\nforged"))
                writer.write(record)
        writer.close()
    done = quiet(await here("restore", str(lacking), "--check"))
    assert done.status == 1
    assert not any(line.startswith("forged") for line in done.err.splitlines())


def test_nothing_in_a_command_prints_but_the_one_place_that_escapes() -> None:
    places = {"output.py", "exit_status.py", "help_page.py"}
    for source in sorted((Path(main.__code__.co_filename).parent / "cli").glob("*.py")):
        found = re.findall(r"(?<![\w.])print\(|sys\.std(?:out|err)\.(?!isatty)", source.read_text())
        assert not found or source.name in places, source.name
