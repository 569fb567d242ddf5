"""SVG as reports hold it: small, dark where the screen is, and several on one page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from itertools import pairwise
from xml.etree import ElementTree
from zlib import crc32

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
FONTS = "'DejaVu Sans', Verdana, sans-serif"
"""The font that text was measured with, then one as wide."""
DECIMALS = 1
"""Of a point: as fine as a printer's dot, 720 an inch."""
_SAYS_NOTHING = re.compile(
    "font-family: .*|text-anchor: start|stroke-dashoffset: 0|stroke-line(cap: square|join: miter)"
)
_MANY_LINES = re.compile(r"M[\d.\- ]+(?:L[\d.\- ]+){2,}")
_LINE = re.compile(r"M[\d.\- ]+L[\d.\- ]+")
_ROUNDED = ("d", "x", "y", "width", "height", "transform", "viewBox")

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def slim(svg: str, dark_rules: str) -> str:
    """Return matplotlib's SVG with what shows, and with ``dark_rules`` where the screen is dark.

    What says nothing goes: metadata, ids that nothing refers to, groups of one, further decimals.
    Straight lines of one style are one path.
    """
    root = ElementTree.fromstring(svg)
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    style = root.find(f".//{{{SVG}}}style")
    assert style is not None
    style.text = f"\n@media (prefers-color-scheme: dark) {{\n{dark_rules}\n}}\n{style.text}"
    root.set("font-family", FONTS)
    used = list(dict.fromkeys(re.findall(r'(?:href="|url\()#([\w-]+)', svg)))
    names = {name: f"i{number}" for number, name in enumerate(used)}
    for element in root.iter():
        _slim(element, names)
    _unwrap(root)
    for element in root.iter():
        _join_lines(element)
    for element in root.iter():
        if "d" in element.attrib:
            element.set("d", _MANY_LINES.sub(_relative, element.attrib["d"]))
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def inline_svg(svg: str, prefix: str) -> str:
    """Return the SVG element alone, its ids made unique so that several fit one page.

    ``prefix`` is another for each of them.  The page's style sheet holds the rules that the element
    leaves out, once for all figures.
    """
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    prefix = f"f{crc32(prefix.encode()):x}"
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", svg)


def _slim(element: ElementTree.Element, names: Mapping[str, str]) -> None:
    """``names`` is id → short id, of those that something refers to."""
    name = element.attrib.pop("id", "")
    if name in names:
        element.set("id", names[name])
    for attribute in ("clip-path", f"{{{XLINK}}}href"):
        if attribute in element.attrib:
            refer = partial(_renamed, names=names)
            element.set(attribute, re.sub(r"#([\w-]+)", refer, element.attrib[attribute]))
    for name in _ROUNDED:
        if name in element.attrib:
            text = re.sub(r"-?\d+\.\d+", _rounded, element.attrib[name])
            element.set(name, re.sub(r"\s*([MLQCz])\s*", r"\1", text).strip())
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    if "style" in element.attrib:
        parts = element.attrib["style"].split("; ")
        said = [part for part in parts if not _SAYS_NOTHING.fullmatch(part)]
        element.set("style", "; ".join(said))
    element.tail = "\n"
    if not (element.text or "").strip():
        element.text = None


def _renamed(reference: re.Match[str], names: Mapping[str, str]) -> str:
    return f"#{names[reference[1]]}"


def _relative(lines: re.Match[str]) -> str:
    """Write the points of a line as steps from one to the next, which are shorter."""
    points = [tuple(map(Decimal, point.split())) for point in lines[0].lstrip("M").split("L")]
    steps = ((x - before_x, y - before_y) for (before_x, before_y), (x, y) in pairwise(points))
    first, *_ = lines[0].split("L")
    numbers = (_short(number) for step in steps for number in step)
    return first + "l" + "".join(numbers).lstrip()


def _short(number: Decimal) -> str:
    """Return a number as it may follow another: `` .8`` or ``-.8``."""
    text = (
        f"{number.normalize():f}".replace("0.", ".")
        if abs(number) < 1
        else f"{number.normalize():f}"
    )
    return text if text.startswith("-") else f" {text}"


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


def _join_lines(parent: ElementTree.Element) -> None:
    """Make one path of the straight lines of one style, such as a grid."""
    first: dict[tuple[tuple[str, str], ...], ElementTree.Element] = {}
    for child in list(parent):
        line = child.attrib.get("d", "")
        if not _LINE.fullmatch(line) or "fill: none" not in child.get("style", ""):
            continue
        style = tuple(sorted((name, value) for name, value in child.attrib.items() if name != "d"))
        if style in first:
            first[style].set("d", first[style].attrib["d"] + line)
            parent.remove(child)
        else:
            first[style] = child
