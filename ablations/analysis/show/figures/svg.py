"""SVG as reports hold it: small, dark where the screen is, and several on one page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
FONTS = "'DejaVu Sans', Verdana, sans-serif"
"""The font that text was measured with, then one as wide."""
DECIMALS = 1
"""Of a point: as fine as a printer's dot, 720 an inch."""
_ROUNDED = ("d", "x", "y", "width", "height", "transform", "viewBox")

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def slim(svg: str, dark_rules: str) -> str:
    """Return matplotlib's SVG with what shows, and with ``dark_rules`` where the screen is dark.

    What says nothing goes: metadata, ids that nothing refers to, groups of one, further decimals.
    """
    root = ElementTree.fromstring(svg)
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    style = root.find(f".//{{{SVG}}}style")
    assert style is not None
    style.text = f"\n@media (prefers-color-scheme: dark) {{\n{dark_rules}\n}}\n{style.text}"
    root.set("font-family", FONTS)
    used = set(re.findall(r"#([\w-]+)", svg))
    for element in root.iter():
        _slim(element, used)
    _unwrap(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def inline_svg(svg: str, prefix: str) -> str:
    """Return the SVG element alone, its ids made unique so that several fit one page.

    The page's style sheet holds the rules that it leaves out, once for all figures.
    """
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", svg)


def _slim(element: ElementTree.Element, used: set[str]) -> None:
    if element.get("id") not in used:
        element.attrib.pop("id", None)
    for name in _ROUNDED:
        if name in element.attrib:
            text = re.sub(r"-?\d+\.\d+", _rounded, element.attrib[name])
            element.set(name, re.sub(r"\s*([MLQCz])\s*", r"\1", text).strip())
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    if "font-family" in element.get("style", ""):
        element.set("style", re.sub(r"font-family: [^;]*;? ?", "", element.attrib["style"]))
    element.tail = "\n"
    if not (element.text or "").strip():
        element.text = None


def _rounded(number: re.Match[str]) -> str:
    text = f"{float(number[0]):.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _unwrap(parent: ElementTree.Element) -> None:
    """Put what a group without attributes holds in its place."""
    kept: list[ElementTree.Element] = []
    for child in parent:
        _unwrap(child)
        bare = child.tag == f"{{{SVG}}}g" and not child.attrib
        kept += list(child) if bare else [child]
    parent[:] = kept
