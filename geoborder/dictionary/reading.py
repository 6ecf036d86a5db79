"""The dictionary, read from the file that comes with the package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from geoborder.dictionary.model import Field, Layer

_FILE = "words.toml"

_SHARED = "shared"
"""Its table of columns that mean the same in every layer."""


def read_layers() -> Mapping[str, Layer]:
    """
    Read what every layer means.

    Returns
    -------
    mapping of str to Layer
        By name; it cannot be changed.
    """
    text = files("geoborder.dictionary").joinpath(_FILE).read_text(encoding="utf-8")
    told = tomllib.loads(text)
    shared = _fields(told.pop(_SHARED))
    own = {name: _fields(layer.pop("own", {})) for name, layer in told.items()}
    layers = {}
    for name, layer in told.items():
        like = own.get(layer.pop("like", ""), {})
        keys = {
            c: (to, told[to]["key"][0]) for c, to in layer.pop("references", {}).items()
        }
        layers[name] = _layer(layer, {**shared, **like, **own[name]}, keys)
    return MappingProxyType(layers)


def _fields(told: Mapping[str, list[str]]) -> dict[str, Field]:
    return {column: Field(*words) for column, words in told.items()}


def _layer(
    told: Mapping[str, Any],
    known: Mapping[str, Field],
    references: Mapping[str, tuple[str, str]],
) -> Layer:
    """Put a layer together, with its columns out of all that are known to it."""
    return Layer(
        title=told["title"],
        description=told["description"],
        geometry=told.get("geometry"),
        key=tuple(told.get("key", ())),
        references=MappingProxyType(references),
        fields=MappingProxyType({c: known[c] for c in told["columns"]}),
    )
