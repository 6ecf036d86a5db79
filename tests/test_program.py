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
