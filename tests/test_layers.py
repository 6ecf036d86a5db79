"""Modules import only from earlier layers."""

from __future__ import annotations

import ast
from pathlib import Path

import geoborder

LAYERS = (
    ("errors",),
    ("geodesy", "tables"),
    ("columns", "shapes"),
    ("dictionary",),
    ("postgis",),
    ("files",),
    ("nearest", "joining", "datasets"),
    ("chainage", "terrain", "program"),
    ("border", "breaks", "distance", "events"),
    ("segment", "sight", "reach"),
    ("checks", "assign", "coverage", "sites"),
    ("placement",),
    ("plan",),
    ("compare",),
    ("maps",),
    ("plots",),
    ("report", "qgis"),
    ("export",),
    ("cli",),
    ("__init__", "__main__"),
)
LAYER = {module: n for n, layer in enumerate(LAYERS) for module in layer}
ROOT = Path(geoborder.__file__).parent


def module_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Modules of geoborder that a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "geoborder":
                names = [f"geoborder.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {n.split(".")[1] for n in names if n.startswith("geoborder.")}
    return {name if name in LAYER else "__init__" for name in found}


def test_every_module_has_a_layer() -> None:
    modules = {module_of(path) for path in ROOT.rglob("*.py")}
    assert modules == set(LAYER)


def test_modules_import_only_from_earlier_layers() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {other}"
        for path in ROOT.rglob("*.py")
        for other in imports_of(path)
        if module_of(path) not in {other, "__init__", "__main__"}
        and LAYER[other] >= LAYER[module_of(path)]
    ]
    assert wrong == []
