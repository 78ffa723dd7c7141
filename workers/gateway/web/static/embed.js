// The loader of the section: it finds its tags, and imports the section when a reader comes near one.
// The gateway writes the digest of its release into the address.
const part = new URL("embed/@release@/section/section.js", import.meta.url).href;
const tags = "script[data-site], hansard-comments:not(:defined)";
const near = new IntersectionObserver(
  (seen) => seen.some((one) => one.isIntersecting) && load(),
  { rootMargin: "600px" },
);
const done = new WeakSet();
const words = {
  ar: "قراءة النقاش",
  de: "Diskussion lesen",
  en: "Read the discussion",
  es: "Leer el debate",
  fr: "Lire la discussion",
  he: "לקריאת הדיון",
};

/** Import the section. Where that fails, readers see what the gateway wrote, or a link to the page without a script. */
function load() {
  near.disconnect();
  import(part).catch(() => {
    for (const section of document.querySelectorAll("hansard-comments:not(:defined)")) {
      if (section.shadowRoot || section.firstElementChild) continue;
      const link = document.createElement("a");
      link.href = new URL(`read/${section.getAttribute("site")}/${section.getAttribute("thread")}`, import.meta.url);
      const lang = section.closest("[lang]")?.lang.toLowerCase().split("-")[0];
      link.lang = lang in words ? lang : "en";
      link.textContent = words[link.lang];
      section.append(link);
    }
  });
}

/** @param {Element} tag One tag of ours, or of another loader. */
function take(tag) {
  if (done.has(tag)) return;
  done.add(tag);
  if (tag.localName !== "script") {
    if (tag.getAttribute("start") === "now" || /comment/i.test(location.hash + location.search)) load();
    else near.observe(tag);
  } else if (tag.src === import.meta.url) {
    const section = document.createElement("hansard-comments");
    for (const { name, value } of tag.attributes) {
      if (name.startsWith("data-")) section.setAttribute(name.slice(5), value);
    }
    tag.after(section);
    take(section);
  }
}

document.querySelectorAll(tags).forEach(take);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      if (!(node instanceof Element)) continue;
      if (node.matches(tags)) take(node);
      node.querySelectorAll(tags).forEach(take);
    }
  }
}).observe(document, { childList: true, subtree: true });
