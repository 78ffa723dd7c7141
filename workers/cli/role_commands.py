"""`hansard gateway`, `hansard projector` and `hansard screener`: one role per process."""

import sys

from workers.cli import output
from workers.cli.options import AS_SET, Serving
from workers.roles import roles
from workers.runtime import logs, process


def gateway(*, serving: Serving = AS_SET) -> int:
    """Run the HTTP gateway, in as many processes as you like.

    It needs a server (--redis-url) and the admin secret, and creates neither. `hansard projector` keeps the views.
    After SIGTERM it drains: streams are closed and responses finished, within --drain seconds.

    For example:

        HANSARD_REDIS_URL=redis://127.0.0.1:6379 HANSARD_ADMIN_SECRET=… hansard gateway

        hansard gateway --redis-url-file /run/secrets/redis_url --admin-secret-file /run/secrets/admin_secret

        hansard gateway --host 0.0.0.0 --log-format json
    """
    return _run("gateway", roles.run_gateway, serving)


def projector(*, serving: Serving = AS_SET) -> int:
    """Run the projector, in as many processes as you like: they share the partitions by leases.

    It serves only /healthz, /readyz and /metrics. It needs a server (--redis-url) and the admin secret, and creates
    neither. On one machine with a gateway, give it another --port. With --operations, --port serves only /healthz.

    For example:

        HANSARD_REDIS_URL=redis://127.0.0.1:6379 HANSARD_ADMIN_SECRET=… hansard projector --port 8401
    """
    return _run("projector", roles.run_projector, serving)


def screener(*, serving: Serving = AS_SET) -> int:
    """Ask the screeners of sites about texts, in as many processes as you like: they share the partitions by leases.

    Needed where the policy of a site has `screening`. It serves only /healthz, /readyz and /metrics, and needs a server
    (--redis-url), the admin secret, and the contacts key that screeners are sealed with.

    For example:

        HANSARD_REDIS_URL=redis://127.0.0.1:6379 HANSARD_ADMIN_SECRET=… hansard screener --port 8402
    """
    return _run("screener", roles.run_screener, serving)


def _run(name: str, role: roles.Role, serving: Serving) -> int:
    found = serving.settings()
    # Missing settings are reported before anything is started.
    found.needed("redis_url")
    found.needed("admin_secret")

    def on_started(url: str) -> None:
        if logs.is_json() and not sys.stdout.isatty():
            output.document({"role": name, "url": url})
        else:
            output.line(f"The {name} listens on {url}")
        output.flush()

    return process.run(lambda own: role(own, found, on_started), drain=found.drain)
