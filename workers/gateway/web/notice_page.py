"""The form for notices, and the page that tells what became of one. Both work without a script.

Readers have it whatever the policy says of reading pages. The form posts to its own address, which then leads to the
page of the notice: reloading that files nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib.resources import files
from secrets import token_urlsafe
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct
from starlette.types import Receive, Scope

from core import ids
from core.policy import Policy
from core.refusals import BadField, NotFound, Refusal, TooManyNotices, Unavailable
from core.time_zones import zone_of
from workers.gateway.html.page import FragmentRow
from workers.gateway.html.row_times import RowTimes
from workers.gateway.html.words import Words, languages, words_of
from workers.gateway.http import bodies, caching, parameters
from workers.gateway.http.headers import headers_of
from workers.gateway.http.refusals import BadRequest, RateExceeded, UnsupportedMediaType
from workers.gateway.http.response import Response
from workers.gateway.shapes import notices as shapes
from workers.gateway.web.discussions import Discussions
from workers.gateway.web.hosted import ALONE, NOINDEX, POLICY, Shell, attributes, page, text

ROUTE: Final = "/read/{site}/{thread}/{comment}/notice"

_POLICY: Final = POLICY.replace("form-action 'none'", "form-action 'self'")
_FORM: Final = b"application/x-www-form-urlencoded"
_NO_STORE: Final = (b"cache-control", caching.NO_STORE)
_SEE_OTHER: Final = 303
_LIMITS: Final[Mapping[str, int]] = {
    "explanation": shapes.LONGEST_EXPLANATION,
    "law": shapes.LONGEST_LAW,
    "name": shapes.LONGEST_NAME,
    "email": shapes.LONGEST_EMAIL,
}
"""The fields of the form that take words, with their lengths."""
_FIELDS: Final = frozenset({*_LIMITS, "good_faith", "key"})
_WORDS: Final = files("workers.gateway.web") / "notice_words"


class FilledForm(NamedTuple):
    """A notice from the form, the key of its request, and the language of the form."""

    site: str
    notice: shapes.NewNotice
    key: str
    language: str


class NoticeDesk(Struct, frozen=True, kw_only=True):
    """Calls of the form for operations on notices."""

    file: Callable[[FilledForm, Scope, Receive], Awaitable[str]]
    """Files a notice, and returns its reference once the views have the notice. Raises as `file_notice` does."""
    read: Callable[[str, str], Awaitable[shapes.NoticeAnswer]]
    """Reads a notice of a site by its reference. Raises NotFound."""
    body: Callable[[Receive, bytes | None], Awaitable[bytes]]
    """Reads the body of a request, within the bounds of the gateway."""
    release: Callable[[bytes], None]
    """Ends the counting of a body."""
    takes_contacts: Callable[[], bool]
    """True if names and addresses can be sealed."""


class _Given(NamedTuple):
    """The content of a form, and the fault in it."""

    values: Mapping[str, str]
    key: str
    wrong: str | None = None
    """The field that is wrong, `many` or `later`."""


class _Page(NamedTuple):
    """The place and the language of a page."""

    path: Mapping[str, str]
    policy: Policy

    @property
    def words(self) -> Words:
        """The words of the language, with the sentences of the form."""
        return sentences()[words_of(self.policy.language).language]


class NoticePages:
    """Makes the form and the page of a notice."""

    def __init__(self, shell: Shell, discussions: Discussions, desk: NoticeDesk) -> None:
        self._shell = shell
        self._discussions = discussions
        self._desk = desk

    async def make(self, scope: Scope, receive: Receive) -> Response:
        """Return the form, or with `reference` the page of a notice."""
        path = scope["path_params"]
        reference = parameters.parse(scope["query_string"]).get("reference", [""])[0]
        if not reference:
            return await self._form(path, receive, _Given({}, token_urlsafe(16)))
        if not ids.is_reference(reference):
            raise NotFound("there is no such notice")
        gate = self._discussions.gate
        await gate.enter(receive)
        try:
            policy = await self._discussions.policy(path["site"], path["thread"])
            notice = await self._desk.read(path["site"], reference)
        finally:
            gate.leave()
        return self._answer(_Page(path, policy), notice)

    async def take(self, scope: Scope, receive: Receive) -> Response:
        """File what was typed into the form, and lead to the page of the notice."""
        path, headers = scope["path_params"], headers_of(scope)
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != _FORM:
            raise UnsupportedMediaType("the form posts application/x-www-form-urlencoded")
        body = await self._desk.body(receive, headers.get(b"content-length"))
        try:
            given = _given(body)
        finally:
            self._desk.release(body)
        try:
            notice = _notice(path, given.values)
            language = words_of((await self._discussions.site(path["site"], receive)).policy.language).language
            form = FilledForm(path["site"], notice, given.key, language)
            reference = await self._desk.file(form, scope, receive)
        except (BadField, BadRequest, TooManyNotices, RateExceeded, Unavailable) as refused:
            found = await self._form(path, receive, given._replace(wrong=_wrong(refused)))
            return found._replace(status=_STATUSES.get(type(refused), 503))
        address = f"{ROUTE.format(**path)}?reference={reference}"
        return page(b"", (b"location", address.encode()), NOINDEX, _NO_STORE, status=_SEE_OTHER, policy=_POLICY)

    async def _form(self, path: Mapping[str, str], receive: Receive, given: _Given) -> Response:
        gate = self._discussions.gate
        await gate.enter(receive)
        try:
            found = await self._discussions.read_comment(path["site"], path["thread"], path["comment"])
        finally:
            gate.leave()
        row = _named(found.page.comments, path["comment"])
        if row.author is None:
            raise NotFound("there is no such discussion, or no such comment in it")
        where = _Page(path, found.policy)
        return self._document(where, _form(where, row, given, contacts=self._desk.takes_contacts()))

    def _answer(self, where: _Page, notice: shapes.NoticeAnswer) -> Response:
        now = datetime.fromtimestamp(self._discussions.clock(), UTC)
        return self._document(where, _told(where.words, notice, RowTimes(where.words, _zone(where), now)))

    def _document(self, where: _Page, body: str) -> Response:
        title = where.words.say("title")
        document = self._shell.document(
            title,
            f'<main class="plain notice"><h1>{text(title)}</h1>{body}</main>',
            lang=where.words.language,
            direction=where.words.direction,
            styles=("css/notice.css",),
        )
        return page(document, ALONE, NOINDEX, _NO_STORE, policy=_POLICY)


@cache
def sentences() -> Mapping[str, Words]:
    """Return the sentences of the form by language, read once."""
    found = {}
    for entry in _WORDS.iterdir():
        language, _, ending = entry.name.rpartition(".")
        if ending == "json":
            found[language] = languages()[language].with_more(msgspec.json.decode(entry.read_bytes()))
    return found


def _zone(where: _Page) -> tzinfo:
    return zone_of(where.policy.timezone)


def _named(rows: list[FragmentRow], comment: str) -> FragmentRow:
    """The comment that the path names, in its line."""
    row = rows[0]
    while row.id != comment:
        row = row.replies.comments[0]
    return row


def _given(body: bytes) -> _Given:
    """Return what a form was filled in with. Raises BadRequest."""
    fields: dict[str, str] = {}
    for name, values in parameters.parse(body).items():
        if name not in _FIELDS or len(values) > 1:
            raise BadRequest.at(f"/{name[:64]}", "the form has no such field, or has it once")
        fields[name] = values[0].replace("\r\n", "\n")
    key = fields.pop("key", "")
    return _Given(fields, key if ids.is_idempotency_key(key) else token_urlsafe(16))


def _notice(path: Mapping[str, str], values: Mapping[str, str]) -> shapes.NewNotice:
    """Return the notice that a form says. Raises BadRequest."""
    words: dict[str, Any] = {name: values[name] for name in _LIMITS if values.get(name, "").strip()}
    said = {**words, "good_faith": values.get("good_faith") == "true"}
    said |= {"thread": path["thread"], "comment": path["comment"]}
    try:
        return msgspec.convert(said, shapes.NewNotice)
    except msgspec.ValidationError as error:
        raise BadRequest("the form is not filled in as it has to be", bodies.field_error(error)) from None


def _wrong(refused: Refusal) -> str:
    """The name of the sentence that tells what is wrong."""
    if isinstance(refused, BadField | BadRequest):
        pointers = [error["pointer"].lstrip("/") for error in refused.extra["errors"]]
        return next((name for name in pointers if name in _FIELDS), "explanation")
    return "later" if isinstance(refused, Unavailable) else "many"


_STATUSES: Final[Mapping[type[Refusal], int]] = {
    BadField: 400,
    BadRequest: 400,
    TooManyNotices: 429,
    RateExceeded: 429,
}


def _form(where: _Page, row: FragmentRow, given: _Given, *, contacts: bool) -> str:
    say, values = where.words, given.values
    assert row.author is not None
    by = text(say.say("by", name="\0")).replace("\0", f"<b><bdi>{text(row.author.name)}</bdi></b>")
    said = f"<p>{text(say.say('unknown'))}</p>" if row.html is None else row.html
    about = f'<figure><figcaption>{by}</figcaption><blockquote dir="auto">{said}</blockquote></figure>'
    alert = ""
    if given.wrong is not None:
        said = _sentence(say, f"wrong.{given.wrong}", given.wrong)
        alert = f'<p class="alert" role="alert" id="wrong"><b>{text(say.say("wrong"))}</b> {text(said)}</p>'
    fields = _area(say, values, given.wrong) + _line(say, "law", values, given.wrong)
    if contacts:
        lines = _line(say, "name", values, given.wrong, autocomplete="name")
        lines += _line(say, "email", values, given.wrong, type_="email", autocomplete="email")
        fields += (
            f"<fieldset><legend>{text(say.say('person'))}</legend>"
            f'<p class="quiet">{text(say.say("person_hint"))}</p>{lines}</fieldset>'
        )
    else:
        fields += f'<p class="quiet">{text(say.say("no_person"))}</p>'
    checked = {"checked": ""} if values.get("good_faith") == "true" else {}
    box = attributes(type="checkbox", name="good_faith", value="true", required="", **checked)
    faith = f'<p><label class="check"><input{box}> <span>{text(say.say("good_faith"))}</span></label></p>'
    key = f"<input{attributes(type='hidden', name='key', value=given.key)}>"
    action = attributes(method="post", action=ROUTE.format(**where.path), accept_charset="utf-8")
    send = f'<p><button type="submit">{text(say.say("send"))}</button></p>'
    return f"<p>{text(say.say('intro'))}</p>{about}{alert}<form{action}>{fields}{faith}{key}{send}</form>"


def _sentence(say: Words, key: str, field: str) -> str:
    return say.say(key, n=say.number(_LIMITS.get(field, 0)))


def _area(say: Words, values: Mapping[str, str], wrong: str | None) -> str:
    given = attributes(
        id="explanation",
        name="explanation",
        rows="8",
        required="",
        maxlength=str(_LIMITS["explanation"]),
        dir="auto",
        aria_describedby="hint",
        aria_invalid="true" if wrong == "explanation" else None,
    )
    return (
        f'<p><label for="explanation">{text(say.say("explanation"))}</label>'
        f'<span class="quiet" id="hint">{text(_sentence(say, "explanation_hint", "explanation"))}</span>'
        f"<textarea{given}>\n{text(values.get('explanation', ''))}</textarea></p>"
    )


def _line(  # one field of the form, and by keyword what browsers are told of it
    say: Words,
    name: str,
    values: Mapping[str, str],
    wrong: str | None,
    *,
    type_: str = "text",
    autocomplete: str = "off",
) -> str:
    given = attributes(
        id=name,
        name=name,
        type=type_,
        maxlength=str(_LIMITS[name]),
        autocomplete=autocomplete,
        dir="ltr" if type_ == "email" else "auto",
        value=values.get(name),
        aria_invalid="true" if wrong == name else None,
    )
    return f"<p><label{attributes(for_=name)}>{text(say.say(name))}</label><input{given}></p>"


def _told(say: Words, notice: shapes.NoticeAnswer, times: RowTimes) -> str:
    decision = notice.decision
    facts = [
        ("reference", f"<code>{text(notice.reference)}</code>"),
        ("received", times.edited(notice.filed_at)),
        ("state", text(say.say("waits" if decision is None else decision.action))),
    ]
    if decision is not None:
        facts.append(("decided", times.edited(decision.at)))
        if decision.ground is not None:
            facts.append(("ground", text(say.say(f"ground.{decision.ground}"))))
    listed = "".join(f"<dt>{text(say.say(name))}</dt><dd>{said}</dd>" for name, said in facts)
    return f"<h2>{text(say.say('filed'))}</h2><dl>{listed}</dl><p>{text(say.say('reference_hint'))}</p>"
