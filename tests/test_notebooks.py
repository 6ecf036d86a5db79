"""
The notebooks as they are stored, and that running them says the same again.

People read what is stored, so stored figures must be those that the code gives. Cells
whose outputs differ from run to run or from machine to machine (seconds, versions) bear
the tag ``varies`` and are not compared.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from store_notebooks import KERNEL, execute

ROOT = Path(__file__).parents[1]
NAMES = (
    "01_border_and_claims",
    "02_linear_referencing",
    "03_sight_and_coverage",
    "04_programme_by_year",
    "05_placement",
    "06_your_own_border",
)

MOST_KB = 450
MOST_PICTURE_KB = 150
MOST_ROWS = 12 + 2  # two for names of columns and of the index

# Run in the kernel before the notebook: what looks beyond this machine is written down
# and refused.
OFFLINE = """\
import os, socket

HERE = {"127.0.0.1", "::1", "localhost"}

def _refuse(address):
    if isinstance(address, tuple) and address[0] not in HERE:
        with open(os.environ["GEOBORDER_ASKED"], "a") as file:
            print(address, file=file)
        raise OSError(f"notebooks work without a network, asked for {address}")

def _guard(name):
    plain = getattr(socket.socket, name)
    def guarded(self, address):
        _refuse(address)
        return plain(self, address)
    setattr(socket.socket, name, guarded)

_guard("connect")
_guard("connect_ex")
_plain = socket.getaddrinfo
def _getaddrinfo(host, *args, **options):
    if host is not None:
        _refuse((host,))
    return _plain(host, *args, **options)
socket.getaddrinfo = _getaddrinfo
"""

OUTSIDE = re.compile(
    r"(?<![\w.:/<])/(?:home|Users|root|tmp|work|usr|opt|var|mnt)\b"
    r"|[A-Z]:\\|~/|site-packages"
)
"""A folder of the machine the notebook ran on."""

DECIMAL = re.compile(r"(-?\d[\d,]*\.(\d+))")
FILES = re.compile(r"`((?:data|docs|geoborder|notebooks|tests)/[\w./-]+\.\w+)`")


def read(name: str) -> NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def code_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Cells that hold code, with their place in the notebook."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip():
            yield number, cell


def outputs(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    for number, cell in code_cells(notebook):
        for output in cell.outputs:
            yield number, output


def words(text: str) -> str:
    """Text without layout, tags, and addresses in memory."""
    text = re.sub(r"<style.*?</style>", " ", text, flags=re.DOTALL)
    text = html.unescape(re.sub(r"</?\w[^>]*>", " ", text))
    return " ".join(re.sub(r"\b0x[0-9a-f]+", "0x", text).split())


def said(cell: NotebookNode) -> str:
    """Join what a cell's outputs say; pictures are only counted."""
    printed, shown = "", []
    for output in cell.outputs:
        if output.output_type == "stream":
            printed += output.text
        data = output.get("data", {})
        shown += [
            words(data[kind]) for kind in ("text/plain", "text/html") if kind in data
        ]
        shown += ["(picture)"] * ("image/png" in data)
    return "\n".join([words(printed), *shown])


def agree(one: str, other: str) -> bool:
    """Whether texts are equal, but for a unit in the last digit of decimal figures."""
    parts, others = DECIMAL.split(one), DECIMAL.split(other)
    if len(parts) != len(others) or parts[::3] != others[::3]:
        return False
    for a, b, digits, same in zip(
        parts[1::3], others[1::3], parts[2::3], others[2::3], strict=True
    ):
        apart = abs(float(a.replace(",", "")) - float(b.replace(",", "")))
        if len(digits) != len(same) or apart > 1.01 * 10.0 ** -len(digits):
            return False
    return True


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("12.3 km of 1,344.0", "12.4 km of 1,343.9", True),
        ("12.3 km", "12.5 km", False),
        ("-0.0", "0.0", True),
        ("12 sites", "13 sites", False),
        ("12.30", "12.3", False),
        ("TJK 1.0", "AFG 1.0", False),
    ],
)
def test_figures_agree_to_their_last_digit(
    one: str, other: str, *, expected: bool
) -> None:
    assert agree(one, other) is expected


def test_there_are_six() -> None:
    found = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert found == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_was_run_in_order(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    counts = [cell.execution_count for _, cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    for number, output in outputs(notebook):
        assert output.output_type != "error", f"cell {number}"
        assert output.get("name") != "stderr", f"cell {number}: {output.text}"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_tells_nothing_of_the_machine(name: str) -> None:
    notebook = read(name)
    assert notebook.metadata.keys() <= {"kernelspec", "language_info"}
    assert dict(notebook.metadata.kernelspec) == KERNEL
    for number, cell in enumerate(notebook.cells):
        assert cell.metadata.keys() <= {"tags"}, f"cell {number}"
    for number, output in outputs(notebook):
        texts = [output.get("text", ""), *output.get("data", {}).values()]
        kinds = ["text/plain", *output.get("data", {})]
        for kind, text in zip(kinds, texts, strict=True):
            if kind.startswith("text/"):
                assert not OUTSIDE.search(text), f"cell {number}: {text[:500]}"
                assert "Warning" not in text, f"cell {number}: {text[:500]}"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_is_small_and_plain(name: str) -> None:
    path = ROOT / "notebooks" / f"{name}.ipynb"
    assert path.stat().st_size < MOST_KB * 1024
    notebook, pictures = read(name), 0
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    for number, output in outputs(notebook):
        data = output.get("data", {})
        kinds = set(data)
        assert kinds <= {"text/plain", "text/html", "image/png"}, f"cell {number}"
        markup = data.get("text/html", "<table")
        assert "<table" in markup, f"cell {number} shows HTML that is no table"
        assert not re.search(r"<(script|iframe|img|link)\b", markup), f"cell {number}"
        rows = max(part.count("<tr") for part in markup.split("<table"))
        assert rows <= MOST_ROWS, f"cell {number} has a long table"
        if "image/png" in data:
            pictures += 1
            size = len(base64.b64decode(data["image/png"]))
            assert size < MOST_PICTURE_KB * 1024, f"picture of cell {number}"
    assert pictures >= 2


@pytest.mark.parametrize("name", NAMES)
def test_files_that_the_text_names_exist(name: str) -> None:
    for cell in read(name).cells:
        if cell.cell_type == "markdown":
            for path in FILES.findall(cell.source):
                assert (ROOT / path).is_file(), path


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_running_it_says_what_is_stored(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-offline.py").write_text(OFFLINE)
    asked, folder = tmp_path / "asked.txt", tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("GEOBORDER_ASKED", str(asked))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")  # for libraries written in C
    stored, fresh = read(name), read(name)

    execute(fresh, folder)

    assert not asked.exists(), f"asks for {asked.read_text()}"
    pairs = zip(code_cells(stored), code_cells(fresh), strict=True)
    for (number, before), (_, now) in pairs:
        for output in now.outputs:
            assert output.get("name") != "stderr", f"cell {number}: {output.text}"
        if "varies" not in before.metadata.get("tags", []):
            old, new = said(before), said(now)
            assert agree(old, new), (
                f"cell {number} of {name} is stored as\n{old}\nbut says now\n{new}\n"
                "Store it anew by `python tests/store_notebooks.py`. If it differs "
                "from run to run, print what does not, or tag the cell `varies`."
            )
