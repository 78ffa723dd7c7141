"""Notices that comments are illegal: those that wait, and rates that few of them exceed."""

from typing import Any

from tests.support.house import MOD, House
from workers.gateway.rates import Rates


async def waiting_notices(house: House) -> list[dict[str, Any]]:
    """The items of the moderation queue for notices, as a moderator reads them."""
    items: list[dict[str, Any]] = (await house.get("moderation/queue?state=legal", MOD)).json()["items"]
    return items


def few_notices(house: House, notices: int) -> Rates:
    """Rates of the gateway's writes under which a site takes so many notices per minute."""
    return Rates(house.deployment.calls, house.deployment.keys, notices_per_minute=notices)
