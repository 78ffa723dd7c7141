"""The actor recorded in an event, and the caller described by a token."""

from typing import Final, Literal

from msgspec import Struct

ActorKind = Literal["member", "guest", "staff", "system"]
Role = Literal["moderator", "auditor", "admin", "operator"]


class Actor(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Actor of an event, as stored in the log: a kind and an id, never a name. The kind "member" is not stored."""

    kind: ActorKind = "member"
    id: str


class SignedOpening(Struct, frozen=True, kw_only=True):
    """The article of a thread as a token describes it: the publication vouches for it by its signature."""

    thread: str
    url: str
    title: str
    labels: tuple[str, ...] = ()


class Caller(Struct, frozen=True, kw_only=True):
    """Caller described by a token. Name and badges are those of this token; no role includes another."""

    id: str
    name: str
    kind: Literal["member", "guest", "system"] = "member"
    avatar: str | None = None
    badges: tuple[str, ...] = ()
    entitlements: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    opening: SignedOpening | None = None
    """The article that the token describes."""

    @property
    def actor(self) -> Actor:
        """Actor to record for this caller. Any role makes the actor staff."""
        return Actor(kind="staff" if self.roles else self.kind, id=self.id)

    @property
    def moderates(self) -> bool:
        """True if the caller may decide about the comments of others."""
        return "moderator" in self.roles

    @property
    def sees_all(self) -> bool:
        """True if the caller sees what is not public: moderators and auditors."""
        return "moderator" in self.roles or "auditor" in self.roles

    @property
    def only_reads(self) -> bool:
        """True if `auditor` is the only role of the token: such a token writes nothing."""
        return self.roles == _AUDITOR

    @property
    def is_staff(self) -> bool:
        """True if the caller has a role that may write."""
        return bool(self.roles) and not self.only_reads

    @property
    def is_admin(self) -> bool:
        """True if the token carries `admin`."""
        return "admin" in self.roles

    @property
    def is_guest(self) -> bool:
        """True if the caller acts as a guest. A guest with a role is staff."""
        return self.kind == "guest" and not self.roles


OPERATOR: Final = Caller(id="operator", name="operator", roles=frozenset({"operator"}))
"""The operator of the deployment, at its command line."""

_AUDITOR: Final = frozenset({"auditor"})
