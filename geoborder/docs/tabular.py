"""Markdown out of rows."""

from __future__ import annotations

import re
from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """
    Write a Markdown table.

    Parameters
    ----------
    head
        Titles of columns.
    rows
        Cells, row by row; bars and line breaks in them are written as text.

    Returns
    -------
    str
        The table, with a line break at its end.
    """

    def line(cells: Sequence[object]) -> str:
        texts = (re.sub(r"\s*\n\s*", " ", str(c)).replace("|", "\\|") for c in cells)
        return f"| {' | '.join(texts)} |\n"

    return line(head) + line(["---"] * len(head)) + "".join(map(line, rows))
