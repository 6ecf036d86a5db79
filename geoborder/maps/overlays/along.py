"""Segments and coverage of a border as layers of a folium map."""

from __future__ import annotations

from typing import Unpack

import folium
import geopandas as gpd
import numpy as np
import pandas as pd

from geoborder.coverage import Coverage
from geoborder.errors import DataError
from geoborder.maps.overlays.classing import Classes, Colours, shades
from geoborder.maps.overlays.features import (
    Look,
    Shown,
    Subject,
    add_layer,
    draw,
    ready,
)
from geoborder.maps.overlays.options import (
    CLASSING,
    Fields,
    LayerOptions,
    check_map,
    check_options,
    check_result,
)
from geoborder.maps.style import COVERED_COLOUR, GAP_COLOUR, words
from geoborder.tables import LINES

_LINE = Look("line", "gb-line", COVERED_COLOUR, {"weight": 5, "opacity": 1.0})

_BAND = Look(
    "line",
    "gb-bands",
    COVERED_COLOUR,
    {"weight": 11, "opacity": 0.75, "lineCap": "butt"},
)

_COVERED = ("#56b4e9", COVERED_COLOUR, "#08306b")
"""One asset, two, three and more: the same hue, darker."""


def add_segments(
    m: folium.Map,
    segments: gpd.GeoDataFrame,
    *,
    column: str | None = "coverage_share",
    cmap: Colours | None = None,
    tooltip: Fields | None = True,
    popup: Fields | None = True,
    legend: bool = True,
    name: str = "Border segments",
    **options: Unpack[LayerOptions],
) -> folium.Map:
    """
    Add segments of a border to a folium map, coloured by a column.

    Parameters
    ----------
    m
        The map: ``folium.Map(...)``, or one that GeoPandas' `explore` gave.
    segments
        Lines in any CRS, such as `segment_border` or a plan has them. Rows without
        a geometry are left out. Not modified.
    column
        Column that gives the colours: numbers in classes, anything else a colour
        each; None: one colour.
    cmap
        Colours of the column: a colormap of matplotlib or its name, or a list of
        colours.
    tooltip, popup
        What the pointer shows and what a click does. True: which segment it is, and
        the column, or in a popup all that readers need; a column, a list of them or a
        number (the first so many): just these; False: nothing. Whatever is in
        the data is shown as text.
    legend
        Add the layer to the map's legend, at the bottom right. Its part shows while
        the layer does.
    name
        Name of the layer in a `folium.LayerControl` that is added later.
    **options
        The rest of what `explore` takes. Colours: ``color`` (one for all, instead of a
        column), ``categorical``, ``categories``, ``scheme`` (``quantiles``, which is
        the default, ``equal_interval``, or a list of edges), ``k``, ``vmin``, ``vmax``,
        ``missing_kwds`` (``color``, ``label``). Layer: ``show``, ``overlay``,
        ``control``, ``highlight``. Details: ``style_kwds`` and ``highlight_kwds``
        (Leaflet's options of paths, such as ``weight`` and ``dashArray``),
        ``tooltip_kwds`` and ``popup_kwds`` (``aliases``, ``labels``; ``sticky``,
        ``permanent``, ``direction``, ``opacity``; ``max_width``, ``max_height``),
        ``legend_kwds`` (``caption``, ``labels``, ``fmt``).

    Returns
    -------
    folium.Map
        The map, so that calls can be chained. Write it with `save_map`.

    Raises
    ------
    DataError
        If `segments` is no layer of lines, has no CRS, or lacks a column, with the
        nearest name.
    OptionError
        If `m` is no map, or an option is unknown or out of its range.

    Notes
    -----
    Edges of classes are in the column's own unit. Shares covered are classed in equal
    intervals from 0 to 100 % by default. Missing values are grey.

    Examples
    --------
    >>> import folium
    >>> from geoborder import add_segments, load_border, segment_border
    >>> segments = segment_border(load_border(), count=20)
    >>> m = folium.Map([37.5, 70], zoom_start=7, tiles=None)
    >>> m = add_segments(m, segments, column="start_km", scheme=[0, 500, 1000, 1400])
    >>> [[round(edge, 1) for edge in corner] for corner in m.get_bounds()]
    [[36.7, 67.8], [38.5, 74.9]]
    """
    rows = ready(segments, name="segments", kinds=LINES)
    try:
        return add_layer(
            m, rows, _LINE, parameter="segments", headings=_segments(rows),
            column=column, cmap=cmap, shown=Shown(tooltip, popup, legend, name),
            options=options,
        )  # fmt: skip
    except DataError as error:
        if column == "coverage_share" and column not in segments:
            msg = f"{error} For one colour give `column=None`."
            raise DataError(msg) from error
        raise


def _segments(rows: gpd.GeoDataFrame) -> list[str]:
    """Say which segment each row is, as far as columns tell."""
    parts: list[list[str]] = []
    if "segment_id" in rows:
        parts.append([f"Segment {words(i)}" for i in rows["segment_id"]])
    if {"start_km", "end_km"} <= set(rows):
        parts.append(_spans(rows))
    if "right_unit" in rows:
        parts.append([words(unit) for unit in rows["right_unit"]])
    if not parts:
        return [f"Segment {label}" for label in rows.index]
    return [", ".join(filter(None, own)) for own in zip(*parts, strict=True)]


def _spans(rows: pd.DataFrame) -> list[str]:
    pairs = zip(rows["start_km"], rows["end_km"], strict=True)
    return [f"km {start:.1f} to {end:.1f}" for start, end in pairs]


def add_coverage(
    m: folium.Map,
    coverage: Coverage,
    *,
    gaps: bool = True,
    cmap: Colours | None = None,
    tooltip: Fields | None = True,
    popup: Fields | None = True,
    legend: bool = True,
    name: str | None = None,
    **options: Unpack[LayerOptions],
) -> folium.Map:
    """
    Add what is covered of a border to a folium map, and the gaps.

    Parameters
    ----------
    m
        The map.
    coverage
        What `cover` gives. Stretches that enough assets cover are one layer, gaps
        another; both are bands below the segments.
    gaps
        Add the gaps.
    cmap
        Three colours: of stretches that as many assets cover as are asked for
        (one by default), one more, and any more than that; or a colormap.
    tooltip, popup, legend
        As for `add_segments`.
    name
        What the layers are called: ``Covered in 2029`` and ``Gaps in 2029`` by
        default, with a name ``Today: covered`` and ``Today: gaps``.
    **options
        As for `add_segments`, except what classes a column.

    Returns
    -------
    folium.Map
        The map.

    Raises
    ------
    OptionError
        If `m` is no map, `coverage` no coverage, or an option is unknown.

    Examples
    --------
    >>> import folium
    >>> import geopandas as gpd
    >>> from geoborder import add_coverage, cover, load_border, point_at
    >>> border = load_border()
    >>> mast = gpd.GeoDataFrame(
    ...     {"asset_id": ["a"], "mode": ["radius"], "range_km": [30.0]},
    ...     geometry=[point_at(border, 500)],
    ...     crs=4326,
    ... )
    >>> m = add_coverage(folium.Map(tiles=None), cover(border, mast))
    >>> folium.LayerControl().add_to(m).render()
    >>> [c.layer_name for c in m._children.values() if hasattr(c, "layer_name")]
    ['Covered', 'Gaps']
    """
    check_map(m)
    check_result(coverage, Coverage, source="cover")
    known = check_options(options, without=("marker_kwds", *CLASSING))
    when = "" if coverage.year is None else f" in {coverage.year}"
    titles = {
        False: f"Covered{when}" if name is None else f"{name}: covered",
        True: f"Gaps{when}" if name is None else f"{name}: gaps",
    }
    for gap in (False, True) if gaps else (False,):
        table = coverage.gaps if gap else _enough(coverage)
        rows = ready(table, name="coverage", kinds=LINES)
        what = f"Gap{when}" if gap else f"Covered{when}"
        subject = Subject(rows, "coverage", [f"{what}: {s}" for s in _spans(rows)])
        draw(
            m,
            subject,
            _gaps(rows, titles[gap])
            if gap
            else _covered(rows, titles[gap], coverage.k, cmap),
            _BAND,
            shown=Shown(tooltip, popup, legend, titles[gap]),
            column="assets_most" if gap else "assets",
            options=known,
        )
    return m


def _enough(coverage: Coverage) -> gpd.GeoDataFrame:
    """Stretches that count as covered; the rest lies in the gaps."""
    table = coverage.intervals
    return table[table["assets"] >= coverage.k]


def _gaps(rows: gpd.GeoDataFrame, title: str) -> Classes:
    return Classes("", np.zeros(len(rows), dtype=np.int64), [GAP_COLOUR], [title])


def _covered(
    rows: gpd.GeoDataFrame, title: str, k: int, cmap: Colours | None
) -> Classes:
    """Classes by how many assets cover a stretch, those that occur."""
    colours = list(_COVERED) if cmap is None else shades(cmap, len(_COVERED))
    step = np.minimum(rows["assets"].to_numpy(np.int64) - k, len(_COVERED) - 1)
    there, number = np.unique(step, return_inverse=True)
    labels = [
        f"{k + n} asset{'s' if k + n > 1 else ''}"
        + (" and more" if n == len(_COVERED) - 1 else "")
        for n in there
    ]
    return Classes(title, number, [colours[n] for n in there], labels)
