"""The policy and the word lists that a rehearsal judges by: those of a site, with changes that were not made."""

from collections.abc import Mapping

from anyio import to_thread
from msgspec import Struct

from core import heads
from core.application.aggregate_cache import AggregateCache
from core.application.aggregates import load_aggregates
from core.application.list_loading import load_lists
from core.application.transact import would_refuse
from core.caller import Caller
from core.domain.context import LoadedList
from core.domain.rules.registry import decoded
from core.domain.site import ChangePolicy
from core.domain.word_lists import checked_terms
from core.log.port import Log
from core.policy import Policy, PolicyChanges
from core.position import START
from core.refusals import BadField, NotFound
from core.text.word_list import WordList


class RehearsedPolicy(Struct, frozen=True, kw_only=True):
    """A policy, and the word lists that its rules name."""

    policy: Policy
    lists: Mapping[str, LoadedList]
    site_name: str | None


async def rehearsed_policy(
    log: Log,
    site: str,
    changes: PolicyChanges,
    terms: Mapping[str, tuple[str, ...]],
    *,
    caller: Caller,
    cache: AggregateCache | None = None,
) -> RehearsedPolicy:
    """The policy of a site with these changes, and its lists, some of them with other terms. Changes nothing.

    Raises what the change itself would be refused with, NotFound, and BadField for terms that a list cannot have.
    """
    refusal = await would_refuse(log, ChangePolicy(changes=changes), site=site, caller=caller, cache=cache)
    if refusal is not None:
        raise refusal
    found = await load_aggregates(log, site, "", folded=(heads.SITE,), heads_only=(heads.LISTS,), cache=cache)
    if not found.site.exists:
        raise NotFound("there is no such site")
    policy = found.site.policy.with_changes(changes)
    lists = dict(await load_lists(log, site, found, decoded(policy.rules).lists, cache))
    for name, some in terms.items():
        try:
            kept = checked_terms(some)
        except BadField as error:
            raise BadField(f"/lists/{name}{error.extra['errors'][0]['pointer']}", error.detail) from None
        lists[name] = LoadedList(str(START), await to_thread.run_sync(WordList, kept))
    return RehearsedPolicy(policy=policy, lists=lists, site_name=found.site.name)
