"""Who acts: the actor that an event records, and the caller that a token describes."""

from typing import Final, Literal

from msgspec import Struct

ActorKind = Literal["member", "guest", "staff", "system"]
Role = Literal["moderator", "auditor", "admin", "operator"]


class Actor(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who did it, as the log keeps it: a kind and an id, never a name. That it is a member is left unsaid there."""

    kind: ActorKind = "member"
    id: str


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks, as the token says: name and badges are those of this token, no role includes another."""

    id: str
    name: str
    kind: Literal["member", "guest", "system"] = "member"
    avatar: str | None = None
    badges: tuple[str, ...] = ()
    entitlements: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()

    @property
    def actor(self) -> Actor:
        """The caller as the log records it: any role makes it staff."""
        return Actor(kind="staff" if self.roles else self.kind, id=self.id)

    @property
    def moderates(self) -> bool:
        """Whether the caller may decide about what others wrote."""
        return "moderator" in self.roles

    @property
    def sees_all(self) -> bool:
        """Whether the caller sees what is not public: moderators and auditors."""
        return "moderator" in self.roles or "auditor" in self.roles

    @property
    def only_reads(self) -> bool:
        """Whether the token is an auditor's and nothing else: such a token writes nothing."""
        return self.roles == _AUDITOR

    @property
    def is_staff(self) -> bool:
        """Whether the caller has a role that may write."""
        return bool(self.roles) and not self.only_reads

    @property
    def is_admin(self) -> bool:
        """Whether the token carries `admin`."""
        return "admin" in self.roles

    @property
    def is_guest(self) -> bool:
        """Whether the caller acts as a guest; a role makes staff of a guest."""
        return self.kind == "guest" and not self.roles


OPERATOR: Final = Caller(id="operator", name="operator", roles=frozenset({"operator"}))
"""Whoever works on the deployment itself, at its command line."""

_AUDITOR: Final = frozenset({"auditor"})
