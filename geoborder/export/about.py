"""What is said of a plan as a whole: whose it is, of what, when and how made."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from xml.etree import ElementTree as ET

from geoborder.datasets import ATTRIBUTION
from geoborder.plan.results import own_side
from geoborder.program import Program
from geoborder.qgis.contents import LICENCE
from geoborder.qgis.lines import Side
from geoborder.tables import LONLAT

DUBLIN_CORE = "http://purl.org/dc/terms/"
"""Address of the standard that `dublin_core` keeps to."""


@dataclass(frozen=True, slots=True)
class About:
    """
    What is said of a plan, or a placement, as a whole.

    Attributes
    ----------
    title : str
        The programme's name.
    program_sha256 : str
        Checksum of the programme.
    currency : str
        Its currency.
    years : tuple of int
        The year before it, and its years.
    side : str
        Its own side of the border.
    attribution : str
        Whose data it is made of.
    made : datetime
        When the files were made, in UTC.
    """

    title: str
    program_sha256: str
    currency: str
    years: tuple[int, ...]
    side: Side
    attribution: str
    made: datetime

    @property
    def stamp(self) -> str:
        """When the files were made, as GeoPackages have it."""
        return self.made.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    @property
    def lineage(self) -> str:
        """How the files came to be."""
        return (
            f"Made by geoborder {version('geoborder')} at {self.stamp} from the "
            f"programme {self.title!r} (SHA-256 {self.program_sha256}). "
            f"Sources: {self.attribution}. Quantities, places and costs without a "
            f"named source are illustrative."
        )


def about_program(program: Program) -> About:
    """
    Say what a plan of a programme is.

    Parameters
    ----------
    program
        The programme.

    Returns
    -------
    About
        Made now, or at ``SOURCE_DATE_EPOCH``.
    """
    stamp = os.environ.get("SOURCE_DATE_EPOCH")
    return About(
        title=program.name,
        program_sha256=hashlib.sha256(program.model_dump_json().encode()).hexdigest(),
        currency=program.currency,
        years=tuple(range(program.first_year - 1, program.last_year + 1)),
        side=own_side(program),
        attribution=ATTRIBUTION,
        made=datetime.fromtimestamp(int(stamp), UTC) if stamp else datetime.now(UTC),
    )


def dublin_core(about: About) -> str:
    """
    Write it down as metadata that catalogues know.

    Parameters
    ----------
    about
        What is said.

    Returns
    -------
    str
        XML of Dublin Core's terms.
    """
    ET.register_namespace("dcterms", DUBLIN_CORE)
    root = ET.Element("metadata")
    terms = {
        "title": about.title,
        "type": "Dataset",
        "language": "en",
        "created": about.stamp,
        "temporal": f"{about.years[0]}/{about.years[-1]}",
        "conformsTo": LONLAT,
        "rightsHolder": about.attribution,
        "license": LICENCE,
        "provenance": about.lineage,
    }
    for name, text in terms.items():
        ET.SubElement(root, f"{{{DUBLIN_CORE}}}{name}").text = text
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")
