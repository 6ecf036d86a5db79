"""The data dictionary tells of every layer and column that plans have, and no other."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString

import geoborder as gb
from geoborder.compare.deliveries import facts_of
from geoborder.dictionary import (
    LAYERS,
    Layer,
    columns_of,
    describe_layers,
    field_of,
)
from geoborder.errors import OptionError
from geoborder.export import plan_layers
from geoborder.plan import PlacingOptions

Layers = dict[str, pd.DataFrame]

UNITS = {
    "", "m", "km", "km2", "deg", "seconds", "minutes", "hours", "weighted km",
    "{currency}", "{currency}/year", "{currency}/km",
}  # fmt: skip

SUFFIXES = {
    "_m": "m",
    "_km": "km",
    "_km2": "km2",
    "_deg": "deg",
    "_minutes": "minutes",
    "_hours": "hours",
    "cost_per_km": "{currency}/km",
    "_per_year": "{currency}/year",
}
"""What columns' names end in, and the unit that it means; the longest counts."""

WORDS = {
    "segments": ("kind", "priority"),
    "assets": ("mode", "status", "category"),
    "measures": ("category",),
    "placement_items": ("mode", "status", "category"),
    "placement_sites": ("kind", "side"),
    "facing_units": ("side",),
    "coverage_by_unit_year": ("side",),
    "response_by_unit_year": ("side",),
    "crossings": ("position", "side"),
    "places": ("side",),
    "budget_sweep": ("status",),
    "facts": ("status",),
}
"""Columns that hold one of a few words."""


PROGRAMME = """\
name: Masts
first_year: 2025
last_year: 2026
border: {left: TJK, right: AFG}
budgets: {2025: 60, 2026: 20}
equipment:
  mast:
    name: Mast
    category: observation
    mode: radius
    range_km: 9
    cost: 10
    basis: illustrative
measures:
  masts:
    name: Masts
    category: observation
    quantity: 6
    equipment: mast
    schedule: {2025: 4, 2026: 2}
    basis: illustrative
assets:
  old:
    name: Old mast
    equipment: mast
    longitude: 68.60
    latitude: 37.2
    basis: illustrative
  beside:
    name: Another beside it
    equipment: mast
    longitude: 68.61
    latitude: 37.2
    basis: illustrative
placement:
  move_cost: {mast: 1}
  floors:
    - {share: 0.05, by: 2026}
"""


@pytest.fixture(scope="module")
def default(plan: gb.Plan) -> Layers:
    return plan_layers(plan)


@pytest.fixture(scope="module")
def settled(plan: gb.Plan) -> Layers:
    """Work out what making a plan again adds."""
    items = plan.assets.loc[plan.assets["from_year"] == 2026, "asset_id"]
    deliveries = pd.DataFrame(
        {
            "asset_id": items.iloc[:2].to_list(),
            "delivered": ["2026-05-01", None],
            "status": [None, "cut"],
        }
    )
    return {"facts": facts_of(plan, deliveries, on="2027-01-01")}


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("programme") / "programme.yaml"
    file.write_text(PROGRAMME, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def swept(border: gpd.GeoDataFrame, programme: Path) -> Layers:
    """
    Masts, one of them moved, on sites that were searched for.

    With units on one side only, and at a second budget that is too small.
    """
    sites = gb.candidate_sites(
        border, dem=gb.open_dem(), range_km=5, mast_m=10, spacing_km=30
    )
    plan = gb.make_plan(
        programme, candidates=sites, units=gb.load_provinces(), segment_length_km=300,
        placing=PlacingOptions(factors=(0.1, 1.0)),
    )  # fmt: skip
    return plan_layers(plan)


@pytest.fixture(scope="module")
def bare(programme: Path) -> Layers:
    """Without placement, units, elevation and official chainage."""
    border = gpd.GeoDataFrame(
        {"left": ["Here"], "right": ["There"]},
        geometry=[LineString([(10.0, 50.0), (11.0, 50.2), (12.0, 50.0)])],
        crs="EPSG:4326",
    )
    return plan_layers(
        gb.make_plan(programme, border=border, segment_length_km=50, placed=False)
    )


@pytest.fixture(scope="module")
def plans(
    default: Layers, swept: Layers, bare: Layers, settled: Layers
) -> tuple[Layers, ...]:
    return default, swept, bare, settled


def columns(table: pd.DataFrame) -> list[str]:
    """Columns besides the geometry."""
    shape = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else None
    return [str(name) for name in table.columns if name != shape]


def every(plans: tuple[Layers, ...]) -> list[tuple[str, pd.DataFrame]]:
    return [pair for layers in plans for pair in layers.items()]


def test_the_plans_differ(default: Layers, swept: Layers, bare: Layers) -> None:
    assert "budget_sweep" in swept
    assert "infeasible" in set(swept["budget_sweep"]["status"])
    assert "seen_km" in swept["placement_sites"]
    assert swept["placement_items"]["moved_from"].notna().any()
    assert swept["segments"]["left_unit"].isna().all()
    assert "budget_sweep" not in default
    assert not {"units", "response", "placement_items"} & set(bare)
    assert not {"official_start_km", "left_unit", "relief_m"} & set(bare["segments"])


def test_every_column_is_told_in_its_order(plans: tuple[Layers, ...]) -> None:
    for name, table in every(plans):
        there = columns(table)
        assert name in LAYERS, name
        told = [c for c in columns_of(name) if c in there]
        if name == "placement_sites" and "seen_km" in there:
            # What candidates had by themselves stands where it stood.
            told, there = sorted(told), sorted(there)
        assert told == there, name


def test_nothing_is_told_that_no_plan_has(plans: tuple[Layers, ...]) -> None:
    found: dict[str, set[str]] = {}
    for name, table in every(plans):
        found.setdefault(name, set()).update(columns(table))
    assert {name: set(columns_of(name)) for name in LAYERS} == found


def test_layers_have_the_geometry_that_is_told(plans: tuple[Layers, ...]) -> None:
    for name, table in every(plans):
        told = LAYERS[name].geometry
        assert isinstance(table, gpd.GeoDataFrame) == (told is not None), name
        if told is not None:
            kinds = set(table.geom_type.dropna())
            assert kinds <= {told, told.removeprefix("Multi")}, name


def test_keys_are_unique(plans: tuple[Layers, ...]) -> None:
    for name, table in every(plans):
        key = list(LAYERS[name].key)
        if key:
            assert not table[key].isna().any(axis=None), name
            assert not table.duplicated(key).any(), name


def test_layers_without_a_key_have_none(default: Layers) -> None:
    without = {name for name, layer in LAYERS.items() if not layer.key}
    assert without == {
        "assignments",  # what has no place has no segment
        "checks",  # two claims on one length
        "countries",  # territories without a code
        "placement_floors",  # two floors may have subjects that read alike
        "placement_history",  # two improvements within the clock's resolution
    }
    assert default["assignments"]["segment_id"].isna().any()
    assert default["checks"]["claim"].duplicated().any()


def test_references_lead_to_rows(plans: tuple[Layers, ...]) -> None:
    followed = set()
    for layers in plans:
        for name, table in layers.items():
            for column, (other, key) in LAYERS[name].references.items():
                if column not in table or other not in layers:
                    continue
                values = table[column].dropna()
                assert values.isin(layers[other][key]).all(), (name, column)
                if len(values):
                    followed.add((name, column))
    told = {(n, column) for n, layer in LAYERS.items() for column in layer.references}
    assert followed == told


def test_references_lead_to_keys() -> None:
    for name, layer in LAYERS.items():
        for column, (other, key) in layer.references.items():
            assert column in layer.fields, name
            assert LAYERS[other].key == (key,), (name, column)


def test_words_are_whole() -> None:
    for name, layer in LAYERS.items():
        assert set(layer.key) <= set(layer.fields), name
        for told in (layer, *layer.fields.values()):
            for text in (told.title, told.description):
                assert text[0].isupper(), (name, text)
                assert text == text.strip(), (name, text)
            assert not told.title.endswith("."), (name, told.title)
            assert told.description.endswith("."), (name, told.description)


def test_words_are_told_once() -> None:
    file = files("geoborder.dictionary").joinpath("words.toml")
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    shared, own = told.pop("shared"), {n: t.get("own", {}) for n, t in told.items()}
    users: Counter[str] = Counter()
    for name, layer in told.items():
        assert set(own[name]) <= set(layer["columns"]), name
        like = own[layer["like"]] if "like" in layer else {}
        for column in layer["columns"]:
            if column in own[name]:
                assert own[name][column] != like.get(column, shared.get(column)), name
            elif column not in like:
                users[column] += 1
    assert {column for column in shared if users[column] < 2} == set()


def test_layers_and_columns_have_titles_of_their_own() -> None:
    def unique(titles: list[str]) -> bool:
        return len({title.lower() for title in titles}) == len(titles)

    assert unique([layer.title for layer in LAYERS.values()])
    for name, layer in LAYERS.items():
        assert unique([field.title for field in layer.fields.values()]), name


def test_units_are_known_and_those_of_the_names() -> None:
    for name, layer in LAYERS.items():
        for column, field in layer.fields.items():
            assert field.unit in UNITS, (name, column)
            ends = [end for end in SUFFIXES if column.endswith(end)]
            if ends:
                assert field.unit == SUFFIXES[max(ends, key=len)], (name, column)


def test_missing_and_infinite_values_are_explained(plans: tuple[Layers, ...]) -> None:
    for name, table in every(plans):
        for column in columns(table):
            field = field_of(name, column)
            assert field is not None
            values = table[column]
            if values.isna().any():
                assert "missing" in field.description, (name, column)
            if values.dtype.kind == "f" and np.isinf(values).any():
                assert "infinite" in field.description, (name, column)


def test_words_that_columns_hold_are_named(plans: tuple[Layers, ...]) -> None:
    seen = set()
    for name, table in every(plans):
        for column in WORDS.get(name, ()):
            if column not in table:
                continue
            field = field_of(name, column)
            assert field is not None
            told = field.description.lower()
            for word in table[column].dropna().unique():
                assert word in told, (name, column, word)
            seen.add(name)
    assert seen == set(WORDS)


def test_shares_and_counts_are_what_is_said(default: Layers) -> None:
    """Some meanings, worked out once more from other columns."""
    segments, by_year = default["segments"], default["coverage_by_year"]
    share = segments["covered_km"] / segments["length_km"]
    np.testing.assert_allclose(segments["coverage_share"], share)
    cost = default["assignments"].groupby("segment_id")["cost"].sum()
    mapped = segments["segment_id"].map(cost).fillna(0.0)
    np.testing.assert_allclose(segments["cost"], mapped, atol=0.01)
    costs = default["costs_by_year"]
    np.testing.assert_allclose(costs["balance"], costs["budget"] - costs["total"])
    items, left = default["placement_items"], default["placement_sites"]
    counts = left.set_index("site_id")["items"]
    assert items["site_id"].value_counts().to_dict() == counts[counts > 0].to_dict()
    gaps = default["gaps_by_year"].groupby("year").size()
    found = by_year.set_index("year")["gaps"]
    assert found[found > 0].to_dict() == gaps.to_dict()


def test_the_currency_stands_in_units() -> None:
    field = field_of("assets", "running_cost_per_year", currency="TJS")
    assert field is not None
    assert field.alias == "Running cost, TJS/year"
    unnamed = field_of("segments", "cost")
    assert unnamed is not None
    assert unnamed.alias == "Cost of measures, currency"
    plain = field_of("segments", "kind", currency="TJS")
    assert plain is not None
    assert plain.alias == "Kind of terrain"


def test_other_peoples_layers_and_columns_are_not_known() -> None:
    assert field_of("my_layer", "length_km") is None
    assert field_of("segments", "my_column") is None
    with pytest.raises(OptionError, match=r"must be one of border, .*'my_layer'"):
        columns_of("my_layer")


def test_what_is_told_cannot_be_changed() -> None:
    layer = LAYERS["segments"]
    assert isinstance(layer, Layer)
    with pytest.raises(AttributeError):
        layer.title = "Other"  # type: ignore[misc]  # that is the point
    for mapping in (LAYERS, layer.fields, layer.references):
        with pytest.raises(TypeError):
            mapping["segments"] = None  # type: ignore[index]  # that is the point


def test_all_of_it_as_a_table() -> None:
    table = describe_layers(currency="USD")
    assert list(table) == ["layer", "column", "title", "unit", "description"]
    assert not table.isna().any(axis=None)
    assert not table.duplicated(["layer", "column"]).any()
    assert table["layer"].unique().tolist() == list(LAYERS)
    for name, rows in table.groupby("layer", sort=False):
        assert rows["column"].tolist() == columns_of(str(name))
    assert not table["unit"].str.contains("{", regex=False).any()
    row = table[(table["layer"] == "costs_by_year") & (table["column"] == "budget")]
    assert row["unit"].item() == "USD"
