"""What tests ask of a page: that it breaks no rule of accessibility."""

import pytest

from tests.web.visiting import Visitors, accessible

PAGE = """data:text/html,<!doctype html><html lang=en><title>The palm house</title><main><h1>The palm house</h1>
<div id=host></div></main><script>host.attachShadow({ mode: "open" }).innerHTML = "<button>Vote</button>"</script>"""


async def test_a_rule_that_is_broken_in_a_shadow_root_is_named_whenever_it_is_asked_for(visitors: Visitors) -> None:
    page = await (await visitors.arrive()).open(PAGE)
    await accessible(page)
    await page.evaluate("host.shadowRoot.querySelector('button').textContent = ''")
    with pytest.raises(AssertionError, match=r"button-name.*<button></button>"):
        await accessible(page)
