"""Layers and columns, looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from geoborder.dictionary.model import Field, Layer
from geoborder.dictionary.reading import read_layers
from geoborder.errors import OptionError

LAYERS: Final[Mapping[str, Layer]] = read_layers()
"""Layers of a plan, by the names that they have in files."""

_CURRENCY = "currency"
"""Stands in units where no currency is given."""


def field_of(layer: str, column: str, *, currency: str | None = None) -> Field | None:
    """
    Look up what a column means.

    Parameters
    ----------
    layer
        Name of the layer.
    column
        Name of its column.
    currency
        The programme's currency, for the units of money.

    Returns
    -------
    Field or None
        None for layers and columns of somebody's own.

    Examples
    --------
    >>> field_of("segments", "cost", currency="USD").alias
    'Cost of measures, USD'
    """
    if layer not in LAYERS:
        return None
    found = LAYERS[layer].fields.get(column)
    return None if found is None else found.in_currency(currency or _CURRENCY)


def columns_of(layer: str) -> list[str]:
    """
    List the columns that a layer may have, besides its geometry.

    Parameters
    ----------
    layer
        Name of the layer.

    Returns
    -------
    list of str
        In their order; one that is known may be missing in a plan that has nothing
        to tell in it.

    Raises
    ------
    OptionError
        If there is no such layer.

    Examples
    --------
    >>> columns_of("units")
    ['unit_id', 'name', 'country']
    """
    if layer not in LAYERS:
        msg = f"`layer` must be one of {', '.join(LAYERS)}, got {layer!r}."
        raise OptionError(msg)
    return list(LAYERS[layer].fields)


def describe_layers(*, currency: str | None = None) -> pd.DataFrame:
    """
    Tell what every column of every layer of a plan means.

    Parameters
    ----------
    currency
        The programme's currency, for the units of money.

    Returns
    -------
    DataFrame
        A row per layer and column, in their order: ``layer``, ``column``, ``title``,
        ``unit`` (empty where there is none), ``description``.

    Examples
    --------
    >>> from geoborder import describe_layers
    >>> told = describe_layers(currency="USD").set_index(["layer", "column"])
    >>> told.loc[("assets", "running_cost_per_year"), "unit"]
    'USD/year'
    """
    rows = [
        (name, column, field.title, field.unit, field.description)
        for name, layer in LAYERS.items()
        for column, told in layer.fields.items()
        for field in (told.in_currency(currency or _CURRENCY),)
    ]
    return pd.DataFrame(
        rows, columns=["layer", "column", "title", "unit", "description"]
    )
