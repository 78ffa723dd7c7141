"""Who takes part, and how they prove it: members with a token each, a moderator, an admin, the operator."""

from typing import Final

from tests.bench.asks import token
from tests.faults.workers import ADMIN_SECRET

SITE: Final = "kew"
SECRET: Final = "the secret of the site that is to fail"
ROOT: Final = f"/v1/sites/{SITE}"
MODERATOR: Final = "mod"
ADMIN: Final = "adi"
MEMBERS: Final = tuple(f"u-{number}" for number in range(200))
"""So many that none meets a rate where a policy cannot turn rates off, in the format of an older version."""


class Tokens:
    """The bearer tokens of everybody, signed once: they are good for an hour, and renewed by asking anew."""

    def __init__(self) -> None:
        self.operator = token({"sub": "operator", "aud": "hansard", "roles": ["operator"]}, ADMIN_SECRET)
        self._of = {name: self._sign({"sub": name, "name": name.title()}) for name in MEMBERS}
        self._of[MODERATOR] = self._sign({"sub": MODERATOR, "name": "Mo", "roles": ["moderator"]})
        self._of[ADMIN] = self._sign({"sub": ADMIN, "name": "Adi", "roles": ["admin"]})

    def of(self, member: str) -> str:
        """The token of a member."""
        return self._of[member]

    @staticmethod
    def _sign(claims: dict[str, object]) -> str:
        return token({**claims, "aud": SITE}, SECRET)
