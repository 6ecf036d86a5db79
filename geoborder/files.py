"""Files that are finished or absent."""

from __future__ import annotations

import os
import tempfile
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
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        part = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            part.chmod(0o666 & ~_umask())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        msg = f"{str(path)!r} cannot be written: {error.strerror}."
        raise OptionError(msg) from error
    return path


def _umask() -> int:
    """Read the process's file mode mask; the only way is to set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
