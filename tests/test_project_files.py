"""What lies at the top of the project, and what its files say of each other."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from tools import program

import geoborder

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CHECK = ROOT / ".ci" / "run"

TOP = {
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "data",
    "geoborder",
    "notebooks",
    "pyproject.toml",
    "tests",
}


@pytest.fixture(scope="module")
def setup() -> list[str]:
    """Commands of README's block that sets up."""
    text = README.read_text(encoding="utf-8")
    blocks = re.findall(r"(?ms)^```sh setup\n(.*?)^```$", text)
    assert len(blocks) == 1
    return blocks[0].splitlines()


def test_top_level_holds_only_what_is_named() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout, which an unpacked archive is not")
    git = program("git", package="git")
    command = [git, "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    top = {name.split("/")[0] for name in listed.stdout.decode().split("\0") if name}
    assert {name for name in top if not name.startswith(".")} <= TOP
    assert all((ROOT / name).exists() for name in TOP)


def test_readme_sets_up_by_two_commands(setup: list[str]) -> None:
    assert len(setup) == 2
    runs, tests = setup
    assert "geoborder run" in runs
    assert "pytest" in tests
    assert all(command.startswith("python3 -m venv .venv && ") for command in setup)


@pytest.fixture(scope="module")
def ci() -> str:
    """Text of what CI runs."""
    if not CHECK.exists():
        pytest.skip("needs a checkout; an archive of the sources has no .ci")
    return CHECK.read_text(encoding="utf-8")


def test_ci_takes_its_commands_from_readme(ci: str, setup: list[str]) -> None:
    reading = re.search(r"(?m)^mapfile -t commands < <\((.+)\)$", ci)
    assert reading
    bash = [program("bash", package="bash"), "-c", reading[1]]
    read = subprocess.run(bash, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    assert read.stdout.splitlines() == setup
    assert 'for command in "${commands[@]}"' in ci
    assert 'bash -euo pipefail -c "$command"' in ci


def test_ci_has_no_test_command_of_its_own(ci: str, setup: list[str]) -> None:
    lines = ci.splitlines()
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    assert "pytest" not in code
    assert not any(command in code for command in setup)


def test_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = project["project"]
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["message"]
    assert citation["title"] == project["name"]
    assert citation["version"] == geoborder.__version__
    assert citation["license"] == project["license"]
    assert [author["name"] for author in citation["authors"]] == [
        author["name"] for author in project["authors"]
    ]


def test_changelog_has_a_section_of_this_version_or_of_the_next() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    shape = r"Unreleased|\[?\d+\.\d+\.\d+\]?(?: - \d{4}-\d{2}-\d{2})"
    assert all(re.fullmatch(shape, title) for title in titles)
    assert titles
    released = re.match(r"\[?([\d.]+)", titles[0])
    assert titles[0] == "Unreleased" or (
        released and released[1] == geoborder.__version__
    )
    kinds = set(re.findall(r"^### (.+)$", text, flags=re.MULTILINE))
    known = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert kinds <= known
