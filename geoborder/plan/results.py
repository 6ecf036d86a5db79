"""What a plan tells of its posts, its crews and its segments."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import pandas as pd

from geoborder.coverage import Coverage, Response, response_times
from geoborder.coverage.footprint import operating
from geoborder.distance import nearest_sites, spacing
from geoborder.program import Program
from geoborder.reach import Conditions, Isochrones, isochrones
from geoborder.terrain import Dem


def posts_of(assets: gpd.GeoDataFrame, year: int) -> gpd.GeoDataFrame:
    """
    Select the posts in operation in a year.

    Parameters
    ----------
    assets
        As the plan has them.
    year
        The year.

    Returns
    -------
    GeoDataFrame
        Their rows.
    """
    posts = placed_posts(assets)
    return posts[operating(posts, year)]


def placed_posts(assets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Select the posts that have a place and are not retired.

    Parameters
    ----------
    assets
        As the plan has them.

    Returns
    -------
    GeoDataFrame
        Their rows.
    """
    kept = (assets["category"] == "posts") & assets.geometry.notna()
    return assets[kept & (assets["status"] != "retired")]


def own_side(program: Program) -> Literal["left", "right"]:
    """
    Tell on which side of the border the programme's own country is.

    Parameters
    ----------
    program
        The programme.

    Returns
    -------
    str
        ``left`` or ``right``: the side that does not face ``claims.facing_country``.
    """
    faced = program.border.left == program.claims.facing_country
    return "right" if faced else "left"


def own_conditions(program: Program, border: gpd.GeoDataFrame) -> Conditions:
    """
    Keep travel on the programme's own side of the border.

    Parameters
    ----------
    program
        The programme.
    border
        The border.

    Returns
    -------
    Conditions
        Nobody crosses the border; sites on it are on the programme's own side.
    """
    return Conditions(border=border, side=own_side(program))


def responses(
    program: Program,
    border: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    segments: gpd.GeoDataFrame,
    dem: Dem | None,
    conditions: Conditions,
) -> tuple[Response | None, Isochrones | None]:
    """
    Work out how long crews of posts take, by year, and what they get to.

    Parameters
    ----------
    program
        The programme.
    border, segments
        The border and its segments.
    assets
        As the plan has them.
    dem
        Elevation; without it nothing is told.
    conditions
        What travel meets.

    Returns
    -------
    Response or None
        For the year before the programme and each of its years.
    Isochrones or None
        In the last year.
    """
    posts = placed_posts(assets)
    if dem is None or posts.empty:
        return None, None
    travel = program.travel
    response = response_times(
        border, posts, dem=dem, mode=travel, conditions=conditions,
        years=range(program.first_year - 1, program.last_year + 1), segments=segments,
    )  # fmt: skip
    last = posts_of(assets, program.last_year)
    if last.empty:
        return response, None
    reached = isochrones(
        last, dem=dem, mode=travel, minutes=response.levels_minutes,
        conditions=conditions,
    )  # fmt: skip
    return response, reached


def posts_by_year(
    assets: gpd.GeoDataFrame, border: gpd.GeoDataFrame, program: Program
) -> pd.DataFrame:
    """
    Count posts and measure the longest stretch without one, by year.

    Parameters
    ----------
    assets
        As the plan has them.
    border
        The border.
    program
        The programme.

    Returns
    -------
    DataFrame
        ``year``, ``posts``, ``longest_stretch_km``, ``border_id``, ``start_km``,
        ``end_km``; from the year before the programme.
    """
    rows = []
    for year in range(program.first_year - 1, program.last_year + 1):
        posts = posts_of(assets, year)
        if posts.empty:
            longest = border.loc[border["length_km"].idxmax()]
            place = (longest["border_id"], 0.0, longest["length_km"])
        else:
            gaps = spacing(posts, border)
            longest = gaps.loc[gaps["length_km"].idxmax()]
            place = (longest["border_id"], longest["start_km"], longest["end_km"])
        rows.append((year, int(posts["quantity"].sum()), *place))
    table = pd.DataFrame(
        rows, columns=["year", "posts", "border_id", "start_km", "end_km"]
    )
    table.insert(2, "longest_stretch_km", table["end_km"] - table["start_km"])
    return table


def with_results(
    segments: gpd.GeoDataFrame,
    assignments: pd.DataFrame,
    assets: gpd.GeoDataFrame,
    coverage: Coverage,
    program: Program,
    response: Response | None,
) -> gpd.GeoDataFrame:
    """
    Add to segments the nearest post, time to it, cost, and coverage.

    Parameters
    ----------
    segments
        The plan's.
    assignments, assets, coverage, response
        As the plan has them.
    program
        The programme.

    Returns
    -------
    GeoDataFrame
        Segments with what holds before the programme and in its last year.
    """
    added: dict[str, object] = {}
    for year, label in ((program.first_year - 1, "_before"), (program.last_year, "")):
        posts = posts_of(assets, year)
        if not posts.empty:
            nearest = nearest_sites(segments, posts)
            added[f"nearest_post{label}"] = nearest["site"].to_numpy()
            added[f"post{label}_km"] = nearest["distance_km"].to_numpy()
    if response is not None:
        times = response.by_segment.set_index("segment_id")
        for column, label in (
            ("minutes", "post_minutes"),
            ("sites_60", "posts_60"),
            ("beyond_60_km", "beyond_60_km"),
        ):
            added[label] = times[column].reindex(segments["segment_id"]).to_numpy()
    cost = assignments.groupby("segment_id")["cost"].sum()
    added["cost"] = segments["segment_id"].map(cost).fillna(0.0).round(2).to_numpy()
    by_segment = coverage.by_segment.set_index("segment_id")
    for column in ("covered_km", "share", "k_mean", "longest_gap_km"):
        label = "coverage_share" if column == "share" else column
        added[label] = by_segment[column].reindex(segments["segment_id"]).to_numpy()
    result = segments.copy()
    where = result.columns.get_loc("geometry")
    for column, values in reversed(added.items()):
        result.insert(where, column, values)
    return result
