"""Tokens that a publication signs with keys of its own: which keys verify which tokens, and all that must not."""

import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, Final

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from msgspec import convert

from tests.support.house import SITE
from tests.support.key_host import Key, jwks, public, token_of
from workers.gateway.auth import tokens
from workers.gateway.auth.public_keys import (
    MalformedKey,
    PublicKeys,
    UnusableKeySet,
    read_key_set,
    usable_key,
    usable_keys,
)
from workers.gateway.auth.signing_keys import SiteKeys
from workers.gateway.http.refusals import InvalidToken, UnknownKey
from workers.gateway.shapes.site_keys import MOST_KEYS, Jwk

NOW: Final = 1_700_000_000.0
CLAIMS: Final = {"sub": "u-7", "name": "Sayantani", "aud": SITE, "exp": NOW + 600}
EC: Final = ECKey.generate_key("P-256")
OTHER: Final = ECKey.generate_key("P-256")
RSA: Final = RSAKey.generate_key(2048)
ED: Final = OKPKey.generate_key("Ed25519")
ALGORITHMS: Final[list[tuple[Key, str, dict[str, Any]]]] = [
    (RSA, "RS256", {}),
    (RSA, "RS256", {"alg": "RS256"}),
    (RSA, "RS512", {"alg": "RS512"}),
    (RSA, "PS256", {"alg": "PS256"}),
    (EC, "ES256", {}),
    (EC, "ES256", {"alg": "ES256", "use": "sig"}),
    (ED, "EdDSA", {}),
    (ED, "EdDSA", {"alg": "EdDSA"}),
    (ED, "EdDSA", {"alg": "Ed25519"}),
    (ED, "Ed25519", {}),
    (ED, "Ed25519", {"alg": "EdDSA"}),
]


def keys(*given: dict[str, Any]) -> SiteKeys:
    return SiteKeys("jwks", public=usable_keys([convert(one, Jwk) for one in given]))


def verify(token: str, *given: dict[str, Any]) -> str:
    return tokens.verify(token, SITE, keys(*given), NOW).id


def refused(token: str, *given: dict[str, Any]) -> InvalidToken:
    with pytest.raises(InvalidToken) as caught:
        tokens.verify(token, SITE, keys(*given), NOW)
    return caught.value


def forged(header: dict[str, Any], secret: bytes) -> str:
    """A token signed with HMAC over whatever bytes, as no library does it."""
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, CLAIMS)]
    signature = hmac.new(secret, b".".join(parts), sha256).digest()
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


@pytest.mark.parametrize(("key", "alg", "more"), ALGORITHMS)
def test_a_token_is_verified_by_the_algorithm_of_its_key(key: Key, alg: str, more: dict[str, Any]) -> None:
    assert verify(token_of(CLAIMS, key, alg, kid="1"), public(key, kid="1", **more)) == "u-7"
    assert verify(token_of(CLAIMS, key, alg), public(key, kid="1", **more)) == "u-7"
    assert verify(token_of(CLAIMS, key, alg), public(OTHER, kid="0"), public(key, **more)) == "u-7"


@pytest.mark.parametrize(
    ("key", "alg", "more"),
    [
        (RSA, "PS256", {}),
        (RSA, "RS512", {}),
        (RSA, "RS512", {"alg": "RS256"}),
        (RSA, "RS256", {"alg": "PS256"}),
        (RSA, "RS384", {}),
        (RSA, "PS512", {}),
    ],
)
def test_another_algorithm_of_the_same_key_is_refused(key: Key, alg: str, more: dict[str, Any]) -> None:
    for kid in ({}, {"kid": "1"}):
        refused(token_of(CLAIMS, key, alg, **kid), public(key, kid="1", **more))


@pytest.mark.parametrize("key", [RSA, EC, ED])
def test_no_public_key_is_taken_for_a_secret(key: Key) -> None:
    """Algorithm confusion: HS256 over all forms in which a stranger has the public key."""
    document = public(key, kid="1")
    forms = [json.dumps(document).encode(), json.dumps({"keys": [document]}).encode()]
    if not isinstance(key, OKPKey):
        forms.append(key.as_pem(private=False))
    forms += [form.strip() for form in forms]
    for secret in forms:
        for alg in ("HS256", "RS256", "ES256", "EdDSA"):
            refused(forged({"alg": alg, "kid": "1"}, secret), document)
            refused(forged({"alg": alg}, secret), document)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "dir", "RSA-OAEP"])
def test_an_algorithm_that_no_key_set_has_is_refused_and_asks_nobody(alg: str) -> None:
    for header in ({"alg": alg}, {"alg": alg, "kid": "1"}, {"alg": alg, "kid": "unknown"}):
        parts = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, CLAIMS)]
        for signature in ("", "c2lnbmF0dXJl"):
            assert type(refused(".".join((*parts, signature)), public(EC, kid="1"))) is InvalidToken


@pytest.mark.parametrize(
    "kid", ["2", "", "1\x00", "../../1", "1' OR '1'='1", "https://evil.example/jwks.json", "*", "1" * 3000, "ä"]
)
def test_a_made_up_name_of_a_key_names_none(kid: str) -> None:
    found = refused(token_of(CLAIMS, OTHER, "ES256", kid=kid), public(EC, kid="1"))
    assert isinstance(found, UnknownKey)
    assert not kid or kid not in found.detail


@pytest.mark.parametrize("kid", [1, None, ["1"], {"a": 1}, True])
def test_a_name_of_a_key_is_a_string(kid: object) -> None:
    parts = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "ES256"}, CLAIMS)]
    head = urlsafe_b64encode(json.dumps({"alg": "ES256", "kid": kid}).encode()).decode().rstrip("=")
    refused(".".join((head, parts[1], "AA")), public(EC, kid="1"))


def test_keys_and_addresses_that_a_header_brings_along_are_not_looked_at() -> None:
    own = public(OTHER, kid="1")
    for header in ({"jwk": own}, {"jku": "https://evil.example/"}, {"x5u": "https://evil.example/"}, {"kid": "1"}):
        refused(token_of(CLAIMS, OTHER, "ES256", **header), public(EC, kid="1"))
    assert verify(token_of(CLAIMS, EC, "ES256", jku="https://evil.example/", kid="1"), public(EC, kid="1")) == "u-7"


def test_a_header_that_demands_what_is_not_understood_is_refused() -> None:
    refused(token_of({**CLAIMS}, EC, "ES256", crit=["exp"], exp=1), public(EC))


def test_the_signature_of_another_key_under_a_known_name_is_no_reason_to_ask_again() -> None:
    assert type(refused(token_of(CLAIMS, OTHER, "ES256", kid="1"), public(EC, kid="1"))) is InvalidToken
    # Without a name, it may be that of a key that is not known yet.
    assert isinstance(refused(token_of(CLAIMS, OTHER, "ES256"), public(EC, kid="1")), UnknownKey)


def test_two_keys_of_one_name_are_both_tried() -> None:
    assert verify(token_of(CLAIMS, EC, "ES256", kid="1"), public(OTHER, kid="1"), public(EC, kid="1")) == "u-7"
    assert verify(token_of(CLAIMS, EC, "ES256", kid="1"), public(RSA, kid="1"), public(EC, kid="1")) == "u-7"


def test_a_changed_token_is_refused() -> None:
    head, body, signature = token_of(CLAIMS, EC, "ES256").split(".")
    other = urlsafe_b64encode(json.dumps({**CLAIMS, "roles": ["admin"]}).encode()).decode().rstrip("=")
    for changed in (f"{head}.{other}.{signature}", f"{head}.{body}.{signature[:-4]}", f"{head}.{body}."):
        refused(changed, public(EC))


def test_a_site_with_secrets_takes_no_token_of_a_key_and_the_other_way_round() -> None:
    secret = b"a secret of the site, which is 32 bytes long"
    refused(token_of(CLAIMS, OctKey.import_key(secret), "HS256"), public(EC))
    with pytest.raises(InvalidToken):
        tokens.verify(token_of(CLAIMS, EC, "ES256"), SITE, SiteKeys("hs256", (secret,)), NOW)


@pytest.mark.parametrize(
    "jwk",
    [
        public(RSA, use="enc"),
        public(RSA, alg="RSA-OAEP"),
        public(RSA, alg="RS384"),
        public(RSA, alg="HS256"),
        public(RSA, alg="none"),
        public(ECKey.generate_key("P-384")),
        public(OKPKey.generate_key("Ed448")),
        public(OKPKey.generate_key("X25519")),
    ],
)
def test_a_key_for_something_else_verifies_nothing(jwk: dict[str, Any]) -> None:
    assert usable_key(convert(jwk, Jwk)) is None


@pytest.mark.parametrize(
    "jwk",
    [
        public(RSA, n="AQAB"),
        public(RSA, e="AQ"),
        public(RSA, e="BA"),
        public(RSA, e="AQAAAAAAAAAAAQ"),
        public(RSA, n=urlsafe_b64encode(b"\xff" * 1025).decode()),
        public(RSA, n=urlsafe_b64encode(b"\xff" * 127).decode()),
        public(RSA, n="ä"),
        public(RSA, n=None),
        public(EC, y="AA"),
        public(EC, x=None),
        public(EC, alg="EdDSA"),
        public(EC, alg="RS256"),
        public(ED, x="AA"),
        public(ED, crv="Ed448", alg="EdDSA"),
        public(RSA, kty="EC", crv="P-256"),
    ],
)
def test_a_malformed_key_is_said_to_be_one(jwk: dict[str, Any]) -> None:
    with pytest.raises(MalformedKey):
        usable_key(convert(jwk, Jwk))
    assert len(usable_keys([convert(jwk, Jwk), convert(public(EC), Jwk)])) == 1


def test_a_served_set_is_read_with_whatever_else_is_in_it() -> None:
    strange: list[dict[str, Any]] = [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "AKP"}, {}, {"kty": 7}]
    strange += [public(EC, y="AA"), public(RSA, use="enc")]
    found = read_key_set(jwks(*strange, public(EC, kid="1", x5c=["…"], x5t="…")))
    assert len(found) == 1


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>not found</html>",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": [1]}',
        b'{"keys": []}',
        b"\xff\xfe",
        b'{"keys": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        jwks({"kty": "oct", "k": "c2VjcmV0"}),
        jwks(public(RSA, use="enc")),
        jwks(*[public(EC)] * (MOST_KEYS + 1)),
    ],
)
def test_what_holds_no_key_is_no_set(document: bytes) -> None:
    with pytest.raises(UnusableKeySet):
        read_key_set(document)


def test_an_empty_set_verifies_nothing() -> None:
    with pytest.raises(UnknownKey):
        PublicKeys().payload(token_of(CLAIMS, EC, "ES256"))
