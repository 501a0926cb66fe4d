"""matplotlib's SVG made fit for a page: no style of its own, colours by classes, and text in the page's font."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree  # nosec B405 # only for figures that matplotlib has just drawn

from markupsafe import Markup

from ..report.files.figure import COLOURS

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_CLASSES = {colour: f"series{number}" for number, colour in enumerate(COLOURS)} | {"#000000": "ink", "#b0b0b0": "grid"}
"""The classes of the colours that our figures use; the page's style says what they look like in light and dark."""
_KEPT = {
    "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linejoin", "stroke-linecap", "opacity", "fill-opacity",
    "text-anchor",
}  # fmt: skip
_SIZE = re.compile(r"([\d.]+)px")


def inlined(text: str, title: str, name: str) -> Markup:
    """The SVG element to be written into a page.

    A page with a strict content security policy ignores ``style`` attributes, so they become attributes of their own. ``name``
    keeps the ids of several figures apart, and ``title`` is what a screen reader says.
    """
    root = ElementTree.fromstring(text)  # nosec B314
    for element in root.iter():
        for child in list(element):
            if child.tag in (f"{_SVG}style", f"{_SVG}metadata") or _is_ground(child):
                element.remove(child)
    _restyle(root)
    width, height = root.get("width", "").removesuffix("pt"), root.get("height", "").removesuffix("pt")
    root.attrib.pop("width"), root.attrib.pop("height")
    root.set("viewBox", root.get("viewBox", f"0 0 {width} {height}"))
    root.set("role", "img")
    root.set("aria-label", title)
    root.set("stroke-linejoin", "round")
    _rename(root, name)
    ElementTree.register_namespace("", _SVG[1:-1])
    ElementTree.register_namespace("xlink", _LINK[1:-1])
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # nosec B704 # ElementTree escapes its texts


def _is_ground(element: ElementTree.Element) -> bool:
    """Whether that is the white rectangle below the figure or its axes."""
    paths = list(element.iter(f"{_SVG}path"))
    return element.get("id", "").startswith("patch_") and len(paths) == 1 and "fill: #ffffff" in paths[0].get("style", "")


def _restyle(root: ElementTree.Element) -> None:
    for element in root.iter():
        style = element.attrib.pop("style", "")
        classes = list(_classes(style))
        for key, value in _declarations(style):
            if key in _KEPT:
                element.set(key, value)
            elif key in ("fill", "stroke") and value == "none":
                element.set(key, value)
            elif key in ("font", "font-size") and (size := _SIZE.search(value)):
                element.set("font-size", size[1])
        if element.tag == f"{_SVG}text" and not any(each.startswith("fill-") for each in classes):
            classes.append("fill-ink")
        if classes:
            element.set("class", " ".join(classes))


def _classes(style: str) -> Iterator[str]:
    for key, value in _declarations(style):
        if key in ("fill", "stroke") and value in _CLASSES:
            yield f"{key}-{_CLASSES[value]}"


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for part in style.split(";"):
        key, colon, value = part.partition(":")
        if colon:
            yield key.strip(), value.strip()


def _rename(root: ElementTree.Element, name: str) -> None:
    """Put the figure's name before every id, and every reference to one; ids that nothing refers to are dropped."""
    links = f"{_LINK}href"
    used = {element.get(links, "")[1:] for element in root.iter() if element.get(links)}
    used |= {
        found[1] for element in root.iter() for value in element.attrib.values() if (found := re.search(r"url\(#(.+)\)", value))
    }
    for element in root.iter():
        own = element.attrib.pop("id", None)
        if own in used:
            element.set("id", f"{name}-{own}")
        if link := element.attrib.pop(links, None):
            element.set("href", f"#{name}-{link[1:]}")
        for key, value in element.attrib.items():
            element.set(key, re.sub(r"url\(#(.+)\)", rf"url(#{name}-\1)", value))
