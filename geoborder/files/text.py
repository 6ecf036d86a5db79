"""Files that are finished or absent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoborder.errors import OptionError


def write_text(path: Path, text: str) -> Path:
    """
    Write a text file so that it is finished or absent.

    Parameters
    ----------
    path
        File to write or replace; its folder must exist.
    text
        What it shall hold, written as UTF-8.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        If it cannot be written; an earlier file is untouched.
    """
    return write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> Path:
    """
    Write a file so that it is finished or absent.

    Parameters
    ----------
    path
        File to write or replace; its folder must exist.
    content
        What it shall hold.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionError
        If it cannot be written; an earlier file is untouched.
    """
    with staged(path) as part:
        _fill(part, content)
    return path


def _fill(part: Path, content: bytes) -> None:
    """Write a file, up to the disk."""
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """
    Give a place to write to, which becomes the file when all went well.

    Parameters
    ----------
    path
        File to write or replace; its folder must exist.

    Yields
    ------
    Path
        A place of the same name in a hidden folder beside it.

    Raises
    ------
    OptionError
        If it cannot be written; an earlier file is untouched.
    """
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{path.name}-", dir=path.parent
        ) as stage:
            part = Path(stage) / path.name
            yield part
            part.replace(path)
    except OSError as error:
        raise OptionError(_reason(path, error)) from error


def _reason(path: Path, error: OSError) -> str:
    """Say why a file cannot be written."""
    folder = path.parent
    if not folder.is_dir():
        return f"{str(path)!r} cannot be written: there is no folder {str(folder)!r}."
    if path.is_dir():
        return f"{str(path)!r} cannot be written: it is a folder; name a file in it."
    return f"{str(path)!r} cannot be written: {error.strerror or error}."
