"""Errors that geoborder raises for a user's mistake; all share one root."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class GeoborderError(Exception):
    """Root of every error that geoborder raises on purpose."""


class DataError(GeoborderError):
    """A layer or table is unusable: no CRS, empty, wrong type, missing column."""


class BorderError(DataError):
    """A border line cannot be made: no contact, a gap, or a fork."""


class ProgramError(GeoborderError):
    """A programme file is wrong; the message names file, line and the mend."""


class OptionError(GeoborderError, ValueError):
    """An argument is out of its range or clashes with another."""


class InfeasibleError(GeoborderError):
    """No placement meets all demands; `demands` tells what would mend it."""

    def __init__(self, message: str, demands: pd.DataFrame) -> None:
        super().__init__(message)
        self.demands = demands


class GeoborderWarning(UserWarning):
    """A result is usable, but something about it should be known."""
