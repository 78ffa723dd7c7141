"""The address under which browsers reach this gateway. No header of a request has a part in it."""


class PublicAddress:
    """The setting `HANSARD_PUBLIC_URL`, or where the process listens. A path is appended to `url`."""

    def __init__(self, setting: str | None = None) -> None:
        self._setting = setting
        self._listens = ""

    def listens(self, url: str) -> None:
        """Take the address on which the process listens. It is known only once the socket is bound."""
        self._listens = url

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end; empty before the process listens."""
        return self._setting or self._listens
