"""How long it takes to verify a token that was never seen, and one that was, by the key set of a publication."""

import time
from statistics import median
from typing import Final

from joserfc.jwk import ECKey
from msgspec import convert

from tests.bench.cores import on
from tests.bench.figures import Figure, Target
from tests.bench.people import SITE
from tests.bench.stage import Stage
from tests.support.key_host import public, token_of
from workers.gateway.auth import tokens
from workers.gateway.auth.public_keys import usable_keys
from workers.gateway.auth.signing_keys import SiteKeys
from workers.gateway.shapes.site_keys import Jwk

TOKENS: Final = 500
"""Tokens that are verified in a round."""
NOW: Final = 1_700_000_000.0
KEYS: Final = 3
"""Keys of the set: the one that signs, the one before it, and the next."""


async def measure(stage: Stage) -> list[Figure]:
    """The median of the tokens of a round, and of the same tokens a second time."""
    keys = [ECKey.generate_key("P-256") for _ in range(KEYS)]
    jwks = [convert(public(key, kid=str(number)), Jwk) for number, key in enumerate(keys)]
    claims = {"name": "A reader", "aud": SITE, "exp": NOW + 600, "entitlements": ["subscriber"]}
    signed = [token_of({"sub": f"u-{one}", **claims}, keys[1], "ES256", kid="1") for one in range(TOKENS)]
    cold, warm = [], []
    with on(stage.cores.own):
        for _ in range(stage.sizes.rounds):
            site = SiteKeys("jwks", public=usable_keys(jwks))
            cold.append(_took(signed, site))
            warm.append(_took(signed, site))
    return [
        Figure(
            name="ES256 token never seen, verified",
            unit="µs",
            measured=tuple(cold),
            target=Target(of="measured", at_most=1000),
        ),
        Figure(name="ES256 token seen before, verified", unit="µs", measured=tuple(warm)),
    ]


def _took(signed: list[str], site: SiteKeys) -> float:
    took = []
    for token in signed:
        begun = time.perf_counter()
        tokens.verify(token, SITE, site, NOW)
        took.append(time.perf_counter() - begun)
    return 1_000_000 * median(took)
