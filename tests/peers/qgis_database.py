"""
Tables of a database opened by QGIS itself, under the system's Python.

As a script it takes a JSON file: ``database`` (a connection as libpq writes it),
``schema``, ``layers`` (name, geometry column, key) and the ``year`` that maps show.
What QGIS finds is the last line it prints.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def opened(core: Any, task: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - a module
    """Open each layer as a drag from QGIS's browser does, and say what it is."""
    found = {}
    for name, geometry, key in task["layers"]:
        table = f'"{task["schema"]}"."{name}"'
        shape = f" ({geometry})" if geometry else ""
        uri = f"{task['database']} key='{key}' table={table}{shape}"
        layer = core.QgsVectorLayer(uri, name, "postgres")
        if not layer.isValid():
            found[name] = {"valid": False, "error": layer.error().message()}
            continue
        _, styled = layer.loadDefaultStyle()
        count, _, names, _, _ = layer.listStylesInDatabase()
        times = layer.temporalProperties()
        renderer = layer.renderer()
        found[name] = {
            "valid": True,
            "rows": layer.featureCount(),
            "crs": layer.crs().authid(),
            "kind": core.QgsWkbTypes.displayString(layer.wkbType()),
            "styled": styled,
            "styles": names[:count],
            "renderer": renderer.type() if renderer else None,
            "temporal": times.isActive(),
            "shown": _shown(core, layer, task["year"]) if times.isActive() else None,
            "comments": {f.name(): f.comment() for f in layer.fields()},
            "editable": layer.startEditing(),
        }
        layer.rollBack()
    return found


def _shown(core: Any, layer: Any, year: int) -> int:  # noqa: ANN401
    """Count what a map of a year shows of a layer."""
    from qgis.PyQt.QtCore import QDate, QDateTime, QTime  # noqa: PLC0415 - as below

    days = core.QgsDateTimeRange(
        QDateTime(QDate(year, 1, 1), QTime(0, 0)),
        QDateTime(QDate(year, 12, 31), QTime(0, 0)),
    )
    context = core.QgsVectorLayerTemporalContext()
    context.setLayer(layer)
    test = layer.temporalProperties().createFilterString(context, days)
    request = core.QgsFeatureRequest().setFilterExpression(test)
    return sum(1 for _ in layer.getFeatures(request))


def edited(core: Any, task: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Add a post, and save a style, as people do."""
    uri = f'{task["database"]} key=\'fid\' table="{task["schema"]}"."assets" (geom)'
    layer = core.QgsVectorLayer(uri, "assets", "postgres")
    layer.startEditing()
    feature = core.QgsVectorLayerUtils.createFeature(
        layer,
        core.QgsGeometry.fromPointXY(core.QgsPointXY(68.5, 37.2)),
        {layer.fields().indexOf("asset_id"): "from-qgis"},
    )
    added = layer.addFeature(feature)
    saved = layer.commitChanges()
    error = layer.saveStyleToDatabase("mine", "by hand", False, "")  # noqa: FBT003 - QGIS's
    return {
        "added": added,
        "saved": saved,
        "errors": layer.commitErrors(),
        "style": error,
        "styles": layer.listStylesInDatabase()[2],
    }


def main(path: str) -> None:
    """Start QGIS, and look."""
    from qgis import core  # noqa: PLC0415 - only in the system's Python

    core.QgsApplication.setPrefixPath("/usr", useDefaultPaths=True)
    application = core.QgsApplication([], GUIenabled=False)
    application.initQgis()
    task = json.loads(Path(path).read_text(encoding="utf-8"))
    told = {"layers": opened(core, task), "edited": edited(core, task)}
    print(json.dumps(told))  # noqa: T201 - the answer
    application.exitQgis()


if __name__ == "__main__":
    main(sys.argv[1])
