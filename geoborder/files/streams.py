"""Standard output and input."""

from __future__ import annotations

import os
import sys

from geoborder.errors import DataError, OptionError
from geoborder.files.formats import FORMATS, Format

STREAM = "-"
"""Name of standard output and input, where a file could stand."""


def require_stream(fmt: Format) -> None:
    """
    Refuse a format that cannot go to standard output as it is.

    Parameters
    ----------
    fmt
        The format.

    Raises
    ------
    OptionError
        If it cannot be streamed, or is not text and somebody looks.
    """
    if not fmt.streams:
        names = ", ".join(f.name for f in FORMATS.values() if f.streams)
        msg = f"`format` {fmt.name!r} needs a file; to a pipe go {names}."
        raise OptionError(msg)
    if not fmt.text and sys.stdout.isatty():
        msg = (
            f"{fmt.title} is not text, and standard output is a terminal; send it to "
            "a file or a pipe."
        )
        raise OptionError(msg)


def write_stdout(content: bytes) -> None:
    """
    Write to standard output; whoever stops reading is not bothered.

    Parameters
    ----------
    content
        All there is to write.

    Raises
    ------
    OptionError
        If it cannot be written.
    """
    stream = getattr(sys.stdout, "buffer", None)
    try:
        if stream is None:
            sys.stdout.write(content.decode())
            return
        sys.stdout.flush()
        stream.write(content)
        stream.flush()
    except BrokenPipeError:
        # What the interpreter flushes at its end must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        msg = f"Standard output cannot be written: {error.strerror}."
        raise OptionError(msg) from error


def read_stdin(*, empty: bool = False) -> bytes:
    """
    Read all of standard input.

    Parameters
    ----------
    empty
        Whether nothing may come.

    Returns
    -------
    bytes
        What came.

    Raises
    ------
    OptionError
        If it is a terminal.
    DataError
        If nothing came.
    """
    if sys.stdin.isatty():
        msg = "Standard input is a terminal; pipe a layer into it, or name a file."
        raise OptionError(msg)
    content = sys.stdin.buffer.read()
    if not content.strip() and not empty:
        msg = "Standard input is empty; did the command before it fail?"
        raise DataError(msg)
    return content
