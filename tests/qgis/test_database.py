"""QGIS opens a plan's tables and views from PostGIS, styled, and edits them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import pytest

import geoborder as gb
from geoborder.export import plan_layers
from geoborder.postgis import read_table

pytestmark = [pytest.mark.qgis, pytest.mark.postgis]

YEAR = 2027

VIEWS = {
    "v_segments_by_year": ("geom", "fid"),
    "v_assets_by_year": ("geom", "fid"),
    "v_coverage_by_year": (None, "year"),
    "v_costs_by_year": (None, "year"),
    "v_gaps_by_segment_year": (None, '"year","segment_id"'),
    "v_measures_by_year": (None, '"measure_id","year"'),
}
"""Views with their columns of geometries and their keys."""


def test_tables_and_views_open_styled_and_can_be_edited(
    plan: gb.Plan,
    postgis_address: str,
    pyqgis: Callable[..., Any],
    tmp_path: Path,
) -> None:
    gb.write_plan(plan, postgis_address)
    tables = plan_layers(plan)
    tables.pop("segments_by_year")
    spatial = {n for n, t in tables.items() if isinstance(t, gpd.GeoDataFrame)}
    parts = urlsplit(postgis_address)
    host = parse_qs(parts.query)["host"][0]
    task = {
        "database": f"dbname='{parts.path[1:]}' host={host} user='{parts.username}'",
        "schema": "geoborder",
        "year": YEAR,
        "layers": [
            *((name, "geom" if name in spatial else None, "fid") for name in tables),
            *((name, column, key) for name, (column, key) in VIEWS.items()),
        ],
    }
    in_year = {
        name: int((read_table(postgis_address, f"geoborder.{name}").year == YEAR).sum())
        for name in ("v_segments_by_year", "v_assets_by_year")
    }
    file = tmp_path / "task.json"
    file.write_text(json.dumps(task), encoding="utf-8")
    script = Path(__file__).parents[1] / "peers" / "qgis_database.py"
    told = pyqgis(script, file)

    layers = told["layers"]
    assert [name for name, seen in layers.items() if not seen["valid"]] == []
    for name, table in tables.items():
        assert layers[name]["rows"] == len(table)
        assert layers[name]["editable"]
        assert layers[name]["styled"], name
        if name in spatial:
            assert layers[name]["crs"] == "EPSG:4326"
            assert layers[name]["kind"].startswith(("Point", "Line", "Multi"))
    assert layers["segments"]["comments"]["length_km"].startswith("Length, km.")
    assert len(layers["segments"]["styles"]) > 1
    for name, (column, _) in VIEWS.items():
        view = layers[name]
        assert view["rows"], name
        assert view["styled"], name
        assert view["comments"]["year"].startswith("Year. "), name
        if column is not None:
            assert view["temporal"], name
            assert view["shown"] == in_year[name] > 0, name
            assert view["renderer"] not in {None, "singleSymbol"}, name
    by_year = layers["v_segments_by_year"]
    assert by_year["rows"] == len(plan.coverage.by_segment_year)

    edited = told["edited"]
    assert edited["saved"], edited
    assert "mine" in edited["styles"]
    found = read_table(postgis_address, "geoborder.assets")
    assert len(found) == len(plan.assets) + 1
    assert found["asset_id"].iloc[-1] == "from-qgis"
    # Written anew, the plan is what it was, and so are its styles.
    gb.write_plan(plan, postgis_address)
    assert len(read_table(postgis_address, "geoborder.assets")) == len(plan.assets)
    mine = "select stylename from layer_styles where f_table_name = 'assets'"
    assert "mine" in set(read_table(postgis_address, mine)["stylename"])
