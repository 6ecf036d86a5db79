"""
Run notebooks and store what they say.

    python tests/store_notebooks.py [notebooks/01_border_and_claims.ipynb ...]

Without names, all of them. Pictures are stored with 256 colours, a third of the size,
and nothing of the machine is stored: no seconds, no version of Python.
"""

from __future__ import annotations

import base64
import io
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

ROOT = Path(__file__).parents[1]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run a notebook in a folder; its outputs are replaced."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook,
        timeout=600,
        kernel_name=KERNEL["name"],
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def smaller(picture: str) -> str:
    """Make a PNG in base64 smaller: 256 colours."""
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    out = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def store(path: Path) -> None:
    """Run one notebook and write it back."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IPYTHONDIR"] = folder  # nobody's own profile
        execute(notebook, Path(folder))
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = smaller(data["image/png"])
    language = {"name": "python", "pygments_lexer": "ipython3"}
    notebook.metadata = {"kernelspec": KERNEL, "language_info": language}
    nbformat.validate(notebook)
    text = nbformat.writes(notebook, indent=1, ensure_ascii=False)
    path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    for given in sys.argv[1:] or sorted((ROOT / "notebooks").glob("*.ipynb")):
        store(Path(given))
