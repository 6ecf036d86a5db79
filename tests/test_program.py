"""Programme files: what is read, and what bad ones are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

import geoborder as gb


def test_the_default_programme() -> None:
    program = gb.load_program()
    assert list(program.years) == [2025, 2026, 2027, 2028, 2029]
    assert program.border.official_length_km == 1344.15
    categories = {measure.category for measure in program.measures.values()}
    assert categories == {
        "posts", "observation", "communications", "mobility",
        "air", "engineering", "training", "supply",
    }  # fmt: skip
    assert all("illustrative" in asset.name for asset in program.assets.values())
    with pytest.raises(ValidationError, match="frozen"):
        program.name = "x"


def test_plain_numbers_rest_on_the_basis_of_their_item() -> None:
    post = gb.load_program().equipment["border-post"]
    assert post.running_cost_per_year is not None
    assert post.running_cost_per_year.basis == "illustrative"
    assert post.cost.basis == "eadaily-2019"


def test_every_source_is_used() -> None:
    program = gb.load_program()
    text = program.model_dump_json(exclude={"sources"})
    assert [key for key in program.sources if f'"{key}"' not in text] == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("cost: 10.01", "cost: -1", 12, r"equipment\.mast\.cost\.value: .*greater than"),
        ("quantity: 7", "quantitty: 7", 18, "unknown key; did you mean 'quantity'"),
        ("range_km: 5", "rang_km: 5", 11, "unknown key; did you mean 'range_km'"),
        ("name: Small", "nam: Small", 1, "unknown key; did you mean 'name'"),
        ("equipment: mast\n    basis", "equipment: mats\n    basis", 19,
         "unknown equipment 'mats'; did you mean 'mast'"),
        ("{2025: 1000}", "{2031: 1000}", 5, "year 2031 is outside .*2025-2027"),
        ("quantity: 7", "quantity: 7\n    schedule: {2024: 1}", 19, "year 2024 is outside"),
        ("mode: radius", "mode: radios", 10,
         "'radios' is not one of none, radius, patrol, sight, reach; did you mean 'radius'"),
        ("mode: radius", "mode: sight", 7, "mode 'sight' needs a `mast_m`"),
        ("range_km: 5", "range_km: 0", 11, "mode 'radius' needs a `range_km` greater"),
        ("category: observation\n    mode", "category: observing\n    mode", 9,
         "is not one of posts, observation"),
        ("quantity: 7", "quantity: 7.5", 18, "7.5 is not a whole number"),
        ("quantity: 7", "quantity: 7\n    per_km: 1", 18, "either `quantity` or `per_km`"),
        ("    quantity: 7\n", "", 15, "either `quantity` or `per_km`"),
        ("latitude: 37.2", "latitude: 137.2", 26, "less than or equal to 90, got 137.2"),
        ("last_year: 2027", "last_year: 2020", 3, "2020 is before 2025"),
        ("name: Small", "name: Small\nname: Twice", 2, "'name' is given twice, first in"),
        ("cost: 10.01", "cost: {value: 3, basis: nobody}", 12,
         "unknown source 'nobody'; known: illustrative"),
        ("cost: 10.01", "cost: .nan", 12, "finite number"),
        ("quantity: 7", "quantity: 7\n    targets: {chainage_km: [9, 3]}", 19,
         "must end beyond its start, got 9 to 3"),
        ("quantity: 7", "quantity: 7\n    targets: {min_priority: hi}", 19,
         "'hi' is not one of low, medium, high, critical; did you mean 'high'"),
        ("first_year: 2025\n", "", 1, "first_year: this key is missing"),
    ],
)  # fmt: skip
def test_faults_are_named_with_file_and_line(
    program_file: Path, old: str, new: str, line: int, message: str
) -> None:
    text = program_file.read_text()
    assert old in text
    program_file.write_text(text.replace(old, new, 1))
    with pytest.raises(gb.ProgramError, match=message) as caught:
        gb.load_program(program_file)
    assert str(caught.value).startswith(f"{program_file}:{line}:")


def test_files_that_are_no_programmes(tmp_path: Path) -> None:
    with pytest.raises(gb.ProgramError, match="cannot be read"):
        gb.load_program(tmp_path / "missing.yaml")
    path = tmp_path / "p.yaml"
    path.write_text("- a\n- b\n")
    with pytest.raises(gb.ProgramError, match=r"p\.yaml:1: .*must be a mapping"):
        gb.load_program(path)
    path.write_text("a: [1, 2\nb: 3\n")
    with pytest.raises(gb.ProgramError, match=r"p\.yaml:2: not YAML"):
        gb.load_program(path)
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(gb.ProgramError, match="cannot be read"):
        gb.load_program(path)


def test_yaml_cannot_run_code(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("name: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(gb.ProgramError, match="not YAML"):
        gb.load_program(path)


def test_the_json_schema_names_every_key() -> None:
    schema = gb.Program.model_json_schema()
    assert set(schema["properties"]) == set(gb.Program.model_fields)
    assert schema["additionalProperties"] is False
    assert "quantity" in schema["$defs"]["Measure"]["properties"]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("{measures: [mats]}", r"placement\.measures\.0: unknown measure 'mats'; did you mean 'masts'"),
        ("{measures: courses}", r"measures\.0: measure 'courses' brings nothing that covers; known: masts"),
        ("{objectiv: coverage}", "unknown key; did you mean 'objective'"),
        ("{objective: cover}", "'cover' is not one of coverage, detection, longest-gap"),
        ("{incompatible: [[mast, tent], [mast, mats]]}", r"incompatible\.1\.1: unknown equipment 'mats'; did you mean 'mast'"),
        ("{incompatible: [[mast, mast]]}", "'mast' cannot be incompatible with itself"),
        ("{incompatible: [[mast, tent]], requires: {tent: mast}}", "'mast' cannot be incompatible with 'tent', which"),
        ("{requires: {mast: tnt}}", r"requires\.mast: unknown equipment 'tnt'; did you mean 'tent'"),
        ("{requires: {mast: mast}}", "'mast' cannot require itself"),
        ("{move_cost: {tent: 3}}", "no measure that is placed brings 'tent' to move it to; known: mast"),
        ("{move_cost: {mast: -3}}", r"move_cost\.mast\.value: .*greater than or equal to 0"),
        ("{floors: [{share: 0.5, by: 2031}]}", r"floors\.0\.by: year 2031 is outside the programme: .*2025-2027"),
        ("{floors: [{share: 1.5}]}", r"floors\.0\.share: .*less than or equal to 1, got 1.5"),
        ("{floors: [{share: 1, targets: {unit: [X]}}]}", "unknown key; did you mean 'units'"),
        ("{floors: [{share: 1, basis: nobody}]}", "unknown source 'nobody'"),
        ("{longest_gap_km: {2024: 40}}", r"longest_gap_km\.2024: year 2024 is outside"),
        ("{longest_gap_km: {2026: 0}}", "greater than 0"),
        ("{year_weights: {2020: 1}}", r"year_weights\.2020: year 2020 is outside"),
        ("{level_weights: {hi: 1}}", "'hi' is not one of low, medium, high, critical; did you mean 'high'"),
        ("{required_k: {high: 0}}", "greater than or equal to 1"),
        ("{per_site: 0}", "greater than or equal to 1"),
        ("{discount: -0.1}", "greater than or equal to 0"),
    ],
)  # fmt: skip
def test_faults_of_placement_are_named_with_file_and_line(
    program_file: Path, rules: str, message: str
) -> None:
    text = program_file.read_text()
    text = text.replace(
        "measures:\n",
        """\
  tent: {name: Tent, category: posts, mode: radius, range_km: 1, cost: 1, basis: illustrative}
measures:
  courses: {name: Courses, category: training, quantity: 1, unit_cost: 1, basis: illustrative}
""",
    )
    program_file.write_text(text.replace("assets:\n", f"placement: {rules}\nassets:\n"))
    with pytest.raises(gb.ProgramError, match=message) as caught:
        gb.load_program(program_file)
    assert str(caught.value).startswith(f"{program_file}:23: placement.")


def test_what_placement_rests_on_by_default(program_file: Path) -> None:
    program = gb.load_program(program_file)
    rules = program.placement
    assert rules == gb.program.PlacementRules()
    assert rules.level_weights == {"low": 1, "medium": 2, "high": 3, "critical": 4}
    assert list(program.placed_measures) == ["masts"]
    text = program_file.read_text()
    given = "placement: {basis: illustrative, level_weights: {high: 5}, move_cost: {mast: 3}}\n"
    program_file.write_text(text + given)
    rules = gb.load_program(program_file).placement
    assert rules.level_weights == {"low": 1, "medium": 2, "high": 5, "critical": 4}
    assert rules.move_cost["mast"].value == 3
    assert rules.move_cost["mast"].basis == "illustrative"


def test_the_default_programme_places_what_covers() -> None:
    program = gb.load_program()
    kinds = {
        k: program.equipment[m.equipment].mode
        for k, m in program.placed_measures.items()
    }
    assert set(kinds) == set(program.placement.measures)
    assert "none" not in kinds.values()
    units = {unit for floor in program.placement.floors for unit in floor.targets.units}
    assert units == set(program.claims.facing_units)


def test_the_json_schema_describes_placement() -> None:
    schema = gb.Program.model_json_schema()
    assert schema["properties"]["placement"]["$ref"] == "#/$defs/PlacementRules"
    rules = schema["$defs"]["PlacementRules"]
    assert rules["additionalProperties"] is False
    assert all("description" in p for p in rules["properties"].values())
