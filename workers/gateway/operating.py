"""What a process that is no gateway answers: whether it is alive and ready, and its metrics."""

from starlette.types import ASGIApp

from workers.gateway.app import Gateway
from workers.gateway.calls import operations as calls
from workers.gateway.resource import Resource
from workers.gateway.services import Services
from workers.gateway.table import by_path


def operations(services: Services) -> ASGIApp:
    """The calls that operators' machines make, and nothing else."""
    paths = by_path(calls.CALLS)
    return Gateway((path, Resource(services, path, found)) for path, found in paths.items())
