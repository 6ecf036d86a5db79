"""Draw how geoborder's modules build on each other, out of their imports.

``python geoborder/docs/architecture.py`` rewrites ``architecture.svg`` beside this
file. ``tests/test_layers.py`` holds the code to the layers below, and the picture to
the code.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import pairwise
from math import fsum
from operator import mul
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple
from xml.sax.saxutils import escape

import grimp
import networkx as nx

DOCS = Path(__file__).parent
PICTURE = DOCS / "architecture.svg"

# From the ground up: what a layer is for, and its modules. A module imports only from
# layers below its own.
LAYERS = (
    ("one root for every error", ("errors",)),
    ("the ellipsoid in arrays; what layers and tables must be", ("geodesy", "tables")),
    (
        "geodesic feet; joining; what ships; values, geometries and words of files",
        ("nearest", "joining", "datasets", "columns", "shapes", "dictionary"),
    ),
    (
        "linear referencing; elevation; the programme file; databases",
        ("chainage", "terrain", "program", "postgis"),
    ),
    (
        "lines out of polygons; where they turn; distances; events; files",
        ("border", "breaks", "distance", "events", "files"),
    ),
    (
        "segments; who sees what over the terrain; how long it takes to get there",
        ("segment", "sight", "reach"),
    ),
    (
        "who gets what; public claims; who covers what; where to stand",
        ("assign", "checks", "coverage", "sites"),
    ),
    ("which equipment goes where in which year, with a proof", ("placement",)),
    ("all of it together", ("plan",)),
    ("what changed; maps", ("compare", "maps")),
    ("pictures; QGIS projects", ("plots", "qgis")),
    ("reports; plans as files and in databases", ("report", "export")),
    ("the public names", ("geoborder",)),
    ("the command line", ("cli",)),
)

_WIDTH = 900  # lengths are in pixels
_WORDS = 236  # for what a layer is for
_RIGHT = 14
_ROW = 66
_BOX, _HIGH = 94, 28
_LANE, _GAP = 8, 9  # an arrow that passes a layer; between neighbours in a layer
_LETTERS = 34  # in a line of what a layer is for

_STYLE = """
    svg { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial,
      sans-serif; background: #fbfcfd }
    .band { fill: #eef2f5 }
    .idea { fill: #47535e; font-size: 12.5px }
    .box { fill: #ffffff; stroke: #3d6b8e; stroke-width: 1.2 }
    .name { fill: #1c2833; font-size: 13.5px; text-anchor: middle }
    .arrow { fill: none; stroke: #7d93a5; stroke-width: 1.3 }
    .head { fill: #7d93a5 }
    @media (prefers-color-scheme: dark) {
      svg { background: #14181c }
      .band { fill: #1c2228 }
      .idea { fill: #a9b5c0 }
      .box { fill: #232c35; stroke: #6fa3c8 }
      .name { fill: #e8eef3 }
      .arrow { stroke: #71879a }
      .head { fill: #71879a }
    }"""


class Place(NamedTuple):
    """A module in its layer, or an arrow where it passes a layer."""

    layer: int
    name: str
    to: str = ""

    @property
    def wide(self) -> int:
        """How much of the layer it takes."""
        return _LANE if self.to else _BOX


Imports = list[tuple[str, str]]
Row = list[Place]
Links = Mapping[Place, Row]


def module_of(name: str) -> str:
    """
    Name the module of the first level that a module belongs to.

    Parameters
    ----------
    name
        Full name, such as ``geoborder.sight.rays``.

    Returns
    -------
    str
        Such as ``sight``; ``cli`` for ``geoborder.__main__``, which calls it.
    """
    first = name.split(".")[1] if "." in name else name
    return "cli" if first == "__main__" else first


def imports() -> Imports:
    """
    List who imports whom within the package, wherever in a file.

    Returns
    -------
    list of (str, str)
        Full names of the importing and the imported module. The package itself loads
        its public names late: it imports the modules that its stub names.
    """
    graph = grimp.build_graph("geoborder", cache_dir=None)
    stub = ast.parse((DOCS.parent / "__init__.pyi").read_text(encoding="utf-8"))
    found = [
        (importer, imported)
        for importer in graph.modules - {"geoborder.conftest"}  # pytest's
        for imported in graph.find_modules_directly_imported_by(importer)
    ] + [
        ("geoborder", f"geoborder.{node.module}")
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
    ]
    return sorted(set(found))


def draw(found: Imports) -> str:
    """
    Draw the layers, their modules, and the imports that no chain of others implies.

    Parameters
    ----------
    found
        What `imports` gives.

    Returns
    -------
    str
        SVG, the same for the same imports.
    """
    between = {(module_of(a), module_of(b)) for a, b in found}
    graph = nx.DiGraph((a, b) for a, b in sorted(between) if a != b)
    routes = _routes(sorted(nx.transitive_reduction(graph).edges))
    links: dict[Place, Row] = {}
    for route in routes:
        for upper, lower in pairwise(route):
            links.setdefault(upper, []).append(lower)
            links.setdefault(lower, []).append(upper)
    rows = _ordered(links)
    x = _abreast(rows, links)
    return _svg(rows, routes, x)


def _routes(edges: Imports) -> list[Row]:
    """Lead each arrow from its module through the layers between to the other."""
    layer = {name: n for n, (_, names) in enumerate(LAYERS) for name in names}
    return [
        [
            Place(layer[a], a),
            *(Place(n, a, b) for n in range(layer[a] - 1, layer[b], -1)),
            Place(layer[b], b),
        ]
        for a, b in edges
    ]


def _ordered(links: Links) -> list[Row]:
    """Order each layer from left to right so that few arrows cross."""
    rows = [
        [Place(n, name) for name in names]
        + sorted(place for place in links if place.layer == n and place.to)
        for n, (_, names) in enumerate(LAYERS)
    ]
    best, fewest = rows, _crossings(rows, links)
    for turn in range(40):
        up = turn % 2 == 0
        for n in range(1, len(rows)) if up else range(len(rows) - 2, -1, -1):
            beside = rows[n - 1 if up else n + 1]
            rows = [*rows[:n], _by_neighbours(rows[n], beside, links), *rows[n + 1 :]]
        rows = _swapped(rows, links)
        count = _crossings(rows, links)
        if count < fewest:
            best, fewest = rows, count
    return best


def _by_neighbours(row: Row, beside: Row, links: Links) -> Row:
    """Order a layer by where its arrows lead in the layer beside."""
    at = {place: (n + 0.5) / len(beside) for n, place in enumerate(beside)}
    own = {place: (n + 0.5) / len(row) for n, place in enumerate(row)}
    means = {}
    for place in row:
        ends = [at[end] for end in links.get(place, []) if end in at]
        means[place] = fsum(ends) / len(ends) if ends else own[place]
    return sorted(row, key=lambda place: (means[place], own[place]))


def _swapped(rows: list[Row], links: Links) -> list[Row]:
    """Swap neighbours in a layer as long as fewer arrows cross."""
    fewest, before = _crossings(rows, links), None
    while before != fewest:
        before = fewest
        for n, k in [(n, k) for n, r in enumerate(rows) for k in range(len(r) - 1)]:
            row = rows[n]
            other = [*row[:k], row[k + 1], row[k], *row[k + 2 :]]
            tried = [*rows[:n], other, *rows[n + 1 :]]
            count = _crossings(tried, links)
            if count < fewest:
                rows, fewest = tried, count
    return rows


def _crossings(rows: list[Row], links: Links) -> int:
    """Count the pairs of arrows that cross."""
    total = 0
    for upper, lower in pairwise(rows):
        at = {place: n for n, place in enumerate(lower)}
        ends = [sorted(at[e] for e in links.get(p, []) if e in at) for p in upper]
        flat = [end for some in ends for end in some]
        total += sum(a > b for n, a in enumerate(flat) for b in flat[n + 1 :])
    return total


def _abreast(rows: list[Row], links: Links) -> dict[Place, float]:
    """Place each layer's boxes near those that their arrows lead to."""
    left, right = _WORDS, _WIDTH - _RIGHT
    x: dict[Place, float] = {}
    for row in rows:
        room = (right - left) / len(row)
        x |= {place: left + (k + 0.5) * room for k, place in enumerate(row)}
    for _ in range(300):
        for row in [*rows, *reversed(rows)]:
            wanted: list[float] = []
            weights: list[int] = []
            for place in row:
                pulls = [8 if end.to and place.to else 1 for end in links[place]]
                at = [x[end] for end in links[place]]
                pull = sum(pulls)
                wanted.append(fsum(map(mul, pulls, at)) / pull)
                weights.append(pull)
            x |= dict(zip(row, _apart(row, wanted, weights), strict=True))
    return x


def _apart(row: Row, wanted: list[float], weights: list[int]) -> list[float]:
    """Move places as little as keeps them apart, in order and within the picture."""
    offsets = [0.0]
    for one, other in pairwise(row):
        offsets.append(offsets[-1] + (one.wide + other.wide) / 2 + _GAP)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for want, offset, weight in zip(wanted, offsets, weights, strict=True):
        mean, heavy, many = want - offset, float(weight), 1
        while blocks and blocks[-1][0] > mean:
            before, load, more = blocks.pop()
            mean = (before * load + mean * heavy) / (load + heavy)
            heavy, many = load + heavy, more + many
        blocks.append((mean, heavy, many))
    least = _WORDS + row[0].wide / 2
    most = _WIDTH - _RIGHT - row[-1].wide / 2 - offsets[-1]
    starts = [
        min(max(mean, least), most) for mean, _, many in blocks for _ in range(many)
    ]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _svg(rows: list[Row], routes: list[Row], x: Mapping[Place, float]) -> str:
    """Write the picture down."""
    high = _ROW * len(LAYERS) + 12
    middle = {n: high - 6 - _ROW * (n + 0.5) for n in range(len(LAYERS))}
    parts = []
    for n, (idea, _) in enumerate(LAYERS):
        y = middle[n]
        if n % 2:
            parts.append(
                f'<rect class="band" y="{y - _ROW / 2:g}" width="{_WIDTH}" '
                f'height="{_ROW}"/>'
            )
        lines = wrap(idea, _LETTERS)
        for k, line in enumerate(lines):
            down = y + 4.5 + 16 * (k - (len(lines) - 1) / 2)
            parts.append(
                f'<text class="idea" x="16" y="{down:g}">{escape(line)}</text>'
            )
    parts += [_arrow(route, routes, x, middle) for route in routes]
    for row in rows:
        for place in row:
            if not place.to:
                at, y = round(x[place], 1), middle[place.layer]
                parts.append(
                    f'<rect class="box" x="{at - _BOX / 2:g}" y="{y - _HIGH / 2:g}" '
                    f'width="{_BOX}" height="{_HIGH}" rx="6"/>'
                    f'<text class="name" x="{at:g}" y="{y + 4.5:g}">{place.name}</text>'
                )
    names = "; ".join(f"{n + 1}: {', '.join(m)}" for n, (_, m) in enumerate(LAYERS))
    drawn = "\n  ".join(parts)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {high}" \
width="{_WIDTH}" height="{high}" role="img" aria-labelledby="title desc">
  <title id="title">The modules of geoborder and what they import</title>
  <desc id="desc">Layers from the ground up: {names}. Arrows lead from a module to \
those below that it imports; what a chain of arrows implies is left out.</desc>
  <style>{_STYLE}
  </style>
  <marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" \
markerHeight="7" orient="auto"><path class="head" d="M0 0.8L8 4L0 7.2Z"/></marker>
  {drawn}
</svg>
"""


def _arrow(
    route: Row, routes: list[Row], x: Mapping[Place, float], y: Mapping[int, float]
) -> str:
    """Draw an arrow, down from its module's box through the layers between."""
    starts = sorted((r[1] for r in routes if r[0] == route[0]), key=x.__getitem__)
    ends = sorted((r[-2] for r in routes if r[-1] == route[-1]), key=x.__getitem__)
    half = _HIGH / 2
    at = x[route[0]] + _port(starts.index(route[1]), len(starts))
    down = y[route[0].layer] + half
    path = [f"M{at:.1f} {down:g}"]
    for place in route[1:]:
        last = place == route[-1]
        to = x[place] + (_port(ends.index(route[-2]), len(ends)) if last else 0)
        top = y[place.layer] - half
        bend = (down + top) / 2
        path.append(f"C{at:.1f} {bend:g} {to:.1f} {bend:g} {to:.1f} {top:g}")
        if not last:
            path.append(f"V{top + 2 * half:g}")
        at, down = to, top + 2 * half
    return f'<path class="arrow" d="{"".join(path)}" marker-end="url(#head)"/>'


def _port(nth: int, count: int) -> float:
    """Spread arrows over a box's edge."""
    return (nth - (count - 1) / 2) * min(16.0, (_BOX - 16) / count)


if __name__ == "__main__":
    PICTURE.write_text(draw(imports()), encoding="utf-8")
