"""A folium map as one file: scripts, styles and pictures written into it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import folium
from xstatic.pkg import jquery as xstatic_jquery
from xstatic.pkg import leaflet as xstatic_leaflet

from geoborder.errors import OptionError
from geoborder.files import write_text


def save_map(page: folium.Map, path: str | Path) -> Path:
    """
    Write a folium map as one HTML file that opens without a network.

    Parameters
    ----------
    page
        A map; Leaflet and, where it is used, jQuery are written into the file from
        the XStatic packages, and what folium links besides and such maps do not use
        is left out.
    path
        File to write; it is finished or absent.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        If the map uses something that only the network has, such as the script
        of a folium plugin or `folium.Icon`.

    Examples
    --------
    >>> import tempfile
    >>> import folium
    >>> import geoborder as gb
    >>> m = folium.Map([37.5, 71], zoom_start=7, tiles=None)
    >>> m = gb.add_points(m, gb.load_crossings(), name="Crossings")
    >>> file = gb.save_map(m, tempfile.mkdtemp() + "/crossings.html")
    >>> 'src="http' in file.read_text(encoding="utf-8")  # nothing to fetch
    False
    """
    return write_text(Path(path), inlined(page))


def inlined(page: folium.Map) -> str:
    """
    Render a folium map as HTML that needs nothing else.

    Parameters
    ----------
    page
        A map.

    Returns
    -------
    str
        HTML that says its language, and that readers may enlarge.

    Raises
    ------
    OptionError
        As for `save_map`.
    """
    html: str = page.get_root().render()
    if any(isinstance(part, folium.Icon) for part in _parts(page)):
        msg = (
            "The map uses `folium.Icon`, whose pictures come from the network; use "
            "`folium.DivIcon` or `folium.CircleMarker`."
        )
        raise OptionError(msg)
    if not re.search(r"\$\(|\$\.|jQuery", html):
        html = re.sub(
            r'<script src="http[^"]+/jquery[-.\d]*(min\.)?js"></script>', "", html
        )
    html = re.sub(r'<script src="(http[^"]+)"></script>', _inline_script, html)
    html = re.sub(
        r'<link rel="stylesheet" href="(http[^"]+)"\s*/>', _inline_style, html
    )
    html = html.replace("<html>", '<html lang="en">', 1)
    return re.sub(
        r'<meta name="viewport"[^>]*>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        html,
        count=1,
    )


def _parts(element: Any) -> Iterator[Any]:  # noqa: ANN401 - branca's, or folium's
    """Walk through all that a map holds."""
    icon = getattr(element, "icon", None)
    for part in [*element._children.values(), *([] if icon is None else [icon])]:  # noqa: SLF001 - branca has no other way
        yield part
        if hasattr(part, "_children"):
            yield from _parts(part)


_UNUSED = (
    "bootstrap",
    "fontawesome",
    "glyphicons",
    "awesome-markers",
    "awesome.rotate",
)


def _inline_script(match: re.Match[str]) -> str:
    address = match.group(1)
    name = address.rpartition("/")[2]
    if name in {"leaflet.js", "leaflet.min.js"}:
        return (
            f"<script>{_packaged(xstatic_leaflet, 'leaflet.js')}\n{_icons()}</script>"
        )
    if re.fullmatch(r"jquery(-[\d.]+)?(\.min)?\.js", name):
        return f"<script>{_packaged(xstatic_jquery, 'jquery.min.js')}</script>"
    return _left_out(address)


def _inline_style(match: re.Match[str]) -> str:
    address = match.group(1)
    if address.endswith("leaflet.css"):
        return f"<style>{_leaflet_style()}</style>"
    return _left_out(address)


def _left_out(address: str) -> str:
    if any(word in address for word in _UNUSED):
        return ""
    msg = f"The map needs {address}, which is not in the file; leave that plugin out."
    if "d3" in address or "jquery-ui" in address or "jqueryui" in address:
        msg = (
            f"The map has a legend that needs {address}, which is not in the file; use "
            "`explore(..., legend=False)`, or `add_segments` and the like."
        )
    raise OptionError(msg)


def _packaged(package: Any, name: str) -> str:  # noqa: ANN401 - a module
    text = (Path(package.BASE_DIR) / name).read_text(encoding="utf-8")
    text = re.sub(r"//# sourceMappingURL=\S+", "", text)
    return text.replace("</script", "<\\/script")


def _picture(name: str) -> str:
    """One of Leaflet's pictures as a data address."""
    data = (Path(xstatic_leaflet.BASE_DIR) / name).read_bytes()
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _icons() -> str:
    """Give Leaflet's default marker its pictures, which it would look for in files."""
    options = {
        "iconUrl": _picture("images/marker-icon.png"),
        "iconRetinaUrl": _picture("images/marker-icon-2x.png"),
        "shadowUrl": _picture("images/marker-shadow.png"),
    }
    return (
        "L.Icon.Default.imagePath = '';"
        f"L.Icon.Default.mergeOptions({json.dumps(options)});"
    )


def _leaflet_style() -> str:
    """Leaflet's style sheet with its pictures written into it."""

    def picture(match: re.Match[str]) -> str:
        return f"url({_picture(match.group(1))})"

    return re.sub(
        r"url\((images/[^)]+)\)", picture, _packaged(xstatic_leaflet, "leaflet.css")
    )
