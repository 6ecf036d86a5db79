"""Messages of Python's functions in the words of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from geoborder.errors import GeoborderError

_NAME = re.compile(r"`([a-z]\w*)`")

_PYTHON_ONLY = re.compile(r"; read (it|one of them) with `read_\w+`")
"""Advice that no command follows."""

_OTHERWISE = {
    "breaks_km": "--break-km",
    "length_km": "--segment-length-km",
    "time_limit_s": "--time-limit",
    "units": "--units-from",
}
"""Options that are not called as the arguments of functions are."""


def option_names(command: Any) -> dict[str, str]:  # noqa: ANN401 - typer's own kind
    """
    Tell what a command calls the arguments of functions.

    Parameters
    ----------
    command
        A command of typer.

    Returns
    -------
    dict of str to str
        From names in Python to options, and to arguments in capitals.
    """
    names: dict[str, str] = {}
    for part in command.params:
        if part.param_type_name == "argument":
            names[part.name] = part.name.upper()
        elif not part.is_flag:
            option = part.opts[0]
            names |= {part.name: option, option[2:].replace("-", "_"): option}
    options = set(names.values())
    return {k: v for k, v in _OTHERWISE.items() if v in options} | names


def reworded(message: str, names: Mapping[str, str]) -> str:
    """
    Put a message into the words of the command line.

    Parameters
    ----------
    message
        What a function says, with names of arguments in backticks.
    names
        What to call them.

    Returns
    -------
    str
        The message.
    """
    text = _PYTHON_ONLY.sub("", message)
    return _NAME.sub(lambda found: f"`{names.get(found[1], found[1])}`", text)


@contextmanager
def called(**names: str) -> Iterator[None]:
    """
    Have errors call arguments otherwise than the command's options are called.

    Parameters
    ----------
    **names
        From names in Python to what they shall be called.

    Yields
    ------
    None
        While it holds.
    """
    try:
        yield
    except GeoborderError as error:
        error.args = (reworded(str(error), names), *error.args[1:])
        raise
