"""Where a publication's tokens have their claims, and which roles count."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.caller import Caller, SignedOpening
from core.domain.policy_fields import CLAIMS
from core.policy import CORAL, Policy
from workers.gateway.auth.claims import USUAL, Claims, TokenRules, caller_of, read_claims, rules_of, written_claims
from workers.gateway.http.refusals import InvalidToken

PLACED = TokenRules(
    places={
        "sub": "user.id",
        "name": "user.profile.name",
        "roles": "https://kew.example/roles",
        "entitlements": "plan",
        "aud": "app",
    }
)
IN_CORAL = TokenRules(places=CORAL)
TOKEN: dict[str, Any] = {
    "user": {"id": "u-7", "profile": {"name": "Sayantani"}},
    "https://kew.example/roles": ["moderator", "editor", 7],
    "plan": "subscriber",
    "app": "kew",
    "exp": 1_800_000_000,
}
CORALS: dict[str, Any] = {
    "jti": "1",
    "iat": 1_700_000_000,
    "exp": 1_800_000_000,
    "user": {
        "id": "628bdc61-6616-4add-bfec-dd79156715d4",
        "email": "sayantani@kew.example",
        "username": "Sayantani",
        "badges": ["subscriber"],
        "role": "MODERATOR",
    },
}


def caller(claims: dict[str, Any], rules: TokenRules, audience: str | None = None) -> Caller:
    return caller_of(read_claims(msgspec.json.encode(claims), rules, audience=audience), rules)


def refused(claims: Any, rules: TokenRules, audience: str | None = None) -> str:
    with pytest.raises(InvalidToken) as caught:
        caller(claims, rules, audience)
    return caught.value.detail


def test_claims_are_read_where_the_policy_says() -> None:
    assert read_claims(msgspec.json.encode(TOKEN), PLACED).aud == "kew"
    assert caller(TOKEN, PLACED) == Caller(
        id="u-7", name="Sayantani", entitlements=frozenset({"subscriber"}), roles=frozenset({"moderator"})
    )


def test_a_claim_that_is_placed_elsewhere_is_read_nowhere_else() -> None:
    stray = {"sub": "admin", "name": "Admin", "roles": ["admin"], "entitlements": ["all"], "aud": "soho"}
    assert caller({**TOKEN, **stray}, PLACED) == caller(TOKEN, PLACED)
    assert read_claims(msgspec.json.encode({**TOKEN, **stray}), PLACED).aud == "kew"
    assert "sub" in refused({**stray, "exp": 1, "app": "kew"}, PLACED)


def test_a_whole_name_goes_before_a_path() -> None:
    rules = TokenRules(places={"sub": "user.id", "name": "user.id"})
    found = caller({"user.id": "whole", "user": {"id": "path"}, "aud": "kew", "exp": 1}, rules)
    assert (found.id, found.name) == ("whole", "whole")


def test_other_claims_stay_where_they_are() -> None:
    found = caller({**TOKEN, "badges": ["staff pick"], "kind": "guest", "avatar": None}, PLACED)
    assert (found.badges, found.kind, found.avatar) == (("staff pick",), "guest", None)


@pytest.mark.parametrize(("id_", "sub"), [(7, "7"), ("u-7", "u-7"), (2**63, str(2**63))])
def test_an_id_may_be_a_number(id_: object, sub: str) -> None:
    assert caller({**TOKEN, "user": {"id": id_, "profile": {"name": "S"}}}, PLACED).id == sub


@pytest.mark.parametrize("id_", [True, 7.5, None, [], {}, "", "a b", "ada@kew.example", -1.0, "x" * 65])
def test_not_everything_is_an_id(id_: object) -> None:
    assert "sub" in refused({**TOKEN, "user": {"id": id_, "profile": {"name": "S"}}}, PLACED)


@pytest.mark.parametrize("user", [None, "u-7", [], {"id": "u-7"}, {"id": "u-7", "profile": "S"}])
def test_a_path_that_leads_nowhere_is_a_missing_claim(user: object) -> None:
    assert "missing" in refused({**TOKEN, "user": user}, PLACED)


@pytest.mark.parametrize("token", [[], "kew", 7, None])
def test_a_payload_is_an_object(token: object) -> None:
    assert "payload" in refused(token, PLACED)


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b'{"user":' * 5000])
def test_a_payload_is_json(payload: bytes) -> None:
    with pytest.raises(InvalidToken, match="JSON"):
        read_claims(payload, PLACED)


def test_a_token_of_coral_is_taken_as_it_is() -> None:
    assert caller(CORALS, IN_CORAL, "kew") == Caller(
        id="628bdc61-6616-4add-bfec-dd79156715d4",
        name="Sayantani",
        badges=("subscriber",),
        roles=frozenset({"moderator"}),
    )


@pytest.mark.parametrize(
    ("role", "roles"),
    [("COMMENTER", set()), ("STAFF", set()), ("ADMIN", {"admin"}), ("admin", {"admin"}), (None, set())],
)
def test_roles_of_coral_are_written_in_capitals(role: object, roles: set[str]) -> None:
    assert caller({**CORALS, "user": {**CORALS["user"], "role": role}}, IN_CORAL, "kew").roles == roles


def test_only_coral_has_its_audience_left_out() -> None:
    assert "aud" in refused(CORALS, IN_CORAL)  # as with a key set, which may sign for anything else
    assert read_claims(msgspec.json.encode({**CORALS, "aud": "soho"}), IN_CORAL, audience="kew").aud == "soho"
    token = {name: value for name, value in TOKEN.items() if name != "app"}
    assert "aud" in refused(token, PLACED, "kew")
    assert "exp" in refused({"user": CORALS["user"]}, IN_CORAL, "kew")


def test_a_token_describes_an_article_if_it_says_all_of_it() -> None:
    article = {"thread": "palm-house", "url": "https://kew.example/palm", "title": "The palm house"}
    base = {"sub": "a", "name": "A", "aud": "kew", "exp": 1}
    found = caller({**base, **article, "labels": ["gardens"]}, USUAL).opening
    assert found == SignedOpening(**article, labels=("gardens",))
    for name in article:
        assert caller({**base, **{key: value for key, value in article.items() if key != name}}, USUAL).opening is None
    placed = TokenRules(places={"thread": "article.id", "url": "article.link", "title": "article.head"})
    moved = {**base, "article": {"id": "palm-house", "link": article["url"], "head": article["title"]}}
    assert caller({**moved, "labels": "gardens"}, placed).opening == found


@pytest.mark.parametrize("roles", [(), ("moderator",), ("auditor", "admin"), Policy().roles])
@pytest.mark.parametrize("places", [{}, {"roles": "groups"}])
def test_only_listed_roles_count(roles: Any, places: dict[str, str]) -> None:
    rules = rules_of(Policy(roles=roles, claims=places))
    claims = {
        "sub": "a",
        "name": "A",
        "aud": "kew",
        "exp": 1,
        places.get("roles", "roles"): [*Policy().roles, "operator"],
    }
    assert caller(claims, rules).roles == set(roles)


@given(
    st.fixed_dictionaries(
        {
            "sub": st.from_regex(r"[A-Za-z0-9._~:-]{1,64}", fullmatch=True),
            "name": st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20),
            "aud": st.just("kew"),
            "exp": st.integers(0, 2**32),
            "roles": st.lists(st.sampled_from(Policy().roles)),
            "badges": st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3),
        }
    ),
    st.dictionaries(
        st.sampled_from([name for name in CLAIMS if name in Claims.__struct_fields__]),
        st.from_regex(r"[a-z]{1,3}(\.[a-z]{1,3}){0,2}", fullmatch=True),
    ),
)
def test_what_is_written_by_rules_is_read_by_them(claims: dict[str, Any], places: dict[str, str]) -> None:
    """Unless two claims are in one place, which is the policy's own mistake."""
    rules = TokenRules(places=places)
    written = written_claims(claims, rules)
    taken = {name: places.get(name, name) for name in Claims.__struct_fields__}
    if len(set(taken.values())) == len(taken):
        assert read_claims(msgspec.json.encode(written), rules) == msgspec.convert(claims, Claims)
