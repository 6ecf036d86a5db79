"""Values that shells complete: formats, countries, modes, attributes."""

from __future__ import annotations

from collections.abc import Callable

# What shells show must be there at once, but the modules that define these load for
# seconds; a test holds them equal.
FORMATS = (
    "gpkg", "geoparquet", "flatgeobuf", "geojson", "geojsonseq", "kml", "csv",
)  # fmt: skip
MODES = ("foot", "path", "langmuir", "horse", "off-road", "road")
ATTRIBUTES = (
    "coverage_share", "priority", "k_mean", "longest_gap_km", "cost", "post_km",
    "post_minutes", "elevation_mean_m", "relief_m", "terrain_slope_deg",
    "ruggedness_m", "kind",
)  # fmt: skip
METHODS = ("fan", "r3", "screen")
RESULTS = ("count", "binary", "first", "height", "angle")
DIRECTIONS = ("out", "back")
SIDES = ("left", "right")


def one_of(words: tuple[str, ...]) -> Callable[[str], list[str]]:
    """
    Complete one of a few words.

    Parameters
    ----------
    words
        All there are.

    Returns
    -------
    callable
        Gives those of them that begin with what was typed.
    """

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete


def layers(incomplete: str) -> list[str]:
    """
    Complete the name of a plan's layer.

    Parameters
    ----------
    incomplete
        What was typed.

    Returns
    -------
    list of str
        Layers that begin so.
    """
    from geoborder.dictionary import LAYERS  # noqa: PLC0415 - loads pandas

    return [name for name in LAYERS if name.startswith(incomplete)]


def countries(incomplete: str) -> list[tuple[str, str]]:
    """
    Complete the code of a country.

    Parameters
    ----------
    incomplete
        What was typed, in capitals or not.

    Returns
    -------
    list of tuple
        Codes that begin so, in letters as they were typed, and the countries' names.
    """
    import geoborder as gb  # noqa: PLC0415 - loads GeoPandas

    layer = gb.load_countries("10m")
    known = layer[layer["iso3"].fillna("").str.startswith(incomplete.upper())]
    known = known[known["iso3"] != ""].drop_duplicates("iso3").sort_values("iso3")
    codes = known["iso3"].str.lower() if incomplete.islower() else known["iso3"]
    return list(zip(codes, known["name"], strict=True))
