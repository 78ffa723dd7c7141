"""The loader, the counter and the files of a release, as browsers get them."""

import pytest
from starlette.responses import Response

from tests.support.following import Station
from tests.web.visiting import STRICT, Publisher, Visitor, Visitors, accessible
from workers.gateway.html.words import languages
from workers.gateway.web.assets import release


async def test_numbers_of_comments_are_filled_in_also_where_a_page_adds_them_later(
    sample: Station, publisher: Publisher, visitors: Visitors
) -> None:
    url = publisher.put(
        "/front",
        '<main><h1>Today</h1><p>The night train <span data-hansard-count="night-train"></span></p>'
        '<p>Nothing said <span data-hansard-count="silence">–</span></p></main>',
        head=f'<script type="module" src="{publisher.gateway}/count.js" data-site="sample"></script>',
    )
    visitor = await visitors.arrive()
    page = await visitor.open(url)
    await page.wait_for_selector("span:text-is('14')")
    await page.wait_for_selector("span:text-is('0')")
    await page.evaluate(
        "() => { const span = document.createElement('span'); span.dataset.hansardCount = 'night-train';"
        " span.id = 'late'; document.querySelector('main').append(span); }"
    )
    await page.wait_for_selector("#late:text-is('14')")
    await accessible(page)
    assert sum("/counts?" in address for address in visitor.requests) == 2


FAR = '<link rel="stylesheet" href="/far.css">'
ELEMENT = '<hansard-comments site="sample" thread="night-train"{more}></hansard-comments>'
CONTENT = "hansard-comments >> text=Nobody has mentioned the soup."


def article(publisher: Publisher, body: str, path: str = "/article") -> str:
    """An article with the loader in its head, and `.far` for what is far below."""
    publisher.give("/far.css", Response(".far { block-size: 4000px }", media_type="text/css"))
    head = f'<script type="module" src="{publisher.gateway}/embed.js"></script>{FAR}'
    return publisher.put(path, f"<main><h1>The night train</h1>{body}</main>", head=head)


def loaded(visitor: Visitor, publisher: Publisher) -> list[str]:
    """The paths of the gateway that were asked for."""
    return [address.removeprefix(publisher.gateway) for address in visitor.requests if publisher.gateway in address]


async def test_nothing_but_the_loader_is_fetched_until_a_reader_comes_near(
    publisher: Publisher, visitors: Visitors
) -> None:
    visitor = await visitors.arrive()
    page = await visitor.open(article(publisher, f'<div class="far"></div>{ELEMENT.format(more="")}'))
    await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert loaded(visitor, publisher) == ["/embed.js"]
    await page.evaluate("() => window.scrollTo(0, 3600)")
    await page.wait_for_selector(CONTENT)
    assert f"/embed/{release().digest}/section/section.js" in loaded(visitor, publisher)


@pytest.mark.parametrize(("more", "address"), [(' start="now"', ""), ("", "#comment-nt-07"), ("", "?commentID=1")])
async def test_it_is_fetched_at_once_where_it_is_asked_for(
    publisher: Publisher, visitors: Visitors, more: str, address: str
) -> None:
    visitor = await visitors.arrive()
    url = article(publisher, f'<div class="far"></div>{ELEMENT.format(more=more)}')
    page = await visitor.open(url + address)
    await page.wait_for_selector("hansard-comments:defined")


async def test_a_tag_that_a_script_adds_later_is_found(publisher: Publisher, visitors: Visitors) -> None:
    visitor = await visitors.arrive()
    page = await visitor.open(article(publisher, '<div id="here"></div>'))
    assert loaded(visitor, publisher) == ["/embed.js"]
    await page.evaluate(
        "() => { const section = document.createElement('hansard-comments'); section.setAttribute('site', 'sample');"
        " section.setAttribute('thread', 'night-train'); document.querySelector('#here').append(section); }"
    )
    await page.wait_for_selector(CONTENT)


async def test_a_script_alone_is_a_section_where_it_stands_and_each_is_one(
    publisher: Publisher, visitors: Visitors
) -> None:
    tag = (
        f'<script type="module" src="{publisher.gateway}/embed.js" data-site="sample" data-thread="night-train"'
        ' data-token-url="/token" data-start="now"></script>'
    )
    publisher.give("/token", Response(status_code=204))
    visitor = await visitors.arrive()
    body = f'<main><h1>Two</h1><div id="one">{tag}</div><div id="two">{tag}</div></main>'
    page = await visitor.open(publisher.put("/two", body))
    await page.wait_for_selector(f"#one {CONTENT}")
    await page.wait_for_selector(f"#two {CONTENT}")
    sections = page.locator("hansard-comments")
    assert await sections.count() == 2
    given = await sections.first.evaluate(
        "(one) => Object.fromEntries([...one.attributes].map((a) => [a.name, a.value]))"
    )
    assert {"site": "sample", "thread": "night-train", "token-url": "/token", "start": "now"}.items() <= given.items()
    assert loaded(visitor, publisher).count("/embed.js") == 1


async def test_a_script_of_somebody_else_is_left_alone(publisher: Publisher, visitors: Visitors) -> None:
    publisher.give("/theirs.js", Response("", media_type="text/javascript"))
    body = '<script type="module" src="/theirs.js" data-site="sample" data-thread="night-train"></script>'
    policy = STRICT.replace("script-src {gateway}", "script-src {gateway} 'self'")
    head = f'<script type="module" src="{publisher.gateway}/embed.js"></script>'
    visitor = await visitors.arrive()
    page = await visitor.open(publisher.put("/other", f"<main><h1>1</h1>{body}</main>", policy=policy, head=head))
    assert await page.locator("hansard-comments").count() == 0
    assert loaded(visitor, publisher) == ["/embed.js"]


async def test_where_the_section_cannot_be_loaded_a_link_leads_to_the_page_without_a_script(
    publisher: Publisher, visitors: Visitors
) -> None:
    visitor = await visitors.arrive()
    await visitor.context.route("**/section/section.js", lambda route: route.abort())
    written = '<hansard-comments site="sample" thread="night-train"><p>What the gateway wrote.</p></hansard-comments>'
    page = await visitor.open(article(publisher, ELEMENT.format(more="") + written))
    link = page.get_by_role("link", name="Read the discussion")
    await link.wait_for()
    assert await page.get_by_text("What the gateway wrote.").is_visible()
    assert await link.count() == 1
    visitor.excuse("ERR_FAILED")
    await link.click()
    await page.wait_for_url(f"{publisher.gateway}/read/sample/night-train")
    await page.get_by_text("Nobody has mentioned the soup.").wait_for()


async def test_that_link_is_in_the_language_of_the_element_or_of_the_page(
    publisher: Publisher, visitors: Visitors
) -> None:
    visitor = await visitors.arrive()
    await visitor.context.route("**/section/section.js", lambda route: route.abort())
    told = {name: words.say("read_discussion") for name, words in languages().items()}
    wanted = {**told, "de-AT": told["de"], "HE": told["he"], "nl": told["en"], "": told["en"]}
    sections = "".join(ELEMENT.format(more=f' lang="{lang}"') for lang in wanted)
    page = await visitor.open(article(publisher, f'{sections}<div lang="fr">{ELEMENT.format(more="")}</div>'))
    links = page.locator("hansard-comments a")
    await links.nth(len(wanted)).wait_for()
    assert await links.all_text_contents() == [*wanted.values(), told["fr"]]
    assert await links.first.get_attribute("lang") == next(iter(wanted))
    visitor.excuse("ERR_FAILED")
