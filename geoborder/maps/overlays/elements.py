"""What a folium map is given: shared script, layers of features, legends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import folium
import numpy as np
from branca.element import MacroElement
from folium.map import Layer
from jinja2 import Environment, PackageLoader, Template

from geoborder.maps.encoding import script_json
from geoborder.maps.overlays.classing import Classes

PANES = {
    "gb-raster": 250,
    "gb-filled": 260,
    "gb-reach": 300,
    "gb-units": 350,
    "gb-bands": 410,
    "gb-line": 420,
    "gb-sites": 425,
    "gb-assets": 430,
    "gb-points": 440,
}
"""Drawing order: what is switched on later does not cover what lies above."""

_SHARED = "geoborder_overlays"

_ENVIRONMENT = Environment(loader=PackageLoader("geoborder"), autoescape=True)

Kind = Literal["line", "area", "point"]


class Features(Layer):
    """Features whose style, tooltips and popups one function gives to all."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = geoborderOverlays.features(
            {{ this._parent.get_name() }}, {{ this.data }}, {{ this.spec }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        data: str,
        spec: str,
        bounds: Sequence[float],
        *,
        name: str,
        switches: Mapping[str, bool],
    ) -> None:
        super().__init__(name=name, **{"overlay": True, **switches})
        self._name = "Features"
        self.data = data
        self.spec = spec
        self.bounds = [round(float(edge), 5) for edge in bounds]

    def _get_self_bounds(self) -> list[list[float | None]]:
        """South-west and north-east corner, as folium's `get_bounds` asks for."""
        west, south, east, north = self.bounds
        if not np.isfinite(west):
            return [[None, None], [None, None]]
        return [[south, west], [north, east]]


class _Shared(MacroElement):
    """Style sheet, script and panes that all layers of a map share."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no types
        self._name = "GeoborderOverlays"
        self.panes = PANES
        self._template = _ENVIRONMENT.get_template("overlays.html.j2")


def share_script(m: folium.Map) -> None:
    """
    Add what all layers share to a map, once.

    Parameters
    ----------
    m
        The map.
    """
    if _SHARED not in m._children:  # noqa: SLF001 - branca has no other way to ask
        m.add_child(_Shared(), name=_SHARED)


class _Legend(MacroElement):
    """A layer's part of the map's legend."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        geoborderOverlays.legend({{ this._parent.get_name() }},
            {{ this.layer.get_name() }}, {{ this.spec }});
        {% endmacro %}
        """
    )

    def __init__(self, layer: Layer, spec: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no types
        self._name = "GeoborderLegend"
        self.layer = layer
        self.spec = spec


def add_legend(
    m: folium.Map,
    layer: Layer,
    classes: Classes,
    kind: Kind,
    styles: Sequence[Mapping[str, Any]],
) -> None:
    """
    Add a layer's part to the map's legend.

    Parameters
    ----------
    m
        The map.
    layer
        The layer; its part shows while the layer does.
    classes
        Classes.
    kind
        What the swatches show.
    styles
        Options of Leaflet's paths, one a class.
    """
    items = []
    for label, style in zip(classes.labels, styles, strict=True):
        stroked = bool(style.get("stroke", True) and style.get("weight"))
        filled = bool(style.get("fill", kind != "line"))
        paint = {
            "stroke": style.get("color", "none") if stroked else "none",
            "stroke-width": min(float(style.get("weight") or 0), 9.0),
            "stroke-opacity": style.get("opacity", 1),
            "fill": style.get("fillColor", "none") if filled else "none",
            "fill-opacity": style.get("fillOpacity", 0.2),
        }
        symbol = style.get("symbol")
        items.append({"label": label, "kind": kind, "symbol": symbol, "paint": paint})
    spec = {"caption": classes.caption, "items": items}
    m.add_child(_Legend(layer, script_json(spec)))
