"""What is told of a layer and of a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Field:
    """
    What a column means.

    Attributes
    ----------
    title : str
        What people call it.
    unit : str
        Unit of its values, empty where they have none; ``{currency}`` stands for
        the programme's currency.
    description : str
        What it holds, and what a missing value means.
    """

    title: str
    unit: str
    description: str

    @property
    def alias(self) -> str:
        """Title with the unit, as shown over a column."""
        return f"{self.title}, {self.unit}" if self.unit else self.title

    def in_currency(self, currency: str) -> Field:
        """
        Name the currency.

        Parameters
        ----------
        currency
            The programme's currency.

        Returns
        -------
        Field
            The same with the currency in its unit.
        """
        return replace(self, unit=self.unit.replace("{currency}", currency))


@dataclass(frozen=True, slots=True)
class Layer:
    """
    What a layer, or a table without a geometry, means.

    Attributes
    ----------
    title : str
        What people call it.
    description : str
        What its rows are.
    geometry : str or None
        Geometry type that it declares in files; None for a table without one.
    key : tuple of str
        Columns whose values together are those of one row only, none missing;
        empty where there are none.
    references : mapping of str to (str, str)
        Column: the layer and the column of it in which all its values occur, missing
        ones aside, wherever both layers are there.
    fields : mapping of str to Field
        Columns besides the geometry, in their order.
    """

    title: str
    description: str
    geometry: str | None
    key: tuple[str, ...]
    references: Mapping[str, tuple[str, str]]
    fields: Mapping[str, Field]
