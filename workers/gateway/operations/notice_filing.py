"""Filing of a notice, by an operation or by the form. Who files it needs no token."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from core import contacts, ids
from core.application.current_state import site_of
from core.application.transact import Result, transact
from core.caller import Caller
from core.contacts import Contact
from core.domain.notice import FileNotice, filer
from core.refusals import BadField
from core.text.unicode import one_line
from workers.gateway.operations.services import Services
from workers.gateway.shapes import notices as shapes

_PLACE: Final = "notices"
"""Scope of the keys of notices: the form and the operation share it."""


class Filed(NamedTuple):
    """A filed notice."""

    reference: str
    result: Result


async def file_notice(  # a notice, and by keyword how it came
    services: Services,
    site: str,
    given: shapes.NewNotice,
    *,
    token: Caller | None = None,
    network: str | None = None,
    key: str,
    language: str | None = None,
    confirm: Callable[[], Awaitable[object]] | None = None,
) -> Filed:
    """File a notice once per `key`, and keep the sealed contact of who filed it.

    Raises NotFound if readers do not see the comment, BadField, TooManyNotices, RateExceeded, Unavailable.
    """
    if not given.good_faith:
        raise BadField("/good_faith", "a notice is filed in good faith, or not at all")
    contact = Contact(
        email=given.email or None,
        name=one_line(given.name, shapes.LONGEST_NAME) or None if given.name else None,
        language=language,
    )
    is_reachable = contact.email is not None or contact.name is not None
    if is_reachable:
        services.contacts.require_key()
    await site_of(services.log, site, cache=services.aggregate_cache)
    caller, by = filer(token)
    if by != "staff":
        await services.rates.take_notice(site, network)
    command_key = ids.command_key(site, caller.id, "POST", _PLACE, key)
    reference = services.references.make(site, given.thread, command_key)
    command = FileNotice(
        comment=given.comment, reference=reference, explanation=given.explanation, law=given.law, by=by
    )
    result = await transact(
        services.log,
        command,
        site=site,
        thread=given.thread,
        caller=caller,
        key=command_key,
        cache=services.aggregate_cache,
        confirm=confirm,
    )
    # Only now: nothing is kept of who was refused. A repeat of the request keeps it where this one was cut off.
    if is_reachable:
        await services.contacts.keep(site, contacts.of_notice(reference), contact)
    return Filed(reference, result)
