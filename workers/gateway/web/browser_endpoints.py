"""The endpoints of everything that the gateway serves to browsers beside the API, by path template."""

from starlette.types import ASGIApp

from workers.gateway.auth.keyring import Keyring
from workers.gateway.web import assets, audit_page, console_page, desk, front, notice_page
from workers.gateway.web.audit_page import AuditPage
from workers.gateway.web.console_page import ConsolePage
from workers.gateway.web.desk import Sample
from workers.gateway.web.discussions import Discussions
from workers.gateway.web.front import Front
from workers.gateway.web.hosted import HostedForm, HostedPage, Make, Shell
from workers.gateway.web.notice_page import NoticeDesk, NoticePages
from workers.gateway.web.reading_page import ReadingPages


def browser_endpoints(
    discussions: Discussions, keyring: Keyring, notices: NoticeDesk, sample: Sample | None
) -> dict[str, ASGIApp]:
    """Return the endpoints of files and hosted pages. Without a `sample` there is no token desk."""
    release = assets.release()
    shell = Shell(release)
    made: dict[str, Make] = {
        front.ROUTE: Front(shell, discussions, sample).make,
        audit_page.ROUTE: AuditPage(shell, discussions.check, sample).make,
        console_page.ROUTE: ConsolePage(shell, discussions, sample).make,
        **ReadingPages(shell, discussions).pages(),
    }
    found: dict[str, ASGIApp] = {route: HostedPage(route, make, shell.refused) for route, make in made.items()}
    form = NoticePages(shell, discussions, notices)
    found[notice_page.ROUTE] = HostedForm(notice_page.ROUTE, form.make, form.take, shell.refused)
    if sample is not None:
        found[desk.ROUTE] = desk.endpoint(sample, keyring, discussions.clock)
    return {**assets.endpoints(release), **found}
