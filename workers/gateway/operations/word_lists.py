"""Operations on the word lists of a site."""

from typing import Any, Final

from core.application.current_state import lists_of
from core.application.list_loading import terms_of
from core.domain.word_lists import MOST_BYTES, PutList, RemoveList
from core.events.site_events import ListVersion
from core.position import Position
from core.refusals import NotFound, Unavailable
from workers.gateway.http.parameters import NoQuery
from workers.gateway.http.response import Response, json
from workers.gateway.operations.operation import ROOT, Access, Operation, Request
from workers.gateway.operations.writing import execute, position_response
from workers.gateway.shapes import word_lists as shapes
from workers.gateway.shapes.common import Position as PositionAnswer


async def read_lists(request: Request[NoQuery, None]) -> Response:
    """The word lists of the site, without their terms."""
    lists = await lists_of(request.services.log, request.site)
    return json({"lists": [_head(version) for version in lists.versions.values()]})


async def read_list(request: Request[NoQuery, None]) -> Response:
    """One word list with its terms."""
    version = (await lists_of(request.services.log, request.site)).versions.get(request.path["list"])
    if version is None:
        raise NotFound("there is no such word list")
    terms = await terms_of(request.services.log, request.site, Position.parse(version.at))
    if terms is None:
        raise Unavailable("the terms of this list cannot be read: put the list again")
    return json({**_head(version), "terms": terms})


async def put_list(request: Request[NoQuery, shapes.ListTerms]) -> Response:
    """Replace the terms of a word list, or begin one."""
    return position_response(
        request, await execute(request, PutList(list=request.path["list"], terms=tuple(request.body.terms)))
    )


async def delete_list(request: Request[NoQuery, None]) -> Response:
    """Take a word list away."""
    return position_response(request, await execute(request, RemoveList(list=request.path["list"])))


def _head(version: ListVersion) -> dict[str, Any]:
    return {"list": version.list, "count": version.count, "digest": version.digest, "position": version.at}


MOST_JSON: Final = 4 * MOST_BYTES
"""Most bytes of a list as JSON, which may escape each character."""

_TAG: Final = "Word lists"
_LIST: Final = ROOT + "/lists/{list}"
_EXAMPLE: Final = {
    "list": "insults",
    "count": 2,
    "digest": "9f86d081884c7d659a2feaa0c55ad015",
    "position": "1698579000000-42",
}

OPERATIONS: Final = (
    Operation(
        name="listWordLists",
        method="GET",
        path=f"{ROOT}/lists",
        access=Access.MODERATOR,
        required_role="moderator",
        tag=_TAG,
        summary="List the word lists of a site, without their terms",
        handler=read_lists,
        answer=shapes.ListsAnswer,
        example={"lists": [_EXAMPLE]},
        problems=("not-allowed",),
    ),
    Operation(
        name="readWordList",
        method="GET",
        path=_LIST,
        access=Access.MODERATOR,
        required_role="moderator",
        tag=_TAG,
        summary="Read a word list with its terms",
        handler=read_list,
        answer=shapes.WholeList,
        example={**_EXAMPLE, "terms": ["fool", "bad word"]},
        problems=("not-allowed",),
    ),
    Operation(
        name="putWordList",
        method="PUT",
        path=_LIST,
        access=Access.ADMIN,
        required_role="admin",
        tag=_TAG,
        summary="Replace the terms of a word list, or begin one",
        detail=(
            "Texts are judged by the new terms at once, where a rule `words` names the list; texts that were judged "
            "before stay as they are. At most 20 lists per site."
        ),
        handler=put_list,
        most_bytes=MOST_JSON,
        body=shapes.ListTerms,
        request_example={"terms": ["fool", "bad word"]},
        answer=PositionAnswer,
        example={"position": "1698579000000-42"},
        problems=("not-allowed", "suspended"),
    ),
    Operation(
        name="deleteWordList",
        method="DELETE",
        path=_LIST,
        access=Access.ADMIN,
        required_role="admin",
        tag=_TAG,
        summary="Take a word list away",
        detail="A rule that names it matches nothing by it any more.",
        handler=delete_list,
        answer=PositionAnswer,
        example={"position": "1698579000000-42"},
        problems=("not-allowed", "suspended"),
    ),
)
