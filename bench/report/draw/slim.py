"""An SVG of matplotlib's without what only its makers need, at a third of the length."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

__all__ = ["slim"]

_SVG = "{http://www.w3.org/2000/svg}"
_GROUP, _PATH, _USE, _DEFS = (f"{_SVG}{tag}" for tag in ("g", "path", "use", "defs"))
_LINK = "{http://www.w3.org/1999/xlink}href"
_AUTOMATIC = re.compile(r"[\w.]+_\d+")  # an id of matplotlib's own; those of a chart have hyphens
_POINTED = re.compile(r"url\(#([^)]+)\)|^#(.+)$")
_NOT_TURNED = re.compile(r"rotate\(-?0 .*\)")


def slim(root: ET.Element) -> None:
    """In place: looks the same, and marks keep the ids that their chart gives them."""
    shorter = _pointed_at(root)
    for element in root.iter():
        _shorten(element, shorter)
    _drop(root)
    _without_repetition(root)


def _without_repetition(root: ET.Element) -> None:
    """A marker's definition is told how it looks: who uses it need not tell it again."""
    defined = {
        f"#{path.get('id')}": path for group in root.iter(_DEFS) for path in group.iter(_PATH)
    }
    for use in root.iter(_USE):
        if (path := defined.get(use.get(_LINK, ""))) is not None:
            path.set("style", use.attrib.pop("style"))


def _pointed_at(root: ET.Element) -> Mapping[str, str]:
    """The ids that something in the figure points at, each with a short one."""
    found: dict[str, str] = {}
    for element in root.iter():
        for value in element.attrib.values():
            for pair in _POINTED.findall(value):
                found.setdefault("".join(pair), f"d{len(found)}")
    return found


def _shorten(element: ET.Element, shorter: Mapping[str, str]) -> None:
    for name, value in list(element.attrib.items()):
        if name == "id" and value in shorter:
            element.set(name, shorter[value])
        elif (name == "id" and _AUTOMATIC.fullmatch(value)) or _NOT_TURNED.fullmatch(value):
            del element.attrib[name]
        elif name == "d":
            element.set(name, " ".join(value.split()))
        else:
            element.set(name, _POINTED.sub(lambda of: _short(of, shorter), value))


def _short(found: re.Match[str], shorter: Mapping[str, str]) -> str:
    inside, whole = found.groups()
    return f"url(#{shorter[inside]})" if inside else f"#{shorter[whole]}"


def _drop(element: ET.Element) -> None:
    """Grounds that are clear, and groups that hold nothing, say nothing or hold one thing alone."""
    kept: list[ET.Element] = []
    for child in element:
        _drop(child)
        if child.tag == _GROUP and not child.attrib:
            kept.extend(child)
        elif _joins(child):
            child[0].attrib |= child.attrib
            kept.append(child[0])
        elif not (_is_clear(child) or (child.tag in (_GROUP, _DEFS) and not len(child))):
            kept.append(child)
    element[:] = kept


def _joins(group: ET.Element) -> bool:
    """Whether its one child can say what it says. A `use` can't be clipped itself: it would move what clips it along."""
    if group.tag != _GROUP or len(group) != 1:
        return False
    (child,) = group
    movable = child.tag in (_GROUP, _PATH) or (child.tag == _USE and group.keys() == ["id"])
    return movable and not group.attrib.keys() & child.attrib.keys()


def _is_clear(element: ET.Element) -> bool:
    return element.tag == _PATH and element.get("style") == "fill: none"
