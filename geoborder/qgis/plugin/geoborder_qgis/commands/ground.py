"""Algorithms of the ground: lines of sight, viewsheds, travel times."""

from __future__ import annotations

from geoborder_qgis.choices import Choice
from geoborder_qgis.command import Command
from geoborder_qgis.layers import Layer, OutLayer, OutRaster, Rasters
from geoborder_qgis.values import Number, Numbers, Text

_GROUP = "Sight and reach"

DEM = Rasters(
    "DEM",
    "Elevation",
    "One raster or several tiles, in metres; left out: the bundled elevation (cells of "
    "about 1 km: too coarse for siting).",
    option="--dem",
    optional=True,
)

_EYE = (
    Number(
        "RANGE_KM",
        "Greatest distance (km)",
        "A column range_km of the sites overrides it.",
        option="--range-km",
        default=10.0,
        least=0.0,
        most=1000.0,
    ),
    Number(
        "MAST_M",
        "Height of the eye (m)",
        "Above the ground; a column mast_m of the sites overrides it.",
        option="--mast-m",
        default=10.0,
    ),
    Number(
        "TARGET_M",
        "Height to be seen (m)",
        "Above the ground; a column target_m of the sites overrides it.",
        option="--target-m",
        default=1.7,
    ),
    Number(
        "REFRACTION",
        "Coefficient of refraction",
        "0.13 for light, 0.25 for radio, 0 for none.",
        option="--refraction",
        default=0.13,
        advanced=True,
        least=-2.0,
        most=0.99,
    ),
)

SIGHT = Command(
    "lineofsight",
    "Lines of sight",
    _GROUP,
    "sight",
    "Finds which sites see which targets over the terrain, with earth curvature and "
    "refraction, on the elevation as it is delivered.\n"
    "The result has a line for each pair within range.",
    (
        Layer("SITES", "Sites", "Where the eyes are.", kinds=("point",)),
        Layer("TARGETS", "Targets", "What is to be seen.", kinds=("point",)),
        DEM,
        *_EYE,
        Text(
            "SITE_ID",
            "Column that names sites",
            "Left out: rows are numbered from 0.",
            option="--site-id",
            optional=True,
            advanced=True,
        ),
        Text(
            "TARGET_ID",
            "Column that names targets",
            "Left out: rows are numbered from 0.",
            option="--target-id",
            optional=True,
            advanced=True,
        ),
        OutLayer(
            "OUTPUT",
            "Lines of sight",
            "Site, target, whether it is visible (empty: elevation is missing between "
            "them), distance_km, and the height from which the target is seen.",
            option="--out",
        ),
    ),
    ("visibility", "intervisibility", "observer"),
)

VIEWSHED = Command(
    "viewshed",
    "Viewshed",
    _GROUP,
    "viewshed",
    "Finds what one or many sites see of the area around them, as a cloud-optimised "
    "GeoTIFF.",
    (
        Layer("SITES", "Sites", "Where the eyes are.", kinds=("point",)),
        DEM,
        *_EYE,
        Choice(
            "METHOD",
            "Method",
            "fan: fast and close to exact; r3: exact, slow; screen: fastest, coarser.",
            option="--method",
            names=("fan", "r3", "screen"),
            default="fan",
            advanced=True,
        ),
        Choice(
            "RESULT",
            "Result",
            "count: how many sites see a cell; binary: whether any does; first: which "
            "one; height: from what height above the ground a cell is seen; angle: "
            "elevation angle.",
            option="--result",
            names=("count", "binary", "first", "height", "angle"),
            default="count",
        ),
        OutRaster("OUTPUT", "Viewshed", "GeoTIFF (COG) to write.", option="--out"),
    ),
    ("visibility", "observer", "raster"),
)

REACH = Command(
    "reach",
    "Reach within minutes (isochrones)",
    _GROUP,
    "reach",
    "Finds what is reached from sites over the terrain within so many minutes, by "
    "foot, horse or vehicle. Uphill is not downhill; nobody crosses the border line, "
    "barriers bar the way, friction slows it and roads speed it up.",
    (
        Layer("SITES", "Sites", "Where travel starts.", kinds=("point",)),
        DEM,
        Choice(
            "MODE",
            "Mode of travel",
            "foot (off paths), path, langmuir (as r.walk of GRASS), horse, off-road, "
            "road.",
            option="--mode",
            names=("foot", "path", "langmuir", "horse", "off-road", "road"),
            default="foot",
        ),
        Numbers(
            "MINUTES",
            "Limits (minutes)",
            "Numbers with commas between; an area for each.",
            option="--minutes",
            default="30, 60, 120",
        ),
        Choice(
            "DIRECTION",
            "Direction",
            "out: from the sites; back: to them.",
            option="--direction",
            names=("out", "back"),
            default="out",
            advanced=True,
        ),
        Layer(
            "BORDER",
            "Border that nobody crosses",
            "A line.",
            option="--border",
            optional=True,
            kinds=("line",),
        ),
        Choice(
            "SIDE",
            "Side of the border the sites stand on",
            "For sites on the line itself.",
            option="--side",
            optional=True,
            names=("left", "right"),
            advanced=True,
        ),
        Layer(
            "BARRIERS",
            "Barriers",
            "Lines and polygons that bar the way; columns from_day and until_day "
            "(MM-DD) limit them to a season.",
            option="--barriers",
            optional=True,
            kinds=("line", "polygon"),
        ),
        Layer(
            "FRICTION",
            "Friction",
            "Polygons with a column factor, by which time is multiplied.",
            option="--friction",
            optional=True,
            kinds=("polygon",),
        ),
        Layer(
            "ROADS",
            "Roads",
            "Lines with a column speed_kmh.",
            option="--roads",
            optional=True,
            kinds=("line",),
        ),
        Text(
            "DATE",
            "Day of travel",
            "YYYY-MM-DD or MM-DD; for barriers and friction with a season.",
            option="--date",
            optional=True,
            advanced=True,
        ),
        OutLayer(
            "OUTPUT",
            "Areas reached",
            "Polygons, one for each limit.",
            option="--out",
            kind="polygon",
        ),
        OutRaster(
            "RASTER",
            "Minutes",
            "GeoTIFF (COG) of the minutes to each cell.",
            option="--raster",
            optional=True,
        ),
    ),
    ("isochrone", "travel time", "hiking", "service area"),
)
