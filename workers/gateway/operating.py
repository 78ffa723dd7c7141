"""The application of operators' machines: whether a process is alive and ready, and its metrics."""

from collections.abc import Sequence

from starlette.types import ASGIApp

from workers.gateway import compression
from workers.gateway.app import Gateway
from workers.gateway.call import Call
from workers.gateway.calls import operations as calls
from workers.gateway.resource import Resource
from workers.gateway.services import Services
from workers.gateway.table import by_path


def operations(services: Services) -> ASGIApp:
    """All operations: health, readiness and metrics, and nothing else."""
    return _application(services, calls.CALLS)


def health_alone(services: Services) -> ASGIApp:
    """The operations that stay at an address where the process serves the others at an address of their own."""
    return _application(services, [call for call in calls.CALLS if call.path not in calls.APART])


def _application(services: Services, offered: Sequence[Call]) -> ASGIApp:
    return compression.before(
        Gateway((path, Resource(services, path, found)) for path, found in by_path(offered).items())
    )
