// Numbers of comments: fills `<span data-hansard-count="THREAD">`, with up to 100 threads per request.
// `<script type="module" src="…/count.js" data-site="SITE"></script>`; a span's own `data-site` comes first.
const most = 100;
const spans = "[data-hansard-count]";
const seen = new WeakSet();
const own = [...document.querySelectorAll("script[data-site]")].find((tag) => tag.src === import.meta.url);
const shown = new Intl.NumberFormat(document.documentElement.lang || undefined);

/** @param {Element | Document} root Where to look for spans that have no number yet. */
function fill(root) {
  const sites = {};
  for (const span of [root, ...root.querySelectorAll(spans)]) {
    const site = span.dataset?.site ?? own?.dataset.site;
    const thread = span.dataset?.hansardCount;
    if (!thread || !site || seen.has(span)) continue;
    seen.add(span);
    ((sites[site] ??= {})[thread] ??= []).push(span);
  }
  for (const [site, threads] of Object.entries(sites)) {
    const names = Object.keys(threads);
    for (let from = 0; from < names.length; from += most) ask(site, names.slice(from, from + most), threads);
  }
}

async function ask(site, names, threads) {
  const url = new URL(`v1/sites/${encodeURIComponent(site)}/counts`, import.meta.url);
  for (const name of names) url.searchParams.append("thread", name);
  const answer = await fetch(url).catch(() => null);
  if (!answer?.ok) return; // A badge without a number is better than an error beside a headline.
  const { counts } = await answer.json();
  for (const name of names) for (const span of threads[name]) span.textContent = shown.format(counts[name] ?? 0);
}

fill(document);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) if (node instanceof Element) fill(node);
}).observe(document, { childList: true, subtree: true });
