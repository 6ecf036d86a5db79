"""The map: a folium map with a page around it that shows a plan through its years."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import folium
import xyzservices.providers
from branca.element import MacroElement
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from geoborder.errors import OptionError
from geoborder.maps.attributes import require_attribute
from geoborder.maps.bundle import inlined, save_map
from geoborder.maps.encoding import html_text, script_json
from geoborder.maps.payload import View, payload, summary
from geoborder.plan import Plan

TILES = ("OpenTopoMap", "OpenStreetMap.Mapnik")
"""Web maps that a reader may turn on."""

_SCRIPTS = (
    "dom", "state", "lines", "coverage", "symbols", "canvas", "ground", "border",
    "points", "areas", "cards", "panel", "years", "profile", "search", "link", "print",
    "main",
)  # fmt: skip
"""The page's script, in order; each file speaks of one part of the page."""

_TEMPLATES = Environment(loader=PackageLoader("geoborder", "maps/app"), autoescape=True)

_CELL_PX = 680
"""Height of the map in a notebook's cell."""


def make_map(
    plan: Plan,
    *,
    color_by: str = "coverage_share",
    year: int | None = None,
    tiles: str | Sequence[str] = TILES,
) -> folium.Map:
    """
    Draw a plan as a map that moves through the years.

    Parameters
    ----------
    plan
        The plan.
    color_by
        Segment attribute that the line's colour shows at first; readers can
        choose another on the map.
    year
        Year that is shown at first; the programme's last one by default, and the one
        before its first for what was there before.
    tiles
        Web maps that readers may turn on where they have a network, as xyzservices
        names them; none is asked for before that.

    Returns
    -------
    folium.Map
        A page with legend and layers, year slider, figures, profile and search.
        Further layers of folium can be added to it. In a notebook it shows itself,
        coarser and without what single assets see; `save_map` and its own `save`
        write it as one file that opens without a network.

    Raises
    ------
    OptionError
        If the plan's segments have no such attribute, or the programme no such year,
        or xyzservices knows no such web map.

    Examples
    --------
    >>> import folium
    >>> import geoborder as gb
    >>> shared = {"category": "observation", "basis": "illustrative"}
    >>> mast = {"name": "Mast", "mode": "radius", "range_km": 4, "cost": 1000, **shared}
    >>> masts = {"name": "Masts", "equipment": "mast", "quantity": 4, **shared}
    >>> program = gb.Program(
    ...     name="Small",
    ...     first_year=2026,
    ...     last_year=2027,
    ...     border={"left": "AND", "right": "FRA"},
    ...     equipment={"mast": mast},
    ...     measures={"masts": masts},
    ... )
    >>> plan = gb.make_plan(program, placed=False)
    >>> page = gb.make_map(plan, year=2026)
    >>> isinstance(page, folium.Map)
    True
    """
    require_attribute(color_by, plan)
    years = plan.coverage.by_year["year"].astype(int).tolist()
    shown = plan.program.last_year if year is None else year
    if shown not in years:
        msg = f"`year` must be one of {years[0]} to {years[-1]}, got {year!r}."
        raise OptionError(msg)
    names = [tiles] if isinstance(tiles, str) else tiles
    return PlanMap(plan, View(color_by, shown, [_tiles(name) for name in names]))


def _tiles(name: str) -> dict[str, Any]:
    """Address and attribution of a web map."""
    try:
        found = xyzservices.providers.query_name(name)
    except ValueError as error:
        msg = f"`tiles` must be names that xyzservices knows, got {name!r}."
        raise OptionError(msg) from error
    if found.requires_token():
        msg = f"`tiles` must need no access token; {name!r} needs one."
        raise OptionError(msg)
    return {
        "name": found.name,
        "url": found.build_url(scale_factor="{r}"),
        "attribution": found.html_attribution,
        "max_zoom": found.get("max_zoom", 18),
    }


class PlanMap(folium.Map):
    """
    A folium map with a plan's page around it.

    Parameters
    ----------
    plan
        The plan.
    view
        How the map opens.
    """

    def __init__(self, plan: Plan, view: View) -> None:
        super().__init__(tiles=None, zoom_snap=0.25, zoom_delta=0.5, max_zoom=16)
        self.page = _Page(plan, view)
        self.page.add_to(self)
        self.title = escape(plan.program.name)
        figure: Any = self.get_root()
        figure.title = self.title

    def save(self, outfile: str | Path, **_options: object) -> None:  # type: ignore[override]
        """
        Write the map as one file that opens without a network (see `save_map`).

        Parameters
        ----------
        outfile
            File to write.
        """
        save_map(self, outfile)

    def _repr_html_(self, **_options: object) -> str:
        self.page.small = True
        try:
            html = inlined(self)
        finally:
            self.page.small = False
        # In single quotes: the page's many double ones can stay as they are.
        page = html.replace("&", "&amp;").replace("'", "&#x27;")
        return (
            f"<iframe srcdoc='{page}' title=\"{self.title}\" "
            f'style="width:100%;height:{_CELL_PX}px;border:1px solid #ccc" '
            "allowfullscreen></iframe>"
        )


class _Page(MacroElement):
    """Everything around the map, and the script that draws on it."""

    def __init__(self, plan: Plan, view: View) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no types
        self._name = "GeoborderPage"
        self.small = False
        self._plan, self._view = plan, view
        self._template = _TEMPLATES.get_template("page.html.j2")

    @cached_property
    def _whole(self) -> dict[str, Any]:
        return payload(self._plan, self._view)

    @property
    def data(self) -> str:
        """What the script reads, as JSON."""
        if self.small:
            return script_json(payload(self._plan, self._view, small=True))
        return script_json(self._whole)

    @property
    def title(self) -> str:
        """Heading of the page, as HTML."""
        return Markup(html_text(self._plan.program.name))  # noqa: S704 - escaped there

    @property
    def summary(self) -> str:
        """The line under it, as HTML."""
        return Markup(html_text(summary(self._plan)))  # noqa: S704 - escaped there

    @property
    def code(self) -> str:
        """The script."""
        return "\n".join(_read(f"{name}.js") for name in _SCRIPTS)

    @property
    def style(self) -> str:
        """The style sheet."""
        return _read("page.css")


def _read(name: str) -> str:
    return (Path(__file__).parent / "app" / name).read_text(encoding="utf-8")
