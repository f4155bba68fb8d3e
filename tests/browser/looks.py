"""A page as people need it who change how it looks: small, enlarged, widely spaced, dark, in forced colours."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.devices import AXE, TAGS

SMALL = {"width": 320, "height": 256}  # 1280 px at 400 %, and a small phone held sideways
HALF = {"width": 640, "height": 512}  # 1280 px at 200 %
PHONE = {"width": 390, "height": 844}
# WCAG 1.4.12; 1.4.4. A style sheet made by a script is one the content security policy lets through.
SPACING = (
    "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }"
    " p { margin-block-end: 2em !important; }"
)
# Words under the bar cannot be judged where they lie; the page is the same with the bar at its end.
BAR_BELOW = ".survey-bar { position: static !important; }"
TEXT_200 = "html { font-size: 200% !important; }"
_STYLE = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = css ? [sheet] : [];
}"""
# What is cut off, broken into letters, lies on other words, or leaves the page. The bar lies over the page on purpose.
_FAULTS = """() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}`);
  const pieces = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const box = node.parentElement;
    const hidden = box.closest(".visually-hidden, script, style, noscript, option, textarea, .skip-link");
    if (!node.data.trim() || hidden || !box.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rows = [...range.getClientRects()].filter((at) => at.width >= 1);
    const turned = /\\u202e/.test(node.data); // hostile text: each turn is a row of its own
    const words = node.data.trim().split(/\\s+/).length;
    if (!turned && rows.length > words + 2) found.push(`broken into letters: ${node.data.trim()}`);
    const bar = box.closest(".survey-bar");
    for (const at of rows) {
      if (at.left < -1 || at.right > root.clientWidth + 1) found.push(`leaves the page: ${node.data.trim()}`);
      pieces.push({ node, at, bar });
    }
    for (let out = box; out && out !== document.body; out = out.parentElement) {
      const look = getComputedStyle(out);
      const cuts = (way) => ["hidden", "clip"].includes(look[way]);
      if (cuts("overflowX") && out.scrollWidth > out.clientWidth + 1) found.push(`cut off: ${node.data.trim()}`);
      if (cuts("overflowY") && out.scrollHeight > out.clientHeight + 1) found.push(`cut off: ${node.data.trim()}`);
    }
  }
  pieces.sort((a, b) => a.at.top - b.at.top);
  pieces.forEach((one, i) => {
    for (let j = i + 1; j < pieces.length && pieces[j].at.top < one.at.bottom - 5; j += 1) {
      const other = pieces[j];
      const wide = Math.min(one.at.right, other.at.right) - Math.max(one.at.left, other.at.left);
      const high = Math.min(one.at.bottom, other.at.bottom) - other.at.top;
      if (other.node !== one.node && other.bar === one.bar && wide > 2 && high > 5) {
        found.push(`on one another: ${one.node.data.trim()} / ${other.node.data.trim()}`);
      }
    }
  });
  return [...new Set(found)];
}"""
_AXE = """async ([only, undecided]) => {
  const run = only.length ? { type: "rule", values: only } : { type: "tag", values: TAGS };
  const rules = only.length ? {} : { "target-size": { enabled: true } };
  const result = await axe.run(document, { runOnly: run, rules, resultTypes: ["violations", "incomplete"] });
  const where = (fault) => fault.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" ");
  return [...result.violations, ...(undecided ? result.incomplete : [])].map((fault) => `${fault.id}: ${where(fault)}`);
}""".replace("TAGS", str(TAGS))


def axe(page: Page, *only: str, undecided: bool = True) -> list[str]:
    """Return what axe finds, or cannot decide, by these rules or by all."""
    page.evaluate(_STYLE, BAR_BELOW)
    if not page.evaluate("!!window.axe"):
        page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(_AXE, [list(only), undecided])
    page.evaluate(_STYLE, "")
    return found


def faults_in_every_look(page: Page) -> list[str]:
    """Return what is wrong with the page as it stands, in whichever look; it is left as it was."""
    before, found = page.viewport_size, []

    def judge(look: str, faults: list[str]) -> None:
        found.extend(f"{look}: {fault}" for fault in faults)

    judge("as it is", axe(page))
    for scheme, look in (({"color_scheme": "dark"}, "dark"), ({"forced_colors": "active"}, "forced colours")):
        page.emulate_media(**scheme)  # type: ignore[arg-type]  # one of its own names
        # In forced colours the reader's own colours stand; axe cannot tell all of them.
        judge(look, axe(page, "color-contrast", "link-in-text-block", undecided=look == "dark"))
        page.emulate_media(color_scheme="light", forced_colors="none")
    for look, size, style in (
        ("320 px", SMALL, ""), ("640 px", HALF, ""), ("text at 200 %", PHONE, TEXT_200),
        ("text spacing", PHONE, SPACING), ("text spacing at 320 px", SMALL, SPACING),
    ):  # fmt: skip
        page.set_viewport_size(size)  # type: ignore[arg-type]  # width and height
        page.evaluate(_STYLE, style)
        judge(look, page.evaluate(_FAULTS))
        page.evaluate(_STYLE, "")
    page.set_viewport_size(before)  # type: ignore[arg-type]  # as it was
    return found
