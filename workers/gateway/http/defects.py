"""Responses to requests that failed on a defect or an unreachable server."""

import structlog

from core.redis import errors
from core.refusals import Unavailable
from workers.gateway.http import problems
from workers.gateway.http.request_record import RequestRecord
from workers.gateway.http.response import Response

_log = structlog.get_logger(__name__)


def broken(error: Exception, record: RequestRecord) -> Response:
    """Return the response to a request that failed on a defect or an unreachable server."""
    if errors.is_passing(error):
        _log.warning("request_refused", cause=type(error).__name__)
        return problems.reply(Unavailable())
    _log.error("request_failed", exc_info=error)
    return problems.internal(record.request)
