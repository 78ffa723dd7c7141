"""The formats that `hansard export` writes: a module each, and an entry here."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from workers.exporters.disqus import DisqusWriter
from workers.exporters.export_writer import ExportWriter
from workers.exporters.native import NativeWriter
from workers.exporters.wxr import WxrWriter


class ExportFormat(Struct, frozen=True, kw_only=True):
    """A format, and its name in a message."""

    does: str
    writer: Callable[[], ExportWriter]


EXPORT_FORMATS: Final = {
    "native": ExportFormat(does="Hansard's own format, with everything", writer=NativeWriter),
    "wxr": ExportFormat(does="WordPress export (WXR 1.2), with votes as wpDiscuz has them", writer=WxrWriter),
    "disqus": ExportFormat(does="Disqus export (XML)", writer=DisqusWriter),
}
"""Formats by the name on the command line."""
