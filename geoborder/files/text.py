"""Files that are finished or absent."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from geoborder.errors import OptionError

_STREAMS = ("/dev/std", "/dev/fd/", "/proc/")
"""What a shell redirects; a file behind it is open elsewhere."""


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


def is_stream(path: Path) -> bool:
    """
    Tell pipes, terminals and devices from files.

    Parameters
    ----------
    path
        Any place.

    Returns
    -------
    bool
        Whether something is there that is neither a file nor a folder, or is what
        a shell has opened.
    """
    if not path.exists() or path.is_dir():
        return False
    return not path.is_file() or path.absolute().as_posix().startswith(_STREAMS)


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """
    Give a place to write to, which becomes the file when all went well.

    A link stays, and what it leads to is replaced; a file that was there keeps its
    mode, owner and group. What was written goes into a pipe or a device, which
    stays what it is.

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
    stream = is_stream(path)
    try:
        real = path if stream else Path(os.path.realpath(path))
        folder = None if stream else real.parent
        with tempfile.TemporaryDirectory(prefix=f".{real.name}-", dir=folder) as stage:
            part = Path(stage) / real.name
            yield part
            if stream:
                _pour(part, real)
            else:
                _keep_rights(part, real)
                part.replace(real)
    except OSError as error:
        raise OptionError(_reason(path, error)) from error


def _pour(part: Path, stream: Path) -> None:
    """Write into a pipe or device; whoever stops reading is not bothered."""
    with (
        suppress(BrokenPipeError),
        part.open("rb") as source,
        stream.open("wb", buffering=0) as target,
    ):
        shutil.copyfileobj(source, target)


def _keep_rights(part: Path, real: Path) -> None:
    """Give a new file the mode, and if possible the owners, of the earlier one."""
    if not real.is_file():
        return
    earlier = real.stat()
    for owner, group in ((-1, earlier.st_gid), (earlier.st_uid, -1)):
        with suppress(OSError, AttributeError):  # not ours to give, or Windows
            os.chown(part, owner, group)
    part.chmod(stat.S_IMODE(earlier.st_mode))


def _reason(path: Path, error: OSError) -> str:
    """Say why a file cannot be written."""
    folder = path.parent
    if not folder.is_dir():
        return f"{str(path)!r} cannot be written: there is no folder {str(folder)!r}."
    if path.is_dir():
        return f"{str(path)!r} cannot be written: it is a folder; name a file in it."
    return f"{str(path)!r} cannot be written: {error.strerror or error}."
