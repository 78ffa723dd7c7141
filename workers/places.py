"""Places of the processes in which words or profiles lie, and the joined registry (`core.places`)."""

from collections.abc import Mapping
from typing import Final

from core import places as core
from core.places import BOTH, EVERYBODY, PROFILE, RESTART, Place
from projections import places as projections

PLACES: Final = (
    *core.PLACES,
    *projections.PLACES,
    Place(
        name="verified tokens",
        kind="process memory",
        where="workers.gateway.auth.keyring:Keyring.tokens",
        holds=PROFILE,
        whose=frozenset({"author", "staff"}),
        ages="until evicted, the least recently used first (`HANSARD_TOKEN_BYTES`)",
        removal=RESTART,
    ),
    Place(
        name="responses",
        kind="process memory",
        where="workers.gateway.http.response_cache:ResponseCache._entries",
        holds=BOTH,
        whose=frozenset({"author", "publisher"}),
        ages="until evicted, the least recently used first (64 MiB). Not served once the views have changed",
        removal=RESTART,
    ),
    Place(
        name="pages of the past",
        kind="process memory",
        where="workers.gateway.operations.past_cache:PastPages._entries",
        holds=BOTH,
        whose=EVERYBODY,
        ages="until evicted, the least recently used first (`HANSARD_PAST_BYTES`). Not served after a later event of "
        "the thread",
        removal=RESTART,
    ),
    Place(
        name="feed frames",
        kind="process memory",
        where="workers.gateway.feed.ring:Ring._frames",
        holds=BOTH,
        whose=frozenset({"author", "publisher"}),
        ages="while the thread has an open feed: the newest 2,048 frames, at most 1 MiB",
        removal=RESTART,
    ),
    Place(
        name="server files",
        kind="file",
        where="server/appendonlydir/*",
        holds=BOTH,
        whose=EVERYBODY,
        ages="until the file is rewritten after its content left all keys. A server of yours has them in its `dir`, "
        "and dumps where `save` is set; each replica has its own",
        removal="BGREWRITEAOF, on every server and replica",
    ),
    Place(
        name="backups",
        kind="file",
        where="the file that `hansard backup` writes",
        holds=BOTH,
        whose=EVERYBODY,
        ages="until you delete the file",
        removal="deleted with the file",
    ),
    Place(
        name="exports",
        kind="file",
        where="the file that `hansard export` writes",
        holds=BOTH,
        whose=EVERYBODY,
        ages="until you delete the file",
        removal="deleted with the file",
    ),
    Place(
        name="plans",
        kind="file",
        where="the folder that `hansard import plan` writes",
        holds=BOTH,
        whose=EVERYBODY,
        ages="until you delete the folder, which its owner alone can read. `remap` is the last command that needs it. "
        "What is read lies in its `.spool` until the plan is written",
        removal="deleted with the folder",
    ),
)
"""Every place of a deployment."""

WORDLESS: Final[Mapping[str, str]] = {
    **core.WORDLESS,
    **projections.WORDLESS,
}
"""Every key without words, by pattern: its content."""
