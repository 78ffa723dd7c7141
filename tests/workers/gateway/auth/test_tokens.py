"""Who is calling. Tokens are made by hand here, so that none of the ways to make a bad one is missing."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from core.caller import Caller
from tests.support.house import ADMIN_SECRET, SECRET, SITE, signed
from workers.gateway.auth import tokens
from workers.gateway.auth.signing_keys import TOKEN_OVERHEAD, SiteKeys, Tokens
from workers.gateway.http.refusals import InvalidToken

NOW = 1_700_000_000.0
GOOD = {"sub": "u-7", "name": "Sayantani", "aud": SITE, "exp": NOW + 600}
OTHER = "another secret, which is 32 bytes long too"


def keys(*secrets: str) -> SiteKeys:
    return SiteKeys("hs256", tuple(secret.encode() for secret in secrets or (SECRET,)))


def verified(**more: Any) -> Caller:
    claims = {name: value for name, value in {**GOOD, **more}.items() if value is not ...}
    return tokens.verify(signed(claims), SITE, keys(), NOW)


def refused(token: str, *secrets: str) -> str:
    with pytest.raises(InvalidToken) as caught:
        tokens.verify(token, SITE, keys(*secrets), NOW)
    return caught.value.detail


def by_hand(header: Mapping[str, Any], claims: Mapping[str, Any] = GOOD, signature: str = "") -> str:
    parts = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    return ".".join((*parts, signature))


def test_a_good_token_names_its_caller_with_all_that_it_says() -> None:
    found = verified(
        avatar="https://cdn.example/a.png",
        badges=["subscriber", "staff pick"],
        entitlements=["subscriber"],
        roles=["moderator", "auditor"],
        nbf=NOW,
    )
    assert found == Caller(
        id="u-7",
        name="Sayantani",
        avatar="https://cdn.example/a.png",
        badges=("subscriber", "staff pick"),
        entitlements=frozenset({"subscriber"}),
        roles=frozenset({"moderator", "auditor"}),
    )


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"avatar": 'HTTPS://CDN.example:443/ä"<>.png'}, {"avatar": "https://cdn.example/%C3%A4%22%3C%3E.png"}),
        ({"name": " Sayan\u200btani\u2060\n"}, {"name": "Sayantani"}),
        ({"name": "\u200b"}, {"name": "u-7"}),
    ],
)
def test_names_and_avatars_are_read_in_their_one_form(given: dict[str, Any], found: dict[str, Any]) -> None:
    caller = verified(**given)
    assert {name: getattr(caller, name) for name in found} == found


def test_the_audience_is_the_site_or_a_list_with_it() -> None:
    assert verified(aud=SITE).id == "u-7"
    assert verified(aud=["other", SITE]).id == "u-7"
    for aud in ("other", ["other"], [], "", SITE.upper(), f"{SITE}2"):
        with pytest.raises(InvalidToken, match="audience"):
            verified(aud=aud)


def test_expiry_and_beginning_have_a_minute_of_leeway() -> None:
    assert verified(exp=NOW - 59).id == "u-7"
    assert verified(nbf=NOW + 60).id == "u-7"
    with pytest.raises(InvalidToken, match="expired"):
        verified(exp=NOW - 60)
    with pytest.raises(InvalidToken, match="not valid yet"):
        verified(nbf=NOW + 61)


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": ...},
        {"exp": "tomorrow"},
        {"exp": None},
        {"exp": True},
        {"aud": ...},
        {"aud": 7},
        {"sub": ...},
        {"sub": 7},
        {"sub": ""},
        {"sub": "ada@kew.example"},
        {"sub": "a b"},
        {"sub": "a\n"},
        {"sub": "x" * 65},
        {"name": ...},
        {"name": 7},
        {"name": ""},
        {"nbf": "yesterday"},
        {"kind": 1},
        {"avatar": "http://cdn.example/a.png"},
        {"avatar": "https://cdn.example/a.png\n"},
        {"avatar": "javascript:alert(1)"},
        {"avatar": "https://me@cdn.example/a.png"},
        {"avatar": "https://cdn.example/" + "ä" * 700},
        {"avatar": 7},
        {"badges": "subscriber"},
        {"badges": [1]},
        {"entitlements": "subscriber"},
        {"roles": "moderator"},
        {"roles": [["moderator"]]},
    ],
)
def test_a_claim_of_a_wrong_shape_is_refused_without_repeating_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken) as caught:
        verified(**wrong)
    ((name, value),) = wrong.items()
    assert name in caught.value.detail
    if isinstance(value, str) and len(value) > 1:
        assert value not in caught.value.detail


def test_a_kind_is_guest_or_else_a_member_never_the_system() -> None:
    assert verified(kind="guest").kind == "guest"
    assert verified(kind="system").kind == "member"
    assert verified().kind == "member"


def test_roles_that_are_not_a_sites_to_give_mean_nothing() -> None:
    assert verified(roles=["operator", "editor", "admin"]).roles == {"admin"}


def test_every_secret_of_a_site_counts_and_no_other() -> None:
    token = signed(GOOD, OTHER)
    assert tokens.verify(token, SITE, keys(SECRET, OTHER), NOW).id == "u-7"
    assert "signature" in refused(token, SECRET)


def test_the_algorithm_is_the_sites_and_never_the_tokens() -> None:
    for alg in ("none", "None", "NONE", "RS256", "ES256", "HS1", "hs256", ""):
        assert refused(by_hand({"alg": alg}))
    for alg in ("HS384", "HS512"):
        assert "HS256" in refused(signed(GOOD, alg=alg))
    # Signed rightly, but for another algorithm than it says.
    head, claims, signature = signed(GOOD).split(".")
    other = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    assert refused(f"{other}.{claims}.{signature}")
    assert refused(f"{head}.{claims}.")
    assert refused(by_hand({"typ": "JWT"}))
    assert refused(by_hand({"alg": ["HS256"]}))


def test_a_key_in_the_token_is_not_a_key() -> None:
    mine = {"kty": "oct", "k": urlsafe_b64encode(OTHER.encode()).decode().rstrip("=")}
    token = signed(GOOD, OTHER)
    _, claims, signature = token.split(".")
    header = urlsafe_b64encode(json.dumps({"alg": "HS256", "jwk": mine, "kid": "../x"}).encode()).decode()
    assert refused(f"{header.rstrip('=')}.{claims}.{signature}")


def test_a_changed_token_is_refused() -> None:
    head, claims, signature = signed(GOOD).split(".")
    forged = urlsafe_b64encode(json.dumps({**GOOD, "roles": ["moderator"]}).encode()).decode().rstrip("=")
    assert "signature" in refused(f"{head}.{forged}.{signature}")
    assert "signature" in refused(f"{head}.{claims}.{signature[:-4]}AAAA")


@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c.d", "..", "é.é.é", "a.b.c", "e30.e30.e30", "🌿"])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refused(token)


def test_an_unknown_critical_header_is_refused() -> None:
    assert refused(by_hand({"alg": "HS256", "crit": ["exp"], "exp": 1}))


def test_an_unknown_header_that_is_not_critical_means_nothing() -> None:
    registry = jws.JWSRegistry(algorithms=["HS256"], strict_check_header=False)
    header = {"alg": "HS256", "typ": "JWT", "env": "live"}
    token = jws.serialize_compact(header, json.dumps(GOOD), OctKey.import_key(SECRET.encode()), registry=registry)
    assert tokens.verify(token, SITE, keys(), NOW).id == "u-7"


def test_a_payload_that_is_no_object_is_refused() -> None:
    for payload in (b"[]", b"7", b"", b"\xff", b"{", b"[" * 20_000):
        token = jws.serialize_compact({"alg": "HS256"}, payload, OctKey.import_key(SECRET.encode()))
        assert refused(token)


@pytest.mark.parametrize("claim", ["exp", "nbf"])
@pytest.mark.parametrize("when", [253_402_300_800, 1e300, 10**18])
def test_a_time_beyond_year_9999_is_none(claim: str, when: float) -> None:
    """Nearly always it is one in milliseconds."""
    with pytest.raises(InvalidToken, match="9999"):
        verified(**{claim: when})


def test_a_token_that_was_verified_once_still_expires_and_dies_with_its_key() -> None:
    token = signed(GOOD)
    ring = keys()
    assert tokens.verify(token, SITE, ring, NOW) is tokens.verify(token, SITE, ring, NOW)
    with pytest.raises(InvalidToken, match="expired"):
        tokens.verify(token, SITE, ring, NOW + 3600)
    with pytest.raises(InvalidToken, match="signature"):
        tokens.verify(token, SITE, keys(OTHER), NOW)


def test_what_is_remembered_of_tokens_is_bounded_over_all_keys() -> None:
    made = [signed({**GOOD, "jti": number}) for number in range(9)]
    size = max(map(len, made)) + TOKEN_OVERHEAD
    room = Tokens(4 * size)
    rings = [SiteKeys("hs256", (SECRET.encode(),), room) for _ in range(2)]
    for number, token in enumerate(made):
        tokens.verify(token, SITE, rings[number % 2], NOW)
    assert room.bytes <= 4 * size
    assert [ring.recall(token) is not None for token in made for ring in rings].count(True) == 4
    assert rings[0].recall(made[-1]) is not None, "the last ones"


def test_what_one_key_signed_is_not_taken_for_anothers() -> None:
    room = Tokens(100_000)
    token = signed(GOOD)
    tokens.verify(token, SITE, SiteKeys("hs256", (SECRET.encode(),), room), NOW)
    with pytest.raises(InvalidToken, match="signature"):
        tokens.verify(token, SITE, SiteKeys("hs256", (OTHER.encode(),), room), NOW)


def test_an_operator_is_known_by_the_secret_the_audience_and_the_role() -> None:
    operators = tokens.Operators(ADMIN_SECRET)
    good = {"aud": "hansard", "exp": NOW + 60, "roles": ["operator"]}
    assert operators.verify(signed(good, ADMIN_SECRET), NOW).roles == {"operator"}
    for wrong in (
        signed(good, SECRET),
        signed({**good, "aud": SITE}, ADMIN_SECRET),
        signed({**good, "roles": ["admin"]}, ADMIN_SECRET),
        signed({**good, "roles": ["operator", "admin"]}, ADMIN_SECRET),
        signed({**good, "exp": NOW - 61}, ADMIN_SECRET),
        signed({name: value for name, value in good.items() if name != "roles"}, ADMIN_SECRET),
        signed({name: value for name, value in good.items() if name != "exp"}, ADMIN_SECRET),
    ):
        with pytest.raises(InvalidToken):
            operators.verify(wrong, NOW)


def test_an_authorization_header_is_bearer_and_a_token() -> None:
    assert tokens.bearer(None) is None
    assert tokens.bearer(b"Bearer a.b.c") == tokens.bearer(b"bearer  a.b.c ") == "a.b.c"
    long = b"Bearer a.b." + b"c" * 9000
    no_jwts = (b"Bearer abc", b"Bearer a.b", b"Bearer a.b.c.d", b"Bearer a.b.c=", b"Bearer \xff.b.c")
    for wrong in (b"", b"Bearer", b"Bearer ", b"Basic a.b.c", b"a.b.c", long, *no_jwts):
        with pytest.raises(InvalidToken):
            tokens.bearer(wrong)


def test_nothing_that_holds_a_secret_shows_it() -> None:
    assert SECRET not in repr(keys())
    assert ADMIN_SECRET not in repr(tokens.Operators(ADMIN_SECRET))
