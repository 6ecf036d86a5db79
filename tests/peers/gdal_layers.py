"""
GDAL's reading of layers, in a process of its own under the system's Python.

As a script it takes paths of files, reads the first layer of each (or the one named
after ``|``) with `osgeo.ogr`, and prints JSON: for each file its driver, fields with
types, CRS, features with values and WKT, and whatever GDAL complained about.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_AXES = ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]
SYSTEM_PYTHON = "/usr/bin/python3"


def read(path: str, complaints: list[str]) -> dict[str, Any]:
    """Read a layer."""
    from osgeo import gdal, osr  # noqa: PLC0415 - only in the system's Python

    path, _, name = path.partition("|")
    dataset = gdal.OpenEx(path, gdal.OF_VECTOR)
    layer = dataset.GetLayerByName(name) if name else dataset.GetLayer(0)
    fields = layer.GetLayerDefn()
    reference = layer.GetSpatialRef()
    names = [fields.GetFieldDefn(n).GetName() for n in range(fields.GetFieldCount())]
    types = [
        fields.GetFieldDefn(n).GetFieldTypeName(fields.GetFieldDefn(n).GetType())
        for n in range(fields.GetFieldCount())
    ]
    rows = []
    for feature in layer:
        shape = feature.GetGeometryRef()
        values = [
            feature.GetField(n) if feature.IsFieldSetAndNotNull(n) else None
            for n in range(len(names))
        ]
        rows.append([*values, None if shape is None else shape.ExportToIsoWkt()])
    lonlat = osr.SpatialReference()
    lonlat.ImportFromEPSG(4326)
    return {
        "driver": dataset.GetDriver().ShortName,
        "name": layer.GetName(),
        "fields": dict(zip(names, types, strict=True)),
        "kind": layer.GetGeomType(),
        "lonlat": reference is not None and bool(reference.IsSame(lonlat, _AXES)),
        "rows": rows,
        "complaints": list(complaints),
    }


def version() -> str | None:
    """Version of the system's GDAL, None without its Python bindings."""
    code = "from osgeo import gdal; print(gdal.VersionInfo('RELEASE_NAME'))"
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            [SYSTEM_PYTHON, "-c", code], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def layers(paths: list[str]) -> dict[str, dict[str, Any]]:
    """Read layers in one process of the system's Python."""
    done = subprocess.run(  # noqa: S603 - this very file
        [SYSTEM_PYTHON, __file__, *paths], capture_output=True, text=True, check=True
    )
    assert done.stderr == "", done.stderr
    return json.loads(done.stdout)


def main() -> None:
    """Read the files that are named, and print what is in them."""
    from osgeo import gdal  # noqa: PLC0415 - only in the system's Python

    gdal.UseExceptions()
    complaints: list[str] = []
    gdal.PushErrorHandler(lambda _kind, _code, text: complaints.append(text))
    found = {}
    for path in sys.argv[1:]:
        complaints.clear()
        found[path] = read(path, complaints)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    main()
