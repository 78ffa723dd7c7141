"""Every script that reads views, by itself, on views written by hand."""

from collections.abc import Sequence
from typing import Any

import pytest
from redis import Redis

from core.keys import Keys
from core.redis.script import Script
from projections.read import page_json
from projections.read.walk import WalkScript, keys
from projections.views.layout import TOGETHER
from projections.views.listings.imported import BEHIND
from tests.support.servers import client

HERE = Keys(1)[0]
VIEWS = HERE.thread_views(1, "kew", "tea")
SNAPSHOTS = HERE.snapshots("kew", "tea")
WALK = [HERE.generation, *keys(VIEWS)]
OVERLAY = [*WALK, VIEWS.waiting, VIEWS.ballots, VIEWS.filed]
THREAD = b'{"id":"tea"}'
_LISTED = [HERE.listing(1, "kew", name) for name in ("queue", "pending", "reported", "removals", "appeals", "notices")]
_LABELLED = HERE.listing(1, "kew", "labelled")
_SUMMARIZED = [
    *(HERE.listing(1, "kew", name) for name in ("pending", "reported", "decisions", "removals", "appeals", "notices")),
    _LABELLED,
    HERE.listing(1, "kew", "queue"),
]
NAMES = {"a": '"Ada"', "b": '"Ben"'}


@pytest.fixture(params=[TOGETHER, 1], ids=["together", "apart"])
def views(fresh: str, request: pytest.FixtureRequest) -> Any:
    """A thread with a tree: a (a1 (a1x), a2), b, c on an anchor; b answers are none, c is a tombstone.

    Of the answers to a comment all are kept together, or only the first.
    """
    answers: dict[str, list[str]] = {}
    with client(fresh) as redis:
        redis.hset(VIEWS.meta, "public", THREAD)
        for age, (name, parent, header) in enumerate(
            [
                ("a", "", "p "),
                ("b", "", "p "),
                ("a1", "a", "p a"),
                ("a2", "a", "p a"),
                ("a1x", "a1", "p gone"),
                ("c", "", "t "),
            ],
            1,
        ):
            up = f'"parent":"{parent}",' if parent else ""
            by = f'"author":{{"id":"\\",","name":{NAMES.get(name, "null")},"avatar":null}}'
            redis.hset(VIEWS.rows, name, f'{header}\n{{"id":"{name}",{by}\n{{"id":"{name}",{up}"x":1}}')
            place = f"{age:012d}:{name}"
            if parent:
                redis.zadd(VIEWS.replies, {f"{parent} {place}": 0})
                answers.setdefault(parent, []).append(place)
            else:
                redis.zadd(VIEWS.roots, {place: 0})
                redis.zadd(VIEWS.top, {place: {"a": 3, "b": -2, "c": 0}[name]})
        for parent, places in answers.items():
            redis.hset(VIEWS.answers, parent, " ".join((str(len(places)), *places[: request.param])))
        redis.zadd(VIEWS.anchored, {"q 000000000006:c": 0, "q 000000000001:a": 0, "q-2 000000000002:b": 0})
        redis.hset(
            VIEWS.rows, "waits", '- \n\n{"id":"waits","parent":"a1","answered":"a","x":"\\"answered\\":\\"b\\""}'
        )
        redis.hset(VIEWS.votes, mapping={"a": "1 4", "b": "2 0"})
        redis.hset(VIEWS.names, mapping=NAMES)
        yield redis


WAITING = [HERE.listing(1, "kew", view) for view in ("pending", "reported")]


def run(redis: Redis, script: Script, names: Sequence[str], *args: Any, generation: int = 1) -> Any:
    return redis.eval(script.text.decode(), len(names), *names, generation, *args)


def shapes(lines: Any) -> list[tuple[bytes, ...]]:
    """Level, direct answers, votes and where answers were left out; who is answered, and HEADER, of each row."""
    return [
        (
            b"%d %d %d %d" % (line.level, line.direct, *line.votes) + (f" {line.cut}".encode() if line.cut else b""),
            b"" if line.name == b"null" else line.name,
            line.header,
        )
        for line in page_json.read(lines)
    ]


def ids(lines: Any) -> list[str]:
    return [line.public.split(b'"')[3].decode() for line in page_json.read(lines)]


def page(redis: Redis, *args: Any, first: str = VIEWS.roots) -> Any:
    reply = run(redis, WalkScript("page"), [*WALK, first, VIEWS.top, HERE.cursor(1)], *args)
    return reply[:5]  # the cursor comes last


@pytest.mark.parametrize(
    ("name", "names", "args"),
    [
        ("page", [*WALK, VIEWS.roots, VIEWS.top, HERE.cursor(1)], ("newest", "", "", "", 1, 1, 1)),
        ("replies", [*WALK, HERE.cursor(1)], ("a", "", 1, 1, 1)),
        ("permalink", WALK, ("a", 1, 1)),
        ("rows", WALK, (0, "a")),
        ("overlay", OVERLAY, ("ada", 1)),
        ("revisions", [HERE.generation, VIEWS.rows, VIEWS.revisions, VIEWS.votes], ("a", 1, 0, 1000)),
        ("read_texts", [HERE.generation, VIEWS.rows, VIEWS.revisions], ("a", 1)),
        ("read_past_start", [HERE.generation, SNAPSHOTS, VIEWS.meta, HERE.cursor(1), HERE.parked(1)], ("kew/tea",)),
        ("queue", [HERE.generation, HERE.listing(1, "kew", "pending"), _LABELLED], ("-", 1, "", "", "", "", "", "")),
        ("list_by_score", [HERE.generation, HERE.listing(1, "kew", "threads")], ("+inf", "", 1)),
        ("list_by_member", [HERE.generation, HERE.listing(1, "kew", "opened")], ("+", "-", 1)),
        ("count_waiting", [HERE.generation, *WAITING], ("tea",)),
        ("list_by_member", [HERE.generation, HERE.listing(1, "kew", "authors")], ("(ada!", "[ada ", 1)),
        ("count_member_comments", [HERE.generation, HERE.listing(1, "kew", "authors")], ("ada",)),
        ("count_decided", [HERE.generation, HERE.listing(1, "kew", "judged")], ("ada",)),
        ("distinct_beginnings", [HERE.generation, HERE.listing(1, "kew", "aliases")], (2, "", "", 5)),
        ("search_listing", [HERE.generation, HERE.listing(1, "kew", "posted"), _LABELLED], ("+", "-", 5, 5, "")),
        ("digest_queue", [HERE.generation, *_LISTED], (5,)),
        ("summarize_queue", [HERE.generation, *_SUMMARIZED], ("-", 5, 5, "")),
    ],
)
def test_where_another_generation_is_served_there_is_nothing_else_in_the_reply(
    views: Redis, name: str, names: list[str], args: tuple[Any, ...]
) -> None:
    walks = ("page", "replies", "permalink", "rows", "overlay")
    script = WalkScript(name) if name in walks else Script("projections.read", name)
    assert len(run(views, script, names, *args)) > 1
    views.set(HERE.generation, 2)
    assert run(views, script, names, *args) == [b"2"]


def test_a_page_goes_depth_first_and_says_where_it_was_cut(views: Redis) -> None:
    _, thread, lines, last, score = page(views, "oldest", "", "", "", 1, 2, 1)
    assert thread == THREAD
    assert shapes(lines) == [
        (b"1 2 1 4 000000000003", b"", b"p "),
        (b"2 1 0 0 000000000000", b'"Ada"', b"p a"),
    ]
    assert (ids(lines), last, score) == (["a", "a1"], b"000000000001", b"")


def test_a_page_that_holds_everything_ends(views: Redis) -> None:
    _, _, lines, last, score = page(views, "newest", "", "", "", 50, 50, 200)
    assert ids(lines) == ["c", "b", "a", "a1", "a1x", "a2"]
    assert (last, score) == (b"", b"")
    # Who is answered by a1x is not published: it has no name.
    assert shapes(lines)[4] == (b"3 0 0 0", b"", b"p gone")


@pytest.mark.parametrize(
    ("order", "after", "score", "expected"),
    [
        ("newest", "", "", ["c", "b", "a"]),
        ("newest", "000000000006", "", ["b", "a"]),
        ("newest", "000000000005", "", ["b", "a"]),
        ("newest", "000000000001", "", []),
        ("oldest", "000000000000", "", ["a", "b", "c"]),
        ("oldest", "000000000001", "", ["b", "c"]),
        ("oldest", "000000000006", "", []),
        ("top", "", "", ["b", "c", "a"]),
        ("top", "000000000002", "-2", ["c", "a"]),
        ("top", "000000000001", "-2", ["b", "c", "a"]),
        ("top", "000000000009", "0", ["a"]),
        ("top", "000000000001", "3", []),
        ("top", "000000000001", "-99", ["b", "c", "a"]),
        ("top", "000000000001", "99", []),
    ],
)
def test_a_page_goes_on_behind_a_place_whether_or_not_a_row_is_there(
    views: Redis, order: str, after: str, score: str, expected: list[str]
) -> None:
    assert ids(page(views, order, "", after, score, 50, 1, 0)[2]) == expected


@pytest.mark.parametrize(
    ("order", "after", "score", "expected"),
    [
        ("newest", "", "", ["c", "a"]),
        ("newest", "000000000006", "", ["a"]),
        ("oldest", "000000000001", "", ["c"]),
        ("top", "", "", ["c", "a"]),
        ("top", "000000000006", "0", ["a"]),
        ("top", "000000000001", "3", []),
    ],
)
def test_a_page_of_one_anchor_has_its_rows_alone(
    views: Redis, order: str, after: str, score: str, expected: list[str]
) -> None:
    assert ids(page(views, order, "q ", after, score, 50, 1, 0, first=VIEWS.anchored)[2]) == expected


def test_equal_scores_stand_by_age_however_many_there_are(views: Redis) -> None:
    for age in range(100, 400):
        views.zadd(VIEWS.top, {f"{age:012d}:n{age}": -2})
        views.hset(VIEWS.rows, f"n{age}", f'p \n{{"id":"n{age}"\n{{}}')
    for age in (1, 2, 99, 100, 255, 398, 399, 500):
        found = ids(page(views, "top", "", f"{age:012d}", "-2", 2, 1, 0)[2])
        everything = ["b", *(f"n{n}" for n in range(100, 400)), "c", "a"]
        ages = [2, *range(100, 400)]
        assert found == everything[sum(one <= age for one in ages) :][:2]


def test_the_score_of_the_last_row_comes_with_its_age(views: Redis) -> None:
    assert page(views, "top", "", "", "", 1, 1, 0)[3:] == [b"000000000002", b"-2"]
    assert page(views, "top", "q ", "", "", 1, 1, 0, first=VIEWS.anchored)[3:] == [b"000000000006", b"0"]


@pytest.mark.parametrize(("limit", "asked"), [(1, 3), (7, 3), (60, 0)])
def test_a_page_asks_once_a_level_or_for_all_answers_at_once(fresh: str, limit: int, asked: int) -> None:
    expected = []
    with client(fresh) as redis:
        redis.hset(VIEWS.meta, "public", THREAD)
        for root in range(40):
            age = 10 * root + 1
            for at, (name, parent) in enumerate([("r", ""), ("r1", "r"), ("r1x", "r1"), ("r2", "r")]):
                place = f"{age + at:012d}:{root}{name}"
                redis.hset(VIEWS.rows, f"{root}{name}", f't \n{{"id":"{root}{name}"\n{{}}')
                redis.zadd(
                    VIEWS.replies if parent else VIEWS.roots, {f"{root}{parent} {place}" if parent else place: 0}
                )
                if not parent:
                    redis.zadd(VIEWS.top, {place: 0})
                expected.append(f"{root}{name}")
            r1, r2, r1x = f"{age + 1:012d}:{root}r1", f"{age + 3:012d}:{root}r2", f"{age + 2:012d}:{root}r1x"
            redis.hset(VIEWS.answers, mapping={f"{root}r": f"2 {r1} {r2}", f"{root}r1": f"1 {r1x}"})
        redis.config_resetstat()
        found, after = [], ""
        for _ in range(0, 40, limit):
            _, _, lines, last, _ = page(redis, "oldest", "", after, "", limit, 10, 20)
            found += ids(lines)
            after = last.decode()
        assert (found, after) == (expected, "")
        pages = len(range(0, 40, limit))
        told = redis.info("commandstats")
        assert told["cmdstat_zrangebylex"]["calls"] == pages
        # For rows and votes, and for each of the levels.
        assert told["cmdstat_hmget"]["calls"] == pages * (2 + asked)
        _, _, lines, _, _ = page(redis, "oldest", "", "", "", limit, 2, 1)
        assert shapes(lines)[:2] == [(b"1 2 0 0 000000000002", b"", b"t "), (b"2 1 0 0 000000000000", b"", b"t ")]


def test_a_thread_without_views_has_no_page(views: Redis) -> None:
    views.delete(VIEWS.meta)
    assert page(views, "newest", "", "", "", 1, 1, 1) == [b"1"]


def test_replies_go_on_behind_an_age(views: Redis) -> None:
    script, names = WalkScript("replies"), [*WALK, HERE.cursor(1)]
    assert run(views, script, names, "a", "", 1, 1, 20)[3] == b"000000000003"
    _, thread, lines, last, _ = run(views, script, names, "a", "000000000003", 5, 1, 20)
    assert (thread, ids(lines), last) == (THREAD, ["a2"], b"")
    assert ids(run(views, script, names, "a", "", 5, 2, 20)[2]) == ["a1", "a1x", "a2"]
    assert run(views, script, names, "c", "", 5, 2, 20)[2] == []
    for unseen in ("waits", "none"):
        assert run(views, script, names, unseen, "", 5, 2, 20) == [b"1"]


def test_a_permalink_goes_up_to_the_root_and_finds_who_an_unseen_comment_answers(views: Redis) -> None:
    _, thread, above, below = run(views, WalkScript("permalink"), WALK, "a1x", 10, 20)
    assert thread == THREAD
    assert (ids(above), ids(below)) == (["a", "a1"], ["a1x"])
    assert [shape for shape, *_ in shapes(above)] == [b"1 2 1 4 000000000000", b"1 1 0 0 000000000000"]
    _, _, above, below = run(views, WalkScript("permalink"), WALK, "waits", 10, 20)
    assert ids(above) == ["a", "a1"]
    assert shapes(below) == [(b"1 0 0 0", b'"Ada"', b"- ")]
    assert run(views, WalkScript("permalink"), WALK, "none", 10, 20) == [b"1"]


def test_rows_come_in_the_order_asked_for_and_have_source_only_where_wanted(views: Redis) -> None:
    _, thread, lines = run(views, WalkScript("rows"), WALK, 0, "b", "none", "a1")
    assert thread == THREAD
    assert shapes(lines) == [
        (b"1 0 2 0", b"", b"p "),
        (b"1 0 0 0", b"", b""),
        (b"1 1 0 0 000000000000", b'"Ada"', b"p a"),
    ]
    assert {line.source for line in page_json.read(lines)} == {b""}
    _, _, lines = run(views, WalkScript("rows"), WALK, 1, "a1")
    assert [line.source for line in page_json.read(lines)] == [b'{"id":"a1","parent":"a","x":1}']
    views.delete(VIEWS.meta)
    assert run(views, WalkScript("rows"), WALK, 1, "a1")[1] is None


def test_an_overlay_has_the_newest_first_and_every_ballot(views: Redis) -> None:
    views.zadd(VIEWS.waiting, {f"ada {age:012d}:{name}": 0 for age, name in ((9, "waits"), (1, "a"))})
    views.zadd(VIEWS.waiting, {"adam 000000000002:b": 0})
    views.zadd(VIEWS.ballots, {"ada b 1 1": 0, "ada a -1 2": 0, "adam b 1 1": 0})
    views.zadd(VIEWS.filed, {f"ada {age:012d} b 1 spam 5": 0 for age in (3, 20)})
    views.zadd(VIEWS.filed, {"adam 000000000004 b 1 spam 5": 0})
    _, lines, ballots, filed = run(views, WalkScript("overlay"), OVERLAY, "ada", 100)
    assert [header for _, _, header in shapes(lines)] == [b"- ", b"p "]
    assert ballots == b"a -1 2\nb 1 1"
    assert filed == b"ada 000000000020 b 1 spam 5\nada 000000000003 b 1 spam 5"
    _, lines, _, filed = run(views, WalkScript("overlay"), OVERLAY, "ada", 1)
    assert (len(shapes(lines)), filed) == (1, b"ada 000000000020 b 1 spam 5")


def test_revisions_are_all_the_texts_that_are_kept(views: Redis) -> None:
    names = [HERE.generation, VIEWS.rows, VIEWS.revisions, VIEWS.votes]
    script = Script("projections.read", "revisions")
    assert run(views, script, names, "a", 1, 0, 1000)[2:] == [b"1 4", None]
    views.hset(VIEWS.rows, "a", 'p \n{"id":"a","latest":9\n{"id":"a","x":"\\"latest\\":8","latest":4}')
    views.hset(VIEWS.revisions, mapping={"a:1": "one", "a:2": "two", "a1:1": "other", "a:5": "unreached"})
    assert run(views, script, names, "a", 1, 0, 1000)[2:] == [b"1 4", b"one", b"two", None, None]
    assert run(views, script, names, "none", 1, 0, 1000) == [b"1"]


def test_revisions_are_read_from_one_to_another_until_it_is_enough(views: Redis) -> None:
    names = [HERE.generation, VIEWS.rows, VIEWS.revisions, VIEWS.votes]
    script = Script("projections.read", "revisions")
    views.hset(VIEWS.rows, "a", 'p \n{"id":"a"}\n{"id":"a","latest":4}')
    views.hset(VIEWS.revisions, mapping={"a:1": "one", "a:2": "two", "a:3": "three", "a:4": "four"})
    assert run(views, script, names, "a", 2, 3, 1000)[3:] == [b"two", b"three"]
    assert run(views, script, names, "a", 2, 0, 4)[3:] == [b"two", b"three"]
    assert run(views, script, names, "a", 3, 9, 1)[3:] == [b"three"]
    assert run(views, script, names, "a", 5, 0, 1000)[3:] == []


def test_texts_are_those_asked_for(views: Redis) -> None:
    views.hset(VIEWS.revisions, mapping={"a:1": "one", "a:2": "two"})
    names = [HERE.generation, VIEWS.rows, VIEWS.revisions]
    found = run(views, Script("projections.read", "read_texts"), names, "a", 2, "b", 1, "none", 1)
    assert found[1].startswith(b'{"id":"a"')
    assert found[2] == b"two"
    assert found[3].startswith(b'{"id":"b"')
    assert found[4:] == [None, None, None]


def test_a_look_into_the_past_begins_with_what_is_known(views: Redis) -> None:
    names = [HERE.generation, SNAPSHOTS, VIEWS.meta, HERE.cursor(1), HERE.parked(1)]
    script = Script("projections.read", "read_past_start")
    views.delete(HERE.cursor(1), VIEWS.meta)
    assert run(views, script, names, "kew/tea") == [b"1", None, None, None]
    views.set(HERE.cursor(1), "7-1")
    views.hset(HERE.parked(1), mapping={"kew/tea": "why", "kew/palm": "another"})
    views.hset(VIEWS.meta, "source", "{}")
    views.hset(SNAPSHOTS, mapping={"5-1 5 1": "a", "6-1 6 1": "b"})
    found = run(views, script, names, "kew/tea")
    assert found[:4] == [b"1", b"7-1", b"why", b"{}"]
    assert sorted(found[4:]) == [b"5-1 5 1", b"6-1 6 1"]


def test_a_queue_counts_what_matches_and_goes_on_behind_a_place(views: Redis) -> None:
    pending = HERE.listing(1, "kew", "pending")
    members = [
        f"{ms:015d} {n:012d} {'tea' if n % 2 else 'palm'} c{n} {'ada' if n % 3 else 'ben'}"
        for n, ms in enumerate(range(5, 2505))
    ]
    views.zadd(pending, dict.fromkeys(members, 0))
    script, names = Script("projections.read", "queue"), [HERE.generation, pending, _LABELLED]
    views.zadd(_LABELLED, {"drinks tea": 0})

    def asked(start: str, limit: int, thread: str = "", author: str = "", label: str = "") -> tuple[int, list[str]]:
        _, total, lines = run(views, script, names, start, limit, thread, author, "", "", label, "")
        return total, lines.decode().splitlines()

    assert asked("-", 3) == (2500, members[:3])
    at = members[7][:28]
    assert asked(f"({at}!", 2) == (2500, members[8:10])
    assert asked(f"[{at}", 2) == (2500, members[7:9])
    teas = [one for one in members if " tea " in one]
    assert asked("-", 2, "tea") == (1250, teas[:2])
    assert asked(f"({at}!", 2, "tea") == (1250, teas[4:6])
    assert asked(f"[{at}", 2, "tea") == (1250, teas[3:5])
    both = [one for one in teas if one.endswith(" ben")]
    assert asked("-", 5000, "tea", "ben") == (len(both), both)
    assert asked("-", 5, "te", "") == (0, [])
    assert asked("-", 2, label="drinks") == (1250, teas[:2])
    assert asked("-", 2, label="drink") == (0, [])


def test_threads_come_the_one_opened_last_first_from_a_place_on(views: Redis) -> None:
    name = HERE.listing(1, "kew", "opened")
    views.zadd(name, {f"{ms:015d} {n:012d} t-{n}": 0 for ms, n in ((5, 1), (5, 2), (7, 3), (7, 4))})
    script, names = Script("projections.read", "list_by_member"), [HERE.generation, name]
    assert run(views, script, names, "+", "-", 2)[1].decode().splitlines() == [
        "000000000000007 000000000004 t-4",
        "000000000000007 000000000003 t-3",
    ]
    at = "000000000000007 000000000003"
    behind = run(views, script, names, f"({at}", "-", 9)[1].decode().splitlines()
    assert [line[-3:] for line in behind] == ["t-2", "t-1"]
    also = run(views, script, names, f"[{at}!", "-", 9)[1].decode().splitlines()
    assert [line[-3:] for line in also] == ["t-3", "t-2", "t-1"]


def test_what_waits_is_counted_thread_by_thread_however_much_it_is(views: Redis) -> None:
    pending, reported = WAITING
    many = {f"{n:015d} {n:012d} {'tea' if n % 3 else 'oolong'} c-{n} ada": 0 for n in range(2400)}
    views.zadd(pending, {**many, "000000000000001 000000000001 teapot c ada": 0})
    views.zadd(reported, {"000000000000001 000000000001 tea c-1 ada": 0})
    reply = run(
        views, Script("projections.read", "count_waiting"), [HERE.generation, *WAITING], "oolong", "none", "tea"
    )
    assert reply == [b"1", 800, 0, 0, 0, 1600, 1]


def test_threads_that_were_active_at_the_same_moment_all_come(views: Redis) -> None:
    name = HERE.listing(1, "kew", "threads")
    views.zadd(name, {"a": 10, "b": 20, "c": 20, "d": 20, "e": 1700000000123})
    script, names = Script("projections.read", "list_by_score"), [HERE.generation, name]
    assert run(views, script, names, "+inf", "", 2)[1] == b"1700000000123 e\n20 d"
    assert run(views, script, names, 20, "d", 2)[1] == b"20 c\n20 b"
    assert run(views, script, names, 20, "b", 5)[1] == b"10 a"
    assert run(views, script, names, 9, "z", 5)[1] == b""


def test_a_listing_goes_on_behind_a_place_whether_or_not_it_is_there_and_however_many_scores_are_equal(
    views: Redis,
) -> None:
    name = HERE.listing(1, "kew", "threads")
    letters = "-.09AZ_az~"
    members = {f"t{a}{b}{c}": 7 for a in letters for b in ("", *letters) for c in ("", "Ab", "aB")}
    views.zadd(name, {**members, "above": 8, "below": 6})
    script, names = Script("projections.read", "list_by_score"), [HERE.generation, name]
    order = [*sorted(((score, member) for member, score in members.items()), reverse=True), (6, "below")]
    for score, after in [*order[::23], (7, "t"), (7, "u"), (7, "tz!"), (7, "tAa"), (8, "above"), (8, "a"), (7, "")]:
        found = run(views, script, names, score, after, 3)[1].decode().splitlines()
        assert found == [f"{s} {m}" for s, m in order if (s, m) < (score, after)][:3]


def test_a_member_is_tallied_by_status_and_by_nobody_elses(views: Redis) -> None:
    name = HERE.listing(1, "kew", "authors")
    members = [f"ada {n:015d}{n:012d} tea c{n} {'pqrw'[n % 4]}" for n in range(2502)]
    views.zadd(name, dict.fromkeys([*members, f"ada:2 {1:015d}{1:012d} tea x p"], 0))
    script, names = Script("projections.read", "count_member_comments"), [HERE.generation, name]
    found = run(views, script, names, "ada", "ad")[1:]
    assert found[:6] == [626, 626, 625, 625, members[-1].encode(), members[0].encode()]
    assert found[6:] == [0, 0, 0, 0, b"", b""]
    found = run(views, Script("projections.read", "list_by_member"), [HERE.generation, name], "(ada!", "[ada ", 2)
    assert found[1].decode().splitlines() == members[:-3:-1]


def test_the_digest_of_a_queue_covers_both_ends_of_what_no_import_brought(views: Redis) -> None:
    queue = HERE.listing(1, "kew", "queue")
    script, names = Script("projections.read", "digest_queue"), [HERE.generation, *_LISTED]
    live = [f"{ms:015d} {ms:012d} tea c{ms} ada p" for ms in range(10)]
    brought = [f"{BEHIND + ms:015d} {ms:012d} tea o{ms} ada p i1" for ms in range(10)]
    views.zadd(queue, dict.fromkeys([*live, *brought], 0))

    def changed(old: str, new: str) -> bool:
        before = run(views, script, names, 2)
        views.zrem(queue, old)
        views.zadd(queue, {new: 0})
        return bool(run(views, script, names, 2) != before)

    assert changed(live[0], live[0] + "!")
    assert changed(live[9], live[9] + "!")
    assert changed(brought[9], brought[9] + "!")
    assert not changed(live[5], live[5] + "!"), "this far from the ends it goes unnoticed"
