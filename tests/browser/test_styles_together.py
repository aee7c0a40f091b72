"""Every output brings its own styles, the used ones only; no output looks different because of another one's."""

import re

from host_pages import HOSTS
from saved_outputs import CELLS, html_of

PROPERTIES = [
    "color", "backgroundColor", "fontWeight", "fontSize", "fontFamily", "padding", "margin", "border", "textAlign", "whiteSpace",
    "display", "content", "textDecorationLine", "overflowWrap", "opacity", "cursor", "verticalAlign", "listStyleType", "maxWidth",
]  # fmt: skip
LOOK = """(properties) => [...document.querySelectorAll("section *:not(style)")].flatMap((element) =>
  [null, "::before", "::after"].map((part) => {
    const style = getComputedStyle(element, part);
    const look = part && style.content === "none" ? "" : properties.map((name) => style[name]).join(" | ");
    return `${element.cloneNode().outerHTML.slice(0, 90)}${part ?? ""} ${look}`;
  }))"""
FOLLOW = """(style) => {
  document.querySelector("main > style")?.remove();
  document.querySelector("main").insertAdjacentHTML("beforeend", style);
}"""


def test_an_output_looks_the_same_whatever_output_follows(outputs, chromium):
    page = chromium.new_page()
    html = {name: re.sub('src="[^"]*"', "", html_of(outputs[name])) for name in CELLS}
    shown = {name: text for name, text in html.items() if text.strip()}
    styles = {
        style: name for name, text in shown.items() for style in re.findall("<style>.*?</style>", text, re.DOTALL)
    }
    assert len(styles) > 10
    different = []
    for name, text in shown.items():
        page.set_content(HOSTS["bare"].page(f"<section>{text}</section>"))
        alone = page.evaluate(LOOK, PROPERTIES)
        for style, other in styles.items():
            page.evaluate(FOLLOW, style)
            now = page.evaluate(LOOK, PROPERTIES)
            different += [
                f"{name} before {other}: {was} -> {new}" for was, new in zip(alone, now, strict=True) if was != new
            ]
    page.close()
    assert different == []
