"""The loader, the counter and the files of a release, as browsers get them."""

from tests.support.following import Station
from tests.web.visiting import Publisher, Visitors, accessible


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
