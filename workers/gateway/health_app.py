"""The application for operators' machines: liveness, readiness and metrics of a process."""

from collections.abc import Sequence

from starlette.types import ASGIApp

from workers.gateway.app import Gateway, recorded
from workers.gateway.http import compression
from workers.gateway.http.machine_paths import APART
from workers.gateway.operations import health
from workers.gateway.operations.operation import Operation
from workers.gateway.operations.services import Services
from workers.gateway.operations.table import by_path
from workers.gateway.resource import Resource


def operations(services: Services) -> ASGIApp:
    """Build an application of health, readiness and metrics only."""
    return _application(services, health.OPERATIONS)


def health_alone(services: Services) -> ASGIApp:
    """Build an application of the operations left at this address when the others have their own address."""
    return _application(services, [call for call in health.OPERATIONS if call.path not in APART])


def _application(services: Services, offered: Sequence[Operation]) -> ASGIApp:
    return compression.before(
        Gateway({path: recorded(Resource(services, path, found)) for path, found in by_path(offered).items()})
    )
