"""A backup, taken while people write, and a deployment made of it that nobody can tell from the first."""

import re
import stat
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from core.application.current_state import site_of
from core.application.transact import transact
from core.contacts import Contact
from core.domain.site import ChangePolicy
from core.events.content import without_profile, without_words
from core.events.envelope import decode
from core.formats import Formats
from core.keys import DEPLOYMENT, FIRST_GENERATION, Partition, window
from core.log.port import Entry
from core.log.redis import RedisLog
from core.log.restore import Elsewhere, Restored, write_again
from core.policy import HELD_BEFORE, Policy, PolicyChanges
from core.position import START, Position
from core.redis.deployment import Deployment, open_deployment
from core.redis.errors import HalfRestored, OtherDeployment
from core.screener import Screener
from projections.read import progress
from projections.verify.verifier import verify
from tests.support.bounds import BOUND
from tests.support.discussions import Play, stream
from tests.support.house import ADA, BEN, EVE, SITE, THREAD, House, Who, at, built, problem
from tests.support.house import PARTITIONS as FEW
from tests.support.logs import facts
from tests.support.people import ADMIN
from tests.support.restored import PARTITIONS, SECRETS, everything, restored
from tests.support.servers import client
from workers.backup import restore as restoring
from workers.backup import take as taking
from workers.backup.file import Commands, ContactsRecord, Entries, ScreenerRecord, SiteKeysRecord
from workers.backup.file_check import check
from workers.backup.reader import records
from workers.backup.restore import restore
from workers.backup.take import take
from workers.runtime.process import Failed

COMMENTS: Final = f"threads/{THREAD}/comments"


async def test_a_backup_of_a_log_in_which_people_write_is_restored_entry_by_entry_and_verified(
    fresh: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "backup"
    answers: dict[str, dict[str, Any]] = {}
    async with built(fresh) as house:
        await house.open_site()
        await house.open_thread()
        comment = await house.post(ADA)
        vote = await said(house, "PUT", f"{at(comment)}/vote", BEN, {"value": 1}, "v")
        # The second changes nothing: what its key is remembered by is the position of the first.
        assert (await said(house, "PUT", f"{at(comment)}/vote", BEN, {"value": 1}, "w"))["position"] == vote["position"]
        for number in range(20):
            key = f"k{number}"
            answers[key] = await said(house, "POST", COMMENTS, BEN, {"body": key}, key)
        real = RedisLog.read
        later: list[str] = []

        async def read(log: RedisLog, *arguments: Any, **named: Any) -> list[Entry]:
            answer = await house.ask("POST", COMMENTS, EVE, {"body": "meanwhile"}, Idempotency_Key=f"l{len(later)}")
            later.append(answer.json()["position"])
            return await real(log, *arguments, **named)

        with monkeypatch.context() as busy:
            busy.setattr(RedisLog, "read", read)
            busy.setattr(taking, "BATCH", 5)
            taken = await take(house.deployment, path)
        assert len(later) >= 5
        whole = [await house.log.read(number, START, limit=10_000) for number in range(FEW)]
    checked = await restored(target, path, FEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    cuts = [Position.decode(last) for last in checked.end.upto]
    async with built(target) as again:
        there = [await again.log.read(number, START, limit=10_000) for number in range(FEW)]
        assert there == [
            [entry for entry in log if entry.position <= cut] for log, cut in zip(whole, cuts, strict=True)
        ]
        assert sum(len(log) for log in there) == taken.events < sum(len(log) for log in whole)
        for number, log in enumerate(there):
            if log:
                entry = log[-1]
                assert await progress.reached(again.served, *place_of(entry), entry.position, within=BOUND), number
        deployment = again.deployment
        assert [one async for one in verify(again.log, deployment.reads, deployment.keys)] == []
        page = await again.get(f"threads/{THREAD}?limit=200")
        assert page.json()["thread"]["comments"] == 1 + 20
        # Keys of before are answered as before; a key of what came after the backup is free again.
        length = await again.length()
        for key, answer in answers.items():
            assert await said(again, "POST", COMMENTS, BEN, {"body": key}, key) == answer
        for key in ("v", "w"):
            assert (await said(again, "PUT", f"{at(comment)}/vote", BEN, {"value": 1}, key))["position"] == vote[
                "position"
            ]
        assert await again.length() == length
        problem(
            await again.ask("POST", COMMENTS, BEN, {"body": "other words"}, Idempotency_Key="k0"),
            422,
            "idempotency-key-reused",
        )
        new = await said(again, "POST", COMMENTS, EVE, {"body": "meanwhile"}, "l0")
        partition = deployment.keys.of(SITE, THREAD).number
        assert Position.parse(new["position"]).n == cuts[partition].n + 1


async def test_contacts_are_copied_sealed_and_open_again_with_their_key(
    fresh: str, target: str, tmp_path: Path
) -> None:
    path = tmp_path / "backup"
    people = {f"notice:{number}": Contact(email=f"reader-{number}@private.example") for number in range(1200)}
    async with built(fresh) as house:
        await house.open_site()
        for field, contact in people.items():
            await house.services.contacts.keep(SITE, field, contact)
        await take(house.deployment, path)
    await restored(target, path, FEW)
    found = [record for record in records(path) if isinstance(record, ContactsRecord)]
    assert b"private.example" not in b"".join(sealed for record in found for _, sealed in record.fields)
    async with built(target) as again:
        for field in ("notice:0", "notice:1199"):
            assert await again.services.contacts.read(SITE, field) == people[field]
        key = again.deployment.keys.of(SITE).contacts(SITE)
        assert await again.deployment.calls.call("HLEN", key) == len(people)


async def test_a_screener_is_copied_sealed_and_opens_again_with_its_key(
    fresh: str, target: str, tmp_path: Path
) -> None:
    path = tmp_path / "backup"
    screener = Screener(url="https://screener.example/", shape="coral", secret="known to the screener alone")
    async with built(fresh) as house:
        await house.open_site()
        await house.services.screeners.keep(SITE, screener)
        await take(house.deployment, path)
    await restored(target, path, FEW)
    (found,) = (record for record in records(path) if isinstance(record, ScreenerRecord))
    assert b"screener" not in found.sealed
    assert "screener.example" not in repr(found)
    async with built(target) as again:
        assert await again.services.screeners.read(SITE) == screener


async def said(house: House, method: str, path: str, who: Who, body: Any, key: str) -> dict[str, Any]:
    answer = await house.ask(method, path, who, body, Idempotency_Key=key)
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    await house.settled(found["position"])
    return found


def place_of(entry: Entry) -> tuple[str, str]:
    envelope = decode(*entry).envelope
    return envelope.site, envelope.thread


def contents(path: Path) -> tuple[list[Any], ...]:
    """What a backup holds, however it is cut into records."""
    entries: dict[int, list[Any]] = {}
    commands: list[Any] = []
    for record in records(path):
        if isinstance(record, Entries):
            entries.setdefault(record.partition, []).extend(record.entries)
        elif isinstance(record, Commands):
            commands += [(record.partition, record.window, *one) for one in record.records]
    sites = [(record.site, sorted(record.fields)) for record in records(path) if isinstance(record, SiteKeysRecord)]
    return sorted(entries.items()), sorted(commands), sites


async def test_what_is_restored_is_what_was_there_key_by_key(
    backup: tuple[str, Path], target: str, tmp_path: Path
) -> None:
    server, path = backup
    await restored(target, path)
    there = await everything(target)
    assert there == await everything(server)
    # And a backup of that is a backup of this.
    async with open_deployment(target, partitions=PARTITIONS) as deployment:
        await take(deployment, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(path)
    kinds = {key.rsplit("}:", 1)[-1].split(":")[0] for key in there}
    assert {"log", "heads", "keys", "commands"} <= kinds


async def test_a_restore_that_is_cut_short_anywhere_lets_nobody_in_and_goes_on_with_the_same_file(
    backup: tuple[str, Path], target: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server, path = backup
    checked = check(path)
    mark = checked.checksum.encode()

    def cut(at_most: int, path: Path) -> Iterator[Any]:
        yield from islice(records(path), at_most)
        raise InterruptedError

    with monkeypatch.context() as cutting:
        for at_most in range(0, len(list(records(path))), 3):
            cutting.setattr(restoring, "records", partial(cut, at_most))
            async with open_deployment(target, partitions=PARTITIONS, restoring=mark) as deployment:
                with pytest.raises(InterruptedError):
                    await restore(deployment, path, checked)
            for stranger in (None, b"another"):
                with pytest.raises(HalfRestored, match="run `hansard restore` on the same file"):
                    async with open_deployment(target, partitions=PARTITIONS, restoring=stranger):
                        pytest.fail("somebody was let in")
    await restored(target, path)
    assert await everything(target) == await everything(server)
    async with open_deployment(target, partitions=PARTITIONS):
        pass


async def test_every_partition_of_a_restored_deployment_has_a_copy_of_its_id(
    backup: tuple[str, Path], target: str
) -> None:
    _, path = backup
    async with open_deployment(target, partitions=PARTITIONS):
        pass  # an empty one was opened there before, and left its copies
    await restored(target, path)
    async with open_deployment(target, partitions=PARTITIONS) as deployment:
        call, id_ = deployment.calls.call, str(deployment.record.id).encode()
        assert deployment.integrity.broken == {}
        assert await call("HGET", DEPLOYMENT, "copied") == b"1"
        for keys in deployment.keys:
            has_log = await call("EXISTS", keys.log)
            assert await call("GET", keys.deployment) == (id_ + b" 0" if has_log else id_)


async def id_of(url: str) -> str | None:
    async with open_deployment(url, partitions=PARTITIONS) as deployment:
        return deployment.record.id


async def test_a_restored_copy_is_another_deployment_also_where_an_empty_one_was_opened_before(
    backup: tuple[str, Path], target: str
) -> None:
    server, path = backup
    async with open_deployment(target, partitions=PARTITIONS) as before:
        await restored(target, path)
        await before.record.read()
        assert before.record.unfit is not None
        assert before.record.unfit.cause == "foreign"
    copy = await id_of(target)
    assert len({await id_of(server), before.record.id, copy}) == 3
    assert await id_of(target) == copy


async def test_a_restore_that_goes_on_keeps_the_id_that_it_began_with(
    backup: tuple[str, Path], target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = backup
    checked = check(path)
    mark = checked.checksum.encode()

    def cut(path: Path) -> Iterator[Any]:
        yield from islice(records(path), 2)
        raise InterruptedError

    with monkeypatch.context() as cutting:
        cutting.setattr(restoring, "records", cut)
        async with open_deployment(target, partitions=PARTITIONS, restoring=mark) as deployment:
            with pytest.raises(InterruptedError):
                await restore(deployment, path, checked)
            begun = await deployment.calls.call("HGET", DEPLOYMENT, "id")
    await restored(target, path)
    assert begun.decode() == await id_of(target)


async def test_a_restored_copy_has_the_format_of_its_backup(fresh: str, target: str, tmp_path: Path) -> None:
    formats = Formats(reads=(1, 2, 3), writes=3)
    opening = open_deployment(fresh, partitions=PARTITIONS, formats=formats, new_format=2)
    async with opening as deployment:
        await take(deployment, tmp_path / "backup")
    checked = check(tmp_path / "backup", formats)
    assert checked.header.layout == 2
    mark = checked.checksum.encode()
    async with open_deployment(target, partitions=PARTITIONS, restoring=mark, formats=formats) as deployment:
        assert deployment.record.format == 3
        await restore(deployment, tmp_path / "backup", checked)
        await deployment.record.read()
        assert await deployment.calls.call("HGET", DEPLOYMENT, "format") == b"2"


async def test_events_of_before_and_after_an_upgrade_are_restored_as_they_are(
    fresh: str, target: str, tmp_path: Path
) -> None:
    rules = ({"kind": "links_over", "links": 1},)
    opening = open_deployment(fresh, partitions=PARTITIONS, new_format=1)
    async with opening as first, open_deployment(fresh, partitions=PARTITIONS) as second:
        await Play(RedisLog(first)).open(policy=Policy(votes=False))
        # Another process raises the format, and a third one writes in it, before this one has noticed.
        await second.calls.call("HSET", DEPLOYMENT, "format", 2)
        await second.record.read()
        changes = ChangePolicy(changes=PolicyChanges(rules=rules))
        await transact(RedisLog(second), changes, site=SITE, caller=ADMIN)
        assert first.record.format == 1
        await take(first, tmp_path / "backup")
        before = await policy_events(second)
    assert [entry.get("v", 1) for entry in map(facts, before)] == [1, 2]
    checked = await restored(target, tmp_path / "backup")
    assert checked.header.layout == 2
    async with open_deployment(target, partitions=PARTITIONS) as again:
        assert await policy_events(again) == before
        assert (await site_of(RedisLog(again), SITE)).policy == Policy(**HELD_BEFORE, votes=False, rules=rules)
        assert again.record.format == 2


async def test_plain_and_salted_content_is_restored_as_it_is_and_what_was_altered_is_counted(
    fresh: str, target: str, tmp_path: Path
) -> None:
    async with open_deployment(fresh, partitions=PARTITIONS, new_format=2) as deployment:
        play = Play(RedisLog(deployment))
        await play.open()
        for move in stream(3, 40):
            await play.make(move)
        await deployment.calls.call("HSET", DEPLOYMENT, "format", 3)
        await deployment.record.read()
        for move in stream(4, 60):
            await play.make(move)
        salted = [
            (number, entry)
            for number in range(PARTITIONS)
            for entry in await play.log.read(number, START, limit=1000)
            if entry.c[:1] == b"\x01" and decode(*entry).envelope.type == "comment.posted"
        ]
        taken = {salted[0]: without_words, salted[1]: without_profile, salted[2]: altered}
        for number in range(PARTITIONS):
            entries = await play.log.read(number, START, limit=1000)
            await deployment.calls.call("DEL", deployment.keys[number].log)
            for entry in entries:
                change = taken.get((number, entry))
                c = entry.c if change is None else change(entry.c)
                fields = ("e", entry.e, "c", c)
                await deployment.calls.call("XADD", deployment.keys[number].log, str(entry.position), *fields)
        await take(deployment, tmp_path / "backup")
    before = await everything(fresh)
    contents = [fields[b"c"] for key, log in before.items() if key.endswith(":log") for _, fields in log]
    schemes = {c[:1] for c in contents if c}
    assert schemes == {b"\x00", b"\x01", b"\x02", b"\x03"}
    checked = await restored(target, tmp_path / "backup")
    assert checked.altered == 1
    assert await everything(target) == before


def altered(c: bytes) -> bytes:
    """Salted content with another last letter: still an object."""
    return c[:-3] + bytes([c[-3] ^ 1]) + c[-2:]


async def policy_events(deployment: Deployment) -> list[Entry]:
    log = RedisLog(deployment)
    return [
        entry
        for number in range(PARTITIONS)
        for entry in await log.read(number, START, limit=100)
        if decode(*entry).envelope.thread == ""
    ]


async def test_only_an_empty_deployment_takes_a_backup(backup: tuple[str, Path], target: str) -> None:
    _, path = backup
    await restored(target, path)
    before = await everything(target)
    with pytest.raises(Failed, match=r"^There is a record already: restore a backup only into an empty deployment$"):
        await restored(target, path)
    assert await everything(target) == before
    async with open_deployment(target, partitions=PARTITIONS):
        pass  # refused, it left no mark


async def test_views_without_a_log_are_no_empty_deployment_and_a_projector_is_told_of(
    backup: tuple[str, Path], target: str
) -> None:
    _, path = backup
    async with open_deployment(target, partitions=PARTITIONS) as deployment:
        call, keys = deployment.calls.call, deployment.keys[1]
        await call("SET", keys.cursor(FIRST_GENERATION), "5-5")
        with pytest.raises(Failed, match="There is a record already"):
            await restored(target, path)
        await call("DEL", keys.cursor(FIRST_GENERATION))
        await call("HSET", keys.lease, "nonce", "x")
        with pytest.raises(Failed, match="A projector is running there"):
            await restored(target, path)
        await call("DEL", keys.lease)
    await restored(target, path)


async def test_a_deployment_of_another_number_of_partitions_is_refused(backup: tuple[str, Path], target: str) -> None:
    _, path = backup
    async with open_deployment(target, partitions=PARTITIONS + 1):
        pass
    with pytest.raises(OtherDeployment, match="has 3 partitions, not 2"):
        await restored(target, path)


async def test_who_writes_while_a_backup_is_restored_is_noticed(
    backup: tuple[str, Path], target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, path = backup

    written = 0

    async def crossed(deployment: Deployment, partition: int, *rest: Any) -> Restored | Elsewhere:
        nonlocal written
        written += 1
        if written == 3:
            log = deployment.keys[partition].log
            await deployment.calls.call("XADD", log, "9999999999999-99", "e", "{}", "c", "")
        return await write_again(deployment, partition, *rest)

    monkeypatch.setattr(restoring, "write_again", crossed)
    with pytest.raises(Failed, match="Another process writes there: partition 0 ends at"):
        await restored(target, path)


async def test_a_backup_without_keys_has_none(backup: tuple[str, Path], target: str, tmp_path: Path) -> None:
    server, path = backup
    with_keys = b"".join(repr(record).encode() for record in records(path))
    assert SECRETS not in with_keys, "a record shows no key where it is printed"
    async with open_deployment(server, partitions=PARTITIONS) as deployment:
        taken = await take(deployment, tmp_path / "bare", site_keys=False)
    assert taken.sites == 0
    await restored(target, tmp_path / "bare")
    whole = await everything(server)
    assert await everything(target) == {key: value for key, value in whole.items() if ":keys:" not in key}


Damaging = Callable[[Deployment, Partition, list[Entry]], Awaitable[None]]


async def with_a_hole(deployment: Deployment, partition: Partition, entries: list[Entry]) -> None:
    await deployment.calls.call("XDEL", partition.log, str(entries[3].position))


async def with_an_intruder(deployment: Deployment, partition: Partition, entries: list[Entry]) -> None:
    await deployment.calls.call("DEL", partition.log)
    for number, (position, e, c) in enumerate(entries):
        fields = ("foo", "bar") if number == 3 else ("e", e, "c", c)
        await deployment.calls.call("XADD", partition.log, str(position), *fields)


async def with_rot(deployment: Deployment, partition: Partition, entries: list[Entry]) -> None:
    await deployment.calls.call("DEL", partition.log)
    for number, (position, e, c) in enumerate(entries):
        rotten = e.replace(b'"type":', b'"revision":"x","type":', 1)
        await deployment.calls.call("XADD", partition.log, str(position), "e", rotten if number == 3 else e, "c", c)


async def of_another_type(deployment: Deployment, partition: Partition, entries: list[Entry]) -> None:
    del entries
    await deployment.calls.call("DEL", partition.log)
    await deployment.calls.call("SET", partition.log, "somebody else's")


@pytest.mark.parametrize(
    ("damage", "kept", "why"),
    [
        (with_a_hole, 3, "the event after .* is missing"),
        (with_an_intruder, 3, "the entry at .* cannot be read: its fields are not those of an event"),
        (with_rot, 3, "the entry at .* cannot be read: ValidationError"),
        (of_another_type, 0, "the key .* has the wrong type"),
    ],
)
async def test_all_that_can_be_read_is_taken_and_the_file_says_what_it_lacks(
    fresh: str, tmp_path: Path, damage: Damaging, kept: int, why: str
) -> None:
    path = tmp_path / "backup"
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        play = Play(RedisLog(deployment))
        await play.open(threads=3)
        partition = deployment.keys.of("kew", "tea")
        for thread in range(3):
            for move in stream(3, 20, threads=1):
                await play.make(move._replace(thread=thread))
        whole = [await play.log.read(number, START, limit=1000) for number in range(PARTITIONS)]
        await damage(deployment, partition, whole[partition.number])
        taken = await take(deployment, path)
    (lacks,) = taken.lacks
    before = whole[partition.number][kept - 1].position if kept else START
    assert (lacks.partition, lacks.after) == (partition.number, str(before).encode())
    assert re.match(why, lacks.why)
    checked = check(path)
    assert checked.lacks == (lacks,)
    assert [Position.decode(last) for last in checked.end.upto] == [
        before if number == partition.number else there[-1].position if there else START
        for number, there in enumerate(whole)
    ]
    # What is in it is restored, and goes on from there.
    with client(fresh) as redis:
        redis.flushall()
    await restored(fresh, path)
    async with open_deployment(fresh, partitions=PARTITIONS) as deployment:
        log = RedisLog(deployment)
        there = [await log.read(number, START, limit=1000) for number in range(PARTITIONS)]
        wanted = [some[:kept] if number == partition.number else some for number, some in enumerate(whole)]
        assert there == wanted


async def test_command_keys_and_keys_of_sites_that_cannot_be_read_are_left_out_and_named(
    backup: tuple[str, Path], target: str, tmp_path: Path
) -> None:
    await restored(target, backup[1])
    async with open_deployment(target, partitions=PARTITIONS) as deployment:
        site = deployment.keys.of("kew")
        await deployment.calls.call("DEL", site.site_keys("kew"))
        await deployment.calls.call("SET", site.site_keys("kew"), "somebody else's")
        partition = deployment.keys.of("kew", "tea")
        last = await RedisLog(deployment).last(partition.number)
        await deployment.calls.call("HSET", partition.commands(window(last.ms)), "rotten", b"1 x \xff")
        taken = await take(deployment, tmp_path / "again")
    assert sorted(one.why for one in taken.lacks) == [
        "1 of its command keys cannot be read",
        "the keys of the site kew have the wrong type",
    ]
    assert taken.sites == 0
    assert check(tmp_path / "again").lacks == taken.lacks


async def test_a_backup_replaces_nothing(backup: tuple[str, Path], tmp_path: Path) -> None:
    server, _ = backup
    there = tmp_path / "there"
    there.write_bytes(b"precious")
    async with open_deployment(server, partitions=PARTITIONS) as deployment:
        with pytest.raises(Failed, match="exists: a backup never replaces another"):
            await take(deployment, there)
    assert there.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [there]
