"""Algorithms of equipment: what covers the border, where it goes, the whole plan."""

from __future__ import annotations

from geoborder_qgis.choices import Choices, Switch
from geoborder_qgis.command import Command, Made, ShowLayers
from geoborder_qgis.commands.ground import DEM
from geoborder_qgis.commands.lines import BORDER
from geoborder_qgis.layers import Layer, OutFolder, OutLayer
from geoborder_qgis.values import File, Number

_GROUP = "Coverage and plans"

COVERAGE = Command(
    "coverage",
    "Coverage of border",
    _GROUP,
    "coverage",
    "Works out which stretches of a border line equipment covers, and which gaps are "
    "left. Assets of mode sight cover what they see over the terrain, radius what is "
    "near, patrol what lies along the line, reach what a crew gets to in time.",
    (
        Layer(
            "ASSETS",
            "Assets",
            "Points with asset_id, mode, range_km; optional: from_year, mast_m, "
            "target_m and others.",
            kinds=("point",),
        ),
        BORDER,
        DEM,
        Number(
            "YEAR",
            "Year to describe",
            "Assets that start later do not count; left out: all do.",
            option="--year",
            optional=True,
            whole=True,
        ),
        Number(
            "K",
            "Assets that must cover each place",
            "Fewer make a gap.",
            option="--k",
            default=1,
            least=1,
            whole=True,
        ),
        OutLayer(
            "OUTPUT",
            "Covered stretches",
            "Lines with start_km, end_km and how many assets cover them.",
            option="--out",
        ),
        OutLayer(
            "GAPS",
            "Gaps",
            "Lines with start_km, end_km and length_km.",
            option="--gaps",
            optional=True,
        ),
    ),
    ("gaps", "linear referencing"),
)

_PROGRAMME = File(
    "PROGRAMME",
    "Programme",
    "Programme file (YAML); left out: the bundled one for the Tajik-Afghan border.",
    optional=True,
    filter="Programmes (*.yaml *.yml)",
)
_LINE = Layer(
    "BORDER",
    "Border line",
    "The line to work on; left out: the one between the programme's countries.",
    option="--border",
    optional=True,
    kinds=("line",),
)
_LENGTH = Number(
    "SEGMENT_LENGTH_KM",
    "Length of segments (km)",
    "Segments are cut at multiples of it, and where provinces change.",
    option="--segment-length-km",
    default=10.0,
    least=0.0,
)
_SITES = Layer(
    "SITES",
    "Candidate sites",
    "Points where equipment may be put; optional columns: site_id, equipment, "
    "site_cost, from_year. Left out: high ground and places along the line.",
    option="--sites",
    optional=True,
    kinds=("point",),
)
_SEARCH = (
    Number(
        "GAP",
        "Gap to the bound that is good enough",
        "0.01 is 1 %: no other placement is better by more than that.",
        option="--gap",
        default=0.001,
        advanced=True,
        least=0.0,
        most=1.0,
    ),
    Number(
        "TIME_LIMIT_S",
        "Longest search (s)",
        "After it the best placement found is taken, with its gap.",
        option="--time-limit",
        default=40.0,
        advanced=True,
        least=0.0,
    ),
)
_SHOW = ShowLayers(
    "SHOW",
    "Add the layers to the project",
    "Shows what was made, where QGIS has a project open.",
    default=True,
)

PLACE = Command(
    "placeequipment",
    "Place equipment",
    _GROUP,
    "place",
    "Chooses sites and years for a programme's equipment within its budgets, proves "
    "how much better any other choice could be, and gives the reason for each item.",
    (
        _PROGRAMME,
        _LINE,
        DEM,
        _LENGTH,
        _SITES,
        *_SEARCH,
        Number(
            "SEED",
            "Seed",
            "Of the order in which the search tries.",
            option="--seed",
            default=0,
            advanced=True,
            least=0,
            whole=True,
        ),
        Switch(
            "SWEEP",
            "Also place at other budgets",
            "Shows what each further million buys.",
            option="--sweep",
        ),
        _SHOW,
        OutFolder("OUTPUT", "Folder", "Folder for the results.", option="--out"),
    ),
    ("siting", "optimisation", "location", "mclp"),
    (
        Made("SITES_CHOSEN", "Sites", "placement.gpkg", "placement_sites"),
        Made("ITEMS", "Placed items", "placement.gpkg", "placement_items"),
    ),
)

RUN = Command(
    "runprogramme",
    "Run programme",
    _GROUP,
    "run",
    "Works a whole programme out: segments, who gets what, coverage and gaps by year, "
    "sites with a bound and reasons, costs.\n"
    "Writes a folder with a GeoPackage, a QGIS project, CSV tables, a map and a report "
    "that open without a network, and a manifest with checksums.",
    (
        _PROGRAMME,
        _LINE,
        DEM,
        _LENGTH,
        _SITES,
        *_SEARCH,
        Switch(
            "SWEEP",
            "Also place at other budgets",
            "Shows in the report what each further million buys.",
            otherwise="--no-sweep",
            default=True,
        ),
        Switch(
            "EVENLY",
            "Choose no sites",
            "Spreads equipment evenly along its segments instead.",
            option="--evenly",
        ),
        Choices(
            "FORMATS",
            "Write each layer in these formats too",
            "The GeoPackage and CSV tables are always written.",
            option="--format",
            optional=True,
            names=("geoparquet", "flatgeobuf", "geojson", "geojsonseq", "kml"),
            advanced=True,
        ),
        _SHOW,
        OutFolder("OUTPUT", "Folder", "Folder for the results.", option="--out"),
    ),
    ("plan", "report", "map"),
    (
        Made("SEGMENTS", "Segments", "plan.gpkg", "segments"),
        Made("COVERAGE", "Covered stretches", "plan.gpkg", "coverage"),
        Made("GAPS", "Gaps", "plan.gpkg", "gaps"),
        Made("ASSETS", "Assets", "plan.gpkg", "assets"),
        Made("PROJECT", "QGIS project", "plan.qgz"),
        Made("MAP", "Map", "map.html"),
        Made("REPORT", "Report", "report.html"),
    ),
)
