"""Modules import only from lower layers; the picture and the table say the same."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import geoborder

ROOT = Path(geoborder.__file__).parent
CONTRIBUTING = ROOT.parent / "CONTRIBUTING.md"
SCRIPT = runpy.run_path(str(ROOT / "docs" / "architecture.py"))
LAYERS, module_of = SCRIPT["LAYERS"], SCRIPT["module_of"]
LAYER = {module: n for n, (_, modules) in enumerate(LAYERS) for module in modules}
IMPORTS = SCRIPT["imports"]()


def test_every_module_has_a_layer() -> None:
    files = {path for path in ROOT.glob("*.py") if path.stem[0] != "_"}
    files.remove(ROOT / "conftest.py")  # pytest's
    packages = {path.parent for path in ROOT.glob("*/__init__.py")}
    assert {"geoborder"} | {path.stem for path in files | packages} == set(LAYER)
    assert len(LAYER) == sum(len(modules) for _, modules in LAYERS)


def test_modules_import_only_from_lower_layers() -> None:
    wrong = [
        f"{importer} imports {imported}"
        for importer, imported in IMPORTS
        if module_of(importer) != module_of(imported)
        and LAYER[module_of(imported)] >= LAYER[module_of(importer)]
    ]
    assert wrong == []


def test_imports_are_found_wherever_they_stand() -> None:
    within_a_function = ("geoborder.cli.completing", "geoborder.dictionary")
    assert within_a_function in IMPORTS
    assert ("geoborder", "geoborder.plan") in IMPORTS  # by the stub of public names


def test_plugin_imports_nothing_of_the_package() -> None:
    plugin = (ROOT / "qgis" / "plugin").rglob("*.py")
    own = re.compile(r"^\s*(?:from|import) geoborder\b", flags=re.MULTILINE)
    found = {path.name: own.search(path.read_text(encoding="utf-8")) for path in plugin}
    assert found
    assert not any(found.values())


def test_picture_is_of_these_imports() -> None:
    fresh = SCRIPT["draw"](IMPORTS)
    committed = SCRIPT["PICTURE"].read_text(encoding="utf-8")
    assert committed == fresh, "run python geoborder/docs/architecture.py"


def test_table_is_of_these_layers() -> None:
    text = CONTRIBUTING.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", text, flags=re.MULTILINE)
    assert rows == [
        (str(n), ", ".join(f"`{module}`" for module in modules), idea)
        for n, (idea, modules) in enumerate(LAYERS, start=1)
    ]
