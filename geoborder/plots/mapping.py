"""A plan's map as a still picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import unescape
from itertools import product

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from pyproj import Transformer
from scipy.ndimage import gaussian_filter1d

from geoborder.coverage.footprint import operating
from geoborder.errors import OptionError
from geoborder.geodesy import interpolate, polylines
from geoborder.maps.style import (
    ATTRIBUTES,
    CATEGORY_COLOURS,
    CATEGORY_SYMBOLS,
    COVERED_COLOUR,
    GAP_COLOUR,
    Scheme,
    scheme,
)
from geoborder.plan import Plan
from geoborder.plan.results import own_side
from geoborder.plots.axes import (
    add_sources,
    known_year,
    plain_text,
    type_size,
    width_of,
)
from geoborder.plots.frames import Box, Frame, beside, frame_of, points_of
from geoborder.plots.ground import (
    HALO,
    add_countries,
    add_country_names,
    add_relief,
    add_scale,
    add_units,
    add_waters,
)
from geoborder.plots.stretches import stretches_in

_MARKERS = {
    "circle": "o",
    "cross": "P",
    "diamond": "D",
    "pentagon": "p",
    "square": "s",
    "star": "*",
    "triangle": "^",
    "triangle-down": "v",
}

CATEGORY_MARKERS = {name: _MARKERS[key] for name, key in CATEGORY_SYMBOLS.items()}
"""Marker of each category: told apart without colour."""

_BY_YEAR = {
    "coverage_share": "share",
    "covered_km": "covered_km",
    "k_mean": "k_mean",
    "longest_gap_km": "longest_gap_km",
}
"""Attributes that are known for every year, and their names there."""

_LAST_YEAR = {"post_km", "nearest_post", "post_minutes", "posts_60", "beyond_60_km"}
"""Attributes that hold for the last year only."""

_BAND_PT, _BAND_OFFSET_PT = 3.6, 7.0
"""Width of the bands beside the line, and how far off they are."""

_WIDTH_IN, _LEGEND_IN, _BELOW_IN = 7.2, 2.3, 0.45
"""Longer side of a new map, and room beside and below it."""

_NARROW_IN = 5.0
"""Narrower maps have their legend below."""

_SAMPLES_PT = 1.5
"""Spacing of the points of bands."""

_CROSSING = "#111111"

_AWAY_PT = (14.0, 24.0, 36.0, 50.0)
_AROUND = (
    (0.0, 1.0, "center"), (0.0, -1.0, "center"), (1.0, 0.0, "left"),
    (-1.0, 0.0, "right"), (0.7, 0.7, "left"), (0.7, -0.7, "left"),
    (-0.7, 0.7, "right"), (-0.7, -0.7, "right"),
)  # fmt: skip
"""Where a crossing's name may stand: how far off, in which direction."""


@plain_text
def plot_map(
    plan: Plan,
    *,
    color_by: str = "coverage_share",
    year: int | None = None,
    categories: Sequence[str] | None = None,
    ax: Axes | None = None,
    sources: bool = True,
) -> Axes:
    """
    Draw a plan's map for papers and slides.

    Parameters
    ----------
    plan
        The plan.
    color_by
        Segment attribute that the line's colour shows.
    year
        Year of coverage and assets; the last one by default, the year before the
        programme for what stands already.
    categories
        Which assets are drawn; by default those that cover by themselves.
    ax
        Axes to draw on; new ones by default. Give them room: the map keeps its
        proportions, and its legend stands beside it, or below it if it is narrow.
    sources
        Whether to say below what the picture rests on.

    Returns
    -------
    Axes
        In a conformal projection centred on the border, in metres: relief, countries
        and waters, segments, covered stretches as a band on the programme's own side
        and gaps as one on the other side, assets, crossings, scale.

    Raises
    ------
    OptionError
        If the plan has no such attribute, year or category.

    Examples
    --------
    >>> import tempfile
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
    >>> ax = gb.plot_map(plan, year=2026)
    >>> ax.get_aspect()
    1.0
    >>> file = tempfile.mkdtemp() + "/map.png"
    >>> ax.figure.savefig(file, dpi=200)
    """
    year = known_year(plan, year)
    shown = _scheme(plan, color_by, year)
    assets = _assets(plan, year, categories)
    crs, box = frame_of(plan)
    narrow = ax is not None and width_of(ax) < _NARROW_IN
    ax = _new_axes(box) if ax is None else ax
    frame = Frame(crs, box, points_of(ax, box))
    letters = type_size(ax)
    countries = add_countries(ax, plan, frame)
    add_relief(ax, plan, frame)
    add_waters(ax, frame)
    bands = _add_bands(ax, plan, frame, year)
    _add_segments(ax, plan, frame, shown)
    symbols = _add_assets(ax, assets, frame)
    add_scale(ax, frame, size=letters)
    add_country_names(ax, countries, frame, size=letters)
    add_units(ax, plan, frame, size=0.95 * letters)
    symbols += _add_crossings(ax, plan, frame, size=0.85 * letters)
    ax.set(
        xlim=(box[0], box[2]), ylim=(box[1], box[3]), aspect="equal",
        xticks=[], yticks=[], xlabel="", ylabel="", anchor="N",
    )  # fmt: skip
    for spine in ax.spines.values():
        spine.set(color="#777", linewidth=0.7)
    below = _add_legend(
        ax, shown, bands, symbols, plan=plan, year=year, dated=color_by in _BY_YEAR,
        size=letters, narrow=narrow,
    )  # fmt: skip
    if sources:
        add_sources(ax, plan, lower_pt=below)
    return ax


def _new_axes(box: Box) -> Axes:
    """Make axes in a figure with room for legend and sources."""
    ratio = (box[3] - box[1]) / (box[2] - box[0])
    width = min(_WIDTH_IN, _WIDTH_IN / ratio)
    whole = (width + _LEGEND_IN + 0.2, width * ratio + _BELOW_IN + 0.1)
    shares = (
        0.1 / whole[0], _BELOW_IN / whole[1], width / whole[0],
        width * ratio / whole[1],
    )  # fmt: skip
    return Figure(figsize=whole).add_axes(shares)


def _scheme(plan: Plan, attribute: str, year: int) -> Scheme:
    """Class an attribute of segments as it is in a year."""
    segments, last = plan.segments, plan.program.last_year
    if attribute not in segments.columns or attribute == "geometry":
        known = [name for name in ATTRIBUTES if name in segments.columns]
        msg = f"`color_by` must be one of {', '.join(known)}, got {attribute!r}."
        raise OptionError(msg)
    if attribute in _LAST_YEAR and year != last:
        msg = (
            f"`color_by` {attribute!r} is known for {last} only, got `year` {year}; "
            f"leave `year` out, or choose one of {', '.join(_BY_YEAR)}."
        )
        raise OptionError(msg)
    values = segments[attribute]
    if attribute in _BY_YEAR:
        table = plan.coverage.by_segment_year
        table = table[table["year"] == year].set_index("segment_id")
        values = table[_BY_YEAR[attribute]].reindex(segments["segment_id"])
    return scheme(values, attribute)


def _assets(
    plan: Plan, year: int, categories: Sequence[str] | None
) -> gpd.GeoDataFrame:
    """Select assets with a place that are in operation in a year."""
    assets = plan.assets
    kept = assets.geometry.notna() & (assets["status"] != "retired")
    kept &= operating(assets, year)
    if categories is None:
        return assets[kept & (assets["mode"] != "none")]
    for name in categories:
        if name not in CATEGORY_MARKERS:
            known = ", ".join(CATEGORY_MARKERS)
            msg = f"`categories` must be some of {known}, got {name!r}."
            raise OptionError(msg)
    return assets[kept & assets["category"].isin(list(categories))]


def _add_bands(ax: Axes, plan: Plan, frame: Frame, year: int) -> list[bool]:
    """Draw covered stretches and gaps beside the line; tell which of them there are."""
    side = 1.0 if own_side(plan.program) == "left" else -1.0
    offset = _BAND_OFFSET_PT * frame.point
    there = Transformer.from_crs("EPSG:4326", frame.crs, always_xy=True)
    table, there_are = stretches_in(plan, year), []
    for covered, colour in ((True, COVERED_COLOUR), (False, GAP_COLOUR)):
        strips = []
        for row, name in enumerate(plan.border["border_id"]):
            line = polylines(plan.border.geometry.array[[row]])
            length = float(line.length_m[0])
            steps = max(2, int(length / (_SAMPLES_PT * frame.point)))
            chainage = np.linspace(0.0, length, steps)
            lon, lat = interpolate(line, np.zeros(steps, np.int64), chainage)
            x, y = there.transform(lon, lat)
            smooth = max(1.0, offset / (length / steps))
            x, y = beside(
                gaussian_filter1d(x, smooth, mode="nearest"),
                gaussian_filter1d(y, smooth, mode="nearest"),
                offset * (side if covered else -side),
            )
            frame.keep_free(np.column_stack([x, y])[::4], 2.5)
            own = table[(table["border_id"] == name) & (table["covered"] == covered)]
            for start, end in zip(own["start_km"], own["end_km"], strict=True):
                inner = chainage[(chainage > start * 1e3) & (chainage < end * 1e3)]
                at = np.concatenate([[start * 1e3], inner, [end * 1e3]])
                strips.append(
                    np.column_stack(
                        [np.interp(at, chainage, x), np.interp(at, chainage, y)]
                    )
                )
        ax.add_collection(
            LineCollection(
                strips, colors=colour, linewidths=_BAND_PT, capstyle="butt", zorder=4
            ),
            autolim=False,
        )
        there_are.append(bool(strips))
    return there_are


def _add_segments(ax: Axes, plan: Plan, frame: Frame, shown: Scheme) -> None:
    """Draw the line, a dark casing under its colours."""
    shapes = shapely.simplify(frame.project(plan.segments), 0.3 * frame.point)
    paths = [shapely.get_coordinates(shape) for shape in shapes]
    for colours, width in (("#222", 4.6), (shown.colours, 3.4)):
        ax.add_collection(
            LineCollection(
                paths, colors=colours, linewidths=width, capstyle="round", zorder=5
            ),
            autolim=False,
        )


def _add_assets(ax: Axes, assets: gpd.GeoDataFrame, frame: Frame) -> list[Line2D]:
    """Draw assets, those that stand already with a black edge; give legend entries."""
    entries, edges = [], set()
    for category, marker in CATEGORY_MARKERS.items():
        own = assets[assets["category"] == category]
        if own.empty:
            continue
        colour = CATEGORY_COLOURS[category]
        places = shapely.get_coordinates(frame.project(own))
        standing = own["measure_id"].isna().to_numpy()
        for which, edge, width in ((False, "white", 0.4), (True, "black", 1.1)):
            some = standing == which
            if some.any():
                edges.add(which)
                ax.scatter(
                    places[some, 0], places[some, 1], s=24 if which else 9,
                    marker=marker, c=colour, edgecolors=edge, linewidths=width,
                    zorder=6 + which,
                )  # fmt: skip
        count = int(own["quantity"].sum())
        entries.append(_symbol(marker, f"{category} ({count:,})", color=colour))
    if edges == {False, True}:
        entries.append(
            _symbol("s", "black edge: stands already", color="#999", edge="black")
        )
    return entries


def _add_crossings(ax: Axes, plan: Plan, frame: Frame, *, size: float) -> list[Line2D]:
    """Draw crossings and name those that have room; give the legend's entry."""
    if plan.crossings is None:
        return []
    places = shapely.get_coordinates(frame.project(plan.crossings))
    ax.scatter(
        places[:, 0], places[:, 1], s=26, marker="o", c="white",
        edgecolors=_CROSSING, linewidths=1.4, zorder=8,
    )  # fmt: skip
    for (x, y), name in zip(places, plan.crossings["name"], strict=True):
        for away, (dx, dy, align) in product(_AWAY_PT, _AROUND):
            at = (x + dx * away * frame.point, y + dy * away * frame.point)
            if frame.has_room(*at, str(name), size, align):
                ax.annotate(
                    str(name), (x, y), at, textcoords="data", fontsize=size,
                    ha=align, va="center", zorder=8, bbox=HALO, color=_CROSSING,
                    arrowprops={"arrowstyle": "-", "lw": 0.4, "color": "#333"},
                )  # fmt: skip
                break
    return [_symbol("o", "official crossing", color="white", edge=_CROSSING)]


def _symbol(marker: str, label: str, *, color: str, edge: str = "white") -> Line2D:
    """Legend entry of a marker."""
    return Line2D(
        [], [], ls="none", marker=marker, color=color, mec=edge, ms=6, label=label
    )


def _add_legend(
    ax: Axes,
    shown: Scheme,
    bands: list[bool],
    symbols: list[Line2D],
    *,
    year: int,
    dated: bool,
    size: float,
    narrow: bool,
    plan: Plan,
) -> float:
    """Explain colours, bands and symbols; tell how far below the map that reaches."""
    before = year < plan.program.first_year
    when = "before the programme" if before else f"in {year}"
    letters = 22 if narrow else 30
    title = f"{unescape(shown.title)} ({year})" if dated else unescape(shown.title)
    colours: list[Line2D | Patch] = [_heading(title, letters)]
    colours += [
        Line2D([], [], lw=3.5, color=colour, label=unescape(label))
        for colour, label in shown.classes
    ]
    marks: list[Line2D | Patch] = [_heading(f"Beside the line, {when}", letters)]
    for there, colour, label in zip(
        bands, (COVERED_COLOUR, GAP_COLOUR), ("covered (own side)", "gap (other side)"),
        strict=True,
    ):  # fmt: skip
        if there:
            marks.append(Patch(color=colour, label=label))
    if symbols:
        marks += [_heading(f"Assets, {when}", letters), *symbols]
    if narrow:  # two columns of as many entries
        most = max(len(colours), len(marks))
        colours += [_heading("", letters)] * (most - len(colours))
        marks += [_heading("", letters)] * (most - len(marks))
    entries = [*colours, *marks]
    legend = ax.legend(
        handles=entries, fontsize=size, frameon=False, borderaxespad=0.0,
        handlelength=1.6, labelspacing=0.35, columnspacing=1.0,
        loc="upper left", ncols=2 if narrow else 1,
        bbox_to_anchor=(0.0, -0.02) if narrow else (1.015, 1.0),
    )  # fmt: skip
    for text, entry in zip(legend.get_texts(), entries, strict=True):
        if entry.get_alpha() == 0.0:
            text.set_fontweight("bold")
    rows = max(
        sum(1 + str(entry.get_label()).count("\n") for entry in column)
        for column in (colours, marks)
    )
    return (rows + 1.5) * size * 1.35 if narrow else 0.0


def _heading(text: str, letters: int) -> Line2D:
    """Legend entry that is only words."""
    label = "\n".join(textwrap.wrap(text, letters))
    return Line2D([], [], ls="none", alpha=0.0, label=label)


# The decorator is of another module, so doctest would pass over what it wraps.
__test__ = {"plot_map": plot_map}
