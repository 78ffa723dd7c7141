"""Readers who write: an article whose section knows who they are, by a token of the publisher's own origin."""

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tests.support.house import Who, token
from tests.web.reading import Articles, live, until
from tests.web.visiting import WIDE, Visitor, Visitors

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page


class Writer:
    """The section in a page of one reader. `visitor` is their browser."""

    def __init__(self, page: "Page", visitor: Visitor) -> None:
        self.page = page
        self.visitor = visitor

    def part(self, selector: str, **how: Any) -> "Locator":
        """Whatever is in the section."""
        return self.page.locator(f"hansard-comments {selector}", **how)

    def row(self, comment: str) -> "Locator":
        """The article of a comment that readers see."""
        return self.part(f"#comment-{comment}")

    @property
    def field(self) -> "Locator":
        """The field for a new comment."""
        return self.part(".writing textarea")

    async def write(self, text: str) -> None:
        """Post a comment by keyboard."""
        await self.field.fill(text)
        await self.field.press("Control+Enter")

    async def focus_on(self, name: str) -> None:
        """Wait until the element with this id, or with these classes, has the focus."""
        focused = "[section().activeElement?.id, section().activeElement?.className].includes(arg)"
        await until(self.page, focused, name)

    async def focused(self) -> str:
        """The id of the element that has the focus, or its classes."""
        found: str = await self.page.evaluate(
            "(({ id, className } = { id: '', className: '' }) => id || className)(section().activeElement ?? undefined)"
        )
        return found


async def enter(
    visitors: Visitors,
    articles: Articles,
    who: Who | None,
    *,
    served: bool = True,
    attributes: Any = None,
    **options: Any,
) -> Writer:
    """The section as somebody reads it, with its field. Without `who` nobody is signed in."""
    visitor = await visitors.arrive(**{**WIDE, **options})
    given = {"start": "now", **sign_in(articles, who), **(attributes or {})}
    page = await visitor.open(await articles.served(**given) if served else articles.bare(**given))
    await live(page)
    await page.locator("hansard-comments .writing[data-drawn]").wait_for(state="attached")
    return Writer(page, visitor)


def sign_in(articles: Articles, who: Who | None) -> dict[str, str]:
    """The attributes of a tag whose publisher knows this reader."""
    if who is None:
        return {}
    path = f"/token/{who.id}"
    articles.publisher.give(path, JSONResponse({"token": token(who, articles.site)}))
    return {"token-url": path}


def sign_out(articles: Articles, who: Who) -> None:
    """Let the publisher's address of tokens say that nobody is signed in."""
    articles.publisher.give(f"/token/{who.id}", Response(status_code=204))
