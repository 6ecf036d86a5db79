"""What a map's page reads: whole numbers, texts and pictures, small and escaped."""

from __future__ import annotations

import base64
import io
import json
import re
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from PIL import Image

from geoborder.geodesy import FloatArray

SCALE = 100_000
"""Coordinates are whole numbers of 1e-5 degrees, about a metre."""


def deltas(values: npt.ArrayLike, scale: float = 1.0) -> list[int]:
    """
    Write numbers as whole steps from one to the next.

    Parameters
    ----------
    values
        Numbers, shape (n,); NaN is not allowed.
    scale
        Steps per unit.

    Returns
    -------
    list of int
        The first number, then differences; their running sum, divided by `scale`,
        gives the numbers back to half a step.
    """
    whole = np.round(np.asarray(values, dtype=float) * scale).astype(np.int64)
    steps: list[int] = np.diff(whole, prepend=0).tolist()
    return steps


def path(coordinates: FloatArray, *, every: bool = False) -> list[int]:
    """
    Write a line's or a ring's vertices.

    Parameters
    ----------
    coordinates
        Longitude and latitude, shape (n, 2).
    every
        Keep vertices that fall on the one before.

    Returns
    -------
    list of int
        Longitude and latitude in turn, each as steps of 1e-5 degrees from the vertex
        before.
    """
    whole = np.round(coordinates * SCALE).astype(np.int64)
    moved = np.append(True, (np.diff(whole, axis=0) != 0).any(axis=1) | every)
    steps: list[int] = (
        np.diff(whole[moved], axis=0, prepend=np.zeros((1, 2), np.int64))
        .ravel()
        .tolist()
    )
    return steps


def rings(shape: shapely.Geometry) -> list[list[int]]:
    """
    Write a polygon's rings, or the parts of a line.

    Parameters
    ----------
    shape
        Any geometry in longitude and latitude; points in it are left out.

    Returns
    -------
    list of list of int
        A path for each ring or line (see `path`).
    """
    parts: list[Any] = []
    for part in shapely.get_parts([shape], return_index=False):
        if part.geom_type == "Polygon":
            parts += [part.exterior, *part.interiors]
        elif "Line" in part.geom_type:
            parts.append(part)
    return [path(shapely.get_coordinates(part)) for part in parts if not part.is_empty]


def picture(image: Image.Image, **options: Any) -> str:  # noqa: ANN401 - Pillow's
    """
    Write a picture as an address that holds all of it.

    Parameters
    ----------
    image
        The picture.
    **options
        ``format`` and what Pillow takes for it.

    Returns
    -------
    str
        A data address.
    """
    file = io.BytesIO()
    image.save(file, **options)
    kind = options["format"].lower()
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def script_json(value: object) -> str:
    """
    Write a value as JSON that can stand in a page's script.

    Parameters
    ----------
    value
        What JSON can hold; NaN is refused.

    Returns
    -------
    str
        JSON in which nothing from the data is markup, nor, as folium renders what it
        is given once more, a template.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return script_safe(text)


def script_safe(text: str) -> str:
    """
    Take from JSON what a browser or a template would read as its own.

    Parameters
    ----------
    text
        Compact JSON.

    Returns
    -------
    str
        The same value in other letters.
    """
    # Outside of strings compact JSON has no brace before another, % or #.
    return re.sub(
        r"[<>&'\u2028\u2029]|\{(?=[{%#])", lambda m: f"\\u{ord(m[0]):04x}", text
    )


def html_text(text: str) -> str:
    """
    Write text for a place where folium or Leaflet takes HTML.

    Parameters
    ----------
    text
        The text.

    Returns
    -------
    str
        HTML that is neither markup nor a template.
    """
    return escape(text).replace("{", "&#123;")


def numbers(values: pd.Series | FloatArray, digits: int) -> list[float | None]:
    """
    Round numbers, and turn what is missing into nothing.

    Parameters
    ----------
    values
        Numbers, NaN or NA.
    digits
        Decimals to keep.

    Returns
    -------
    list of float or None
        As many; whole ones without a decimal point.
    """
    array = pd.Series(values).astype("Float64").to_numpy(float, na_value=np.nan)
    return [
        None if not np.isfinite(v) else int(v) if v.is_integer() else v
        for v in np.round(array, digits).tolist()
    ]
