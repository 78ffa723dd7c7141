"""Addresses of articles: when two are of the same article, and what a thread may be named after one.

The key of an address leaves out what does not tell articles apart: scheme, `www.`, `m.` and `amp.`, `/amp`, a slash at
the end, the fragment, and parameters that trackers add. Addresses of Google's translations are those of what they
translate.
"""

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from core.domain.origins import normalised

_SUBDOMAINS: Final = re.compile(r"^(?:(?:www\d?|m|amp)\.)+(?=[^.]+\.)")
_TRACKING: Final = re.compile(
    r"(?:utm_|hsa_|mtm_|pk_|_x_tr_)\w*|(?:fb|g|ms|tt|tw|ys)clid|dclid|yclid|gbraid|wbraid|igshid|mc_[ce]id|_ga|_gl|ncid"
    r"|ref_src|ref_url|amp|outputType|replytocom|share|nb|sharetype|s_cid|cmpid|ito|xtor|smid|smtyp",
    re.IGNORECASE,
)
_AMP: Final = re.compile(r"/amp/?$")
_TRANSLATE: Final = re.compile(r"translate\.google(?:usercontent)?\.[a-z.]+")
_TRANSLATED: Final = ".translate.goog"
_ENDING: Final = re.compile(r"\.(?:html?|php|aspx?|shtml)$", re.IGNORECASE)


class ArticleKey(NamedTuple):
    """The part of an address that tells articles apart. `host` is without `www.` and such, with a port if any."""

    host: str
    path: str

    def __str__(self) -> str:
        return f"https://{self.host}{self.path}"


def key_of(url: str) -> ArticleKey | None:
    """The key of an address; None if it is no address of a web page."""
    form = normalised(url.strip())
    if form is None:
        return None
    parts = urlsplit(form)
    host = (parts.hostname or "").rstrip(".")
    if _TRANSLATE.fullmatch(host):
        inner = dict(parse_qsl(parts.query)).get("u")
        return None if inner is None else key_of(inner)
    if host.endswith(_TRANSLATED):
        host = host.removesuffix(_TRANSLATED).replace("--", "\0").replace("-", ".").replace("\0", "-")
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    path = _AMP.sub("/", parts.path or "/")
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(name)]
    query = f"?{urlencode(kept)}" if kept else ""
    return ArticleKey(host_key(host) + port, (path.rstrip("/") or "/") + query)


def host_key(host: str) -> str:
    """A host without the subdomains that show the same pages."""
    return _SUBDOMAINS.sub("", host.lower())


def slug_of(url: str) -> str:
    """The last part of an address's path, without an ending such as `.html`; "" if there is none."""
    last = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    return _ENDING.sub("", unquote(last))


def moved(url: str, origin: str | None) -> str:
    """An address as it is under the publication's origin, if its own differs only in what keys leave out."""
    if origin is None:
        return url
    parts = urlsplit(url)
    return f"{origin.rstrip('/')}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def _is_tracking(name: str) -> bool:
    return _TRACKING.fullmatch(name) is not None
