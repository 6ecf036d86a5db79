"""Algorithms of the border line: extract, cut, locate, calibrate."""

from __future__ import annotations

from geoborder_qgis.choices import Switch
from geoborder_qgis.command import Command
from geoborder_qgis.layers import Border, Layer, OutLayer
from geoborder_qgis.values import Number, Numbers, Text

_GROUP = "Border line"

BORDER = Border(
    "BORDER",
    "Border line",
    "The line to work on, in pieces or whole; left out: the bundled border between "
    "the two countries below.",
    option="--border",
    optional=True,
    kinds=("line",),
)

EXTRACT = Command(
    "extractborder",
    "Extract border",
    _GROUP,
    "border",
    "Extracts the border between two countries as one line and measures it on the "
    "ellipsoid.\n"
    "The polygons are those bundled with geoborder, or a layer of your own.",
    (
        Text(
            "LEFT",
            "Country on the left",
            "ISO 3166-1 alpha-3 code, such as TJK.",
            default="TJK",
        ),
        Text(
            "RIGHT",
            "Country on the right",
            "ISO 3166-1 alpha-3 code, such as AFG.",
            default="AFG",
        ),
        Layer(
            "COUNTRIES",
            "Countries",
            "Polygons with the codes in a column iso3; left out: the bundled ones.",
            option="--countries",
            optional=True,
            kinds=("polygon",),
        ),
        Number(
            "OFFICIAL_LENGTH_KM",
            "Official length (km)",
            "Published length to calibrate the chainage to.",
            option="--official-length-km",
            optional=True,
            least=0.0,
        ),
        OutLayer("OUTPUT", "Border", "The line with its length.", option="--out"),
    ),
    ("boundary", "countries"),
)

SEGMENT = Command(
    "segmentborder",
    "Segment border",
    _GROUP,
    "segment",
    "Cuts a border line into segments by chainage: at multiples of a length, into a "
    "number of equal parts, at given kilometres, and where provinces change.\n"
    "Lengths are geodesic.",
    (
        BORDER,
        Number(
            "LENGTH_KM",
            "Length of segments (km)",
            "Cut at multiples of this chainage.",
            option="--length-km",
            optional=True,
            least=0.0,
        ),
        Number(
            "COUNT",
            "Number of equal parts",
            "Cut into so many parts of one length.",
            option="--count",
            optional=True,
            least=1,
            whole=True,
        ),
        Numbers(
            "BREAKS_KM",
            "Cut here too (km)",
            "Chainages with commas between.",
            option="--break-km",
            optional=True,
        ),
        Switch(
            "UNITS",
            "Cut where bundled provinces change",
            "Adds columns with the provinces and regions on both sides, too.",
            option="--units",
        ),
        Layer(
            "UNITS_FROM",
            "Cut where these units change",
            "Polygons with unit_id, name and country, instead of the bundled ones.",
            option="--units-from",
            optional=True,
            kinds=("polygon",),
            advanced=True,
        ),
        OutLayer(
            "OUTPUT",
            "Segments",
            "Lines with segment_id, start_km, end_km and length_km.",
            option="--out",
        ),
    ),
    ("linear referencing", "split", "chainage"),
)

LOCATE = Command(
    "locatepoints",
    "Locate points along border",
    _GROUP,
    "locate",
    "Finds for each point the nearest place on a border line: its chainage and "
    "official chainage, the geodesic distance to it, and the side the point lies on.",
    (
        Layer("POINTS", "Points", "Points in any CRS; at least one.", kinds=("point",)),
        BORDER,
        OutLayer(
            "OUTPUT",
            "Located points",
            "The points with border_id, chainage_km, distance_km and side; columns of "
            "these names that they have already are replaced.",
            option="--out",
            kind="point",
        ),
    ),
    ("linear referencing", "chainage", "stationing"),
)

CALIBRATE = Command(
    "calibrateborder",
    "Calibrate border",
    _GROUP,
    "calibrate",
    "Gives a border line official chainage: that of a published length, or of known "
    "points. Between known points it runs in proportion. Segments and located points "
    "made from the result carry it on.",
    (
        BORDER,
        Number(
            "OFFICIAL_LENGTH_KM",
            "Official length (km)",
            "Published length of the whole line.",
            option="--official-length-km",
            optional=True,
            least=0.0,
        ),
        Numbers(
            "FIXED_KM",
            "Known points (km=official km)",
            "Chainage on this line = official chainage, with commas between: "
            "100=100.2, 500=499.",
            option="--fixed-km",
            optional=True,
            pairs=True,
        ),
        Layer(
            "FIXED_POINTS",
            "Known points (layer)",
            "Points with a column official_km, such as border marks.",
            option="--fixed-points",
            optional=True,
            kinds=("point",),
        ),
        Switch(
            "EXTRAPOLATE",
            "Go on beyond the known points",
            "Otherwise official chainage is empty before the first and after the last.",
            otherwise="--no-extrapolate",
            default=True,
            advanced=True,
        ),
        OutLayer("OUTPUT", "Calibrated border", "The calibrated line.", option="--out"),
    ),
    ("linear referencing", "chainage", "official length"),
)
