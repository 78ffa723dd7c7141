"""The site aggregate: the settings of a publication. Operators open sites and set keys, admins change the policy."""

from collections.abc import Iterator
from typing import Final, Literal, assert_never

from msgspec import UNSET, Struct, convert, json
from msgspec.structs import asdict, replace

from core import heads
from core.domain.context import Context
from core.domain.handler import Command, Handler, Handlers, Loaded, Needs
from core.domain.policy_fields import checked, same
from core.domain.rules.registry import check_rules
from core.events.envelope import Recorded
from core.events.event import Event
from core.events.site_events import PolicyChanged, ScreenerConfigured, ScreenerRemoved, SiteOpened, SiteRekeyed
from core.policy import Policy, PolicyChanges
from core.position import Position
from core.refusals import BadField, SiteExists
from core.text.unicode import one_line


class OpenSite(Command, frozen=True, kw_only=True, tag="open-site"):
    """Open a site. Its keys are stored separately: they never reach the log."""

    name: str
    policy: Policy
    keys_kind: Literal["hs256", "jwks"]
    keys_number: int


class RekeySite(Command, frozen=True, kw_only=True, tag="rekey-site"):
    """Record that the site's keys were replaced; `keys_digest` identifies the key set."""

    kind: Literal["hs256", "jwks"]
    number: int
    keys_digest: str


class ChangePolicy(Command, frozen=True, kw_only=True, tag="change-policy"):
    """Change fields of the site's policy."""

    changes: PolicyChanges


SiteCommand = OpenSite | RekeySite | ChangePolicy

LONGEST_NAME = 120


class Site(Struct, frozen=True, kw_only=True):
    """A site folded from its events. A site that was never opened has the default policy and does not exist."""

    opening: SiteOpened | None = None
    """The opening event. Repeating an identical opening changes nothing, even after a change of policy."""
    opened_at: Position | None = None
    policy: Policy = Policy()
    policy_at: Position | None = None
    """Position of the event that last set the policy."""
    position: Position | None = None
    """Position of the site's last event."""
    has_screener: bool = False
    """True if a screener was set up."""

    @property
    def exists(self) -> bool:
        """True if the site was opened."""
        return self.opening is not None

    @property
    def name(self) -> str | None:
        """Name of the publication."""
        return None if self.opening is None else self.opening.name


def evolve(site: Site, recorded: Recorded) -> Site:
    """Apply one event to the site."""
    event, position = recorded.event, recorded.position
    match event:
        case SiteOpened():
            return Site(
                opening=event,
                opened_at=position,
                policy=event.policy,
                policy_at=position,
                position=position,
            )
        case PolicyChanged():
            return replace(site, policy=site.policy.with_changes(event.changes), policy_at=position, position=position)
        case ScreenerConfigured() | ScreenerRemoved():
            return replace(site, has_screener=isinstance(event, ScreenerConfigured), position=position)
        case _:
            return replace(site, position=position)


def decide(command: SiteCommand, context: Context, loaded: Loaded) -> list[Event]:
    """Return the events of a command about a site.

    Raises NotFound, NotAllowed, Suspended, SiteExists, BadField, BadRule.
    """
    site: Site = loaded.site
    match command:
        case OpenSite():
            return _open(command, site, context)
        case RekeySite():
            context.require_site()
            context.require_operator()
            # The log cannot compare key sets. The key store sends this command only if the keys differ.
            return [SiteRekeyed(kind=command.kind, number=command.number)]
        case ChangePolicy():
            context.require_site()
            if "operator" not in context.caller.roles:  # who helps a site that counts no role `admin`
                context.require_role("admin")
            return _change(command, site)
        case _:
            assert_never(command)


def _needs(_: SiteCommand, caller: str) -> Needs:
    return Needs(folded=(heads.SITE, heads.member(caller)), expected=(heads.SITE,))


def _unchanged_since(command: SiteCommand, _: Context, loaded: Loaded) -> Position | None:
    site: Site = loaded.site
    return site.policy_at if isinstance(command, ChangePolicy) else site.opened_at


def _open(command: OpenSite, site: Site, context: Context) -> list[Event]:
    context.require_operator()
    # Checked first: the stored policy has the normalised values.
    policy = replace(command.policy, **checked(asdict(command.policy), "/policy"))
    opening = SiteOpened(name=one_line(command.name, LONGEST_NAME), policy=policy)
    if site.opening is not None:
        differs = [*_differing(site.opening, opening)]
        if differs:
            raise SiteExists(*differs)
        return []
    if not opening.name:
        raise BadField("/name", "the name needs a visible character")
    check_rules(command.policy.rules, "/policy/rules")
    return [opening]


def _differing(first: SiteOpened, other: SiteOpened) -> Iterator[tuple[str, str]]:
    """Yield the fields in which `other` differs from the first opening: a JSON pointer, and the first value."""
    # A stored name may predate the normalisation of names.
    if one_line(first.name or "", LONGEST_NAME) != other.name:
        yield "/name", f"the site was opened as {_json(first.name)}"
    for field in Policy.__struct_fields__:
        before = getattr(first.policy, field)
        if not same(field, before, getattr(other.policy, field)):
            yield f"/policy/{field}", f"the site was opened with {_json(before)}"


def _json(value: object) -> str:
    return json.encode(value).decode()


def _change(command: ChangePolicy, site: Site) -> list[Event]:
    wanted = checked(command.changes.given(), "")
    changed = {name: value for name, value in wanted.items() if getattr(site.policy, name) != value}
    rules = command.changes.rules
    if rules is not UNSET and "rules" in changed:
        check_rules(rules, "/rules")
    return [PolicyChanged(changes=convert(changed, PolicyChanges))] if changed else []


_HANDLER: Final = Handler(needs=_needs, decide=decide, unchanged_since=_unchanged_since, site_wide=True)

HANDLERS: Final[Handlers] = {OpenSite: _HANDLER, RekeySite: _HANDLER, ChangePolicy: _HANDLER}
