"""
A project opened, looked at and printed by QGIS itself, under the system's Python.

As a script it takes a JSON file: ``out`` (folder for pictures), ``project`` to look at
closely, ``others`` to open only, ``alone`` (layers to add without a project) and
``views`` (name, box in degrees or nothing for the whole, year or nothing, layers that
are turned on for it). What it finds is the last line it prints.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


class Viewer:
    """QGIS without a window."""

    def __init__(self) -> None:
        """Start it, and listen to what it complains of."""
        from qgis import core  # noqa: PLC0415 - only in the system's Python
        from qgis.PyQt import QtCore  # noqa: PLC0415

        self.core, self.qt = core, QtCore
        core.QgsApplication.setPrefixPath("/usr", useDefaultPaths=True)
        self.application = core.QgsApplication([], GUIenabled=False)
        self.application.initQgis()
        self.messages: list[str] = []
        core.QgsApplication.messageLog().messageReceived.connect(self._hear)
        self.project = core.QgsProject.instance()

    def _hear(self, text: str, tag: str, level: int) -> None:
        """Keep warnings and worse."""
        if int(level) in {1, 2}:
            self.messages.append(f"{tag}: {text}")

    def open(self, path: str) -> dict[str, Any]:
        """Open a project and say what is in it."""
        self.messages.clear()
        read = self.project.read(path)
        layers = {key: self._layer(v) for key, v in self.project.mapLayers().items()}
        relations = self.project.relationManager().relations()
        times = self.project.timeSettings()
        groups = [node.name() for node in self.project.layerTreeRoot().children()]
        return {
            "read": read,
            "title": self.project.title(),
            "crs": self.project.crs().authid(),
            "crs_valid": self.project.crs().isValid(),
            "ellipsoid": self.project.ellipsoid(),
            "units": self.core.QgsUnitTypes.toString(self.project.distanceUnits()),
            "abstract": self.project.metadata().abstract(),
            "begin": times.temporalRange().begin().toString("yyyy-MM-dd"),
            "end": times.temporalRange().end().toString("yyyy-MM-dd"),
            "step": [times.timeStep(), int(times.timeStepUnit())],
            "groups": groups,
            "layers": layers,
            "shown": [
                layer.id()
                for layer in self.project.layerTreeRoot().layerOrder()
                if self.project.layerTreeRoot().findLayer(layer.id()).isVisible()
            ],
            "relations": {k: [r.name(), r.isValid()] for k, r in relations.items()},
            "bookmarks": [
                [mark.name(), mark.group(), _corners(mark.extent())]
                for mark in self.project.bookmarkManager().bookmarks()
            ],
            "labels": self._texts(),
            "messages": list(self.messages),
        }

    def _layer(self, layer: Any) -> dict[str, Any]:  # noqa: ANN401 - QGIS's own class
        """Say what a layer is and how it looks."""
        renderer = layer.renderer() if hasattr(layer, "renderer") else None
        found = {
            "valid": layer.isValid(),
            "name": layer.name(),
            "crs": layer.crs().authid(),
            "source": layer.source(),
            "renderer": None if renderer is None else renderer.type(),
            "temporal": layer.temporalProperties().isActive(),
            "styles": layer.styleManager().styles(),
            "style": layer.styleManager().currentStyle(),
            "rights": layer.metadata().rights(),
            "abstract": layer.metadata().abstract(),
        }
        if layer.type() == 0:
            found |= self._fields(layer)
        return found

    def _fields(self, layer: Any) -> dict[str, Any]:  # noqa: ANN401
        """Say what people read of a layer: names of fields, tips, names of features."""
        context = self.project.createExpressionContext()
        scope = self.core.QgsExpressionContextUtils.layerScope(layer)
        context.appendScope(scope)
        tips, names, faults = [], [], []
        for feature in layer.getFeatures(self.core.QgsFeatureRequest().setLimit(3)):
            context.setFeature(feature)
            whole = self.core.QgsExpression.replaceExpressionText
            tips.append(whole(layer.mapTipTemplate(), context))
            shown = self.core.QgsExpression(layer.displayExpression())
            names.append(shown.evaluate(context))
            if shown.hasEvalError() or shown.hasParserError():
                faults.append(shown.expression())
        fields = layer.fields()
        return {
            "rows": layer.featureCount(),
            "labels": layer.labelsEnabled(),
            "aliases": {f.name(): f.alias() for f in fields},
            "types": {f.name(): f.typeName() for f in fields},
            "tips": tips,
            "names": names,
            "faults": faults,
        }

    def _texts(self) -> dict[str, dict[str, str]]:
        """Read the texts on the layouts."""
        found = {}
        for layout in self.project.layoutManager().layouts():
            labels = [
                item
                for item in layout.items()
                if isinstance(item, self.core.QgsLayoutItemLabel)
            ]
            found[layout.name()] = {item.id(): item.currentText() for item in labels}
        return found

    def years(self, name: str, years: list[int]) -> dict[int, int]:
        """Count a layer's features in each year as the temporal controller shows it."""
        layer = self.project.mapLayer(name)
        context = self.core.QgsVectorLayerTemporalContext()
        context.setLayer(layer)
        counts = {}
        for year in years:
            made = layer.temporalProperties().createFilterString(
                context, self._range(year)
            )
            request = self.core.QgsFeatureRequest().setFilterExpression(made)
            counts[year] = sum(1 for _ in layer.getFeatures(request))
        return counts

    def colours(self, name: str, key: str) -> dict[str, dict[str, str]]:
        """Ask each style of a layer for the colour of each feature."""
        layer = self.project.mapLayer(name)
        styles = layer.styleManager()
        first, found = styles.currentStyle(), {}
        context = self.core.QgsRenderContext()
        context.setExpressionContext(layer.createExpressionContext())
        for style in styles.styles():
            styles.setCurrentStyle(style)
            renderer = layer.renderer().clone()
            renderer.startRender(context, layer.fields())
            colours = {}
            for feature in layer.getFeatures():
                context.expressionContext().setFeature(feature)
                symbol = renderer.symbolForFeature(feature, context)
                top = symbol.symbolLayer(symbol.symbolLayerCount() - 1)
                colours[str(feature[key])] = top.color().name()
            renderer.stopRender(context)
            found[style] = colours
        styles.setCurrentStyle(first)
        return found

    def _range(self, year: int) -> Any:  # noqa: ANN401
        """One frame of the temporal controller: a year without its end."""
        begin, end = (
            self.qt.QDateTime(
                self.qt.QDate(y, 1, 1), self.qt.QTime(0, 0), self.qt.Qt.UTC
            )
            for y in (year, year + 1)
        )
        return self.core.QgsDateTimeRange(
            begin, end, includeBeginning=True, includeEnd=False
        )

    def draw(
        self, path: Path, box: list[float] | None, year: int | None, on: list[str]
    ) -> dict[str, Any]:
        """Draw what is shown to a picture; gives what it shows, and its labels."""
        settings = self.core.QgsMapSettings()
        settings.setDestinationCrs(self.project.crs())
        settings.setOutputSize(self.qt.QSize(1200, 750))
        settings.setBackgroundColor(self.project.backgroundColor())
        settings.setTransformContext(self.project.transformContext())
        settings.setEllipsoid(self.project.ellipsoid())
        tree = self.project.layerTreeRoot()
        layers = [
            layer
            for layer in tree.layerOrder()
            if tree.findLayer(layer.id()).isVisible() or layer.id() in on
        ]
        settings.setLayers(layers)
        extent = self.project.viewSettings().defaultViewExtent()
        if box is not None:
            lonlat = self.core.QgsCoordinateReferenceSystem("EPSG:4326")
            there = self.core.QgsCoordinateTransform(
                lonlat, self.project.crs(), self.project
            )
            extent = there.transformBoundingBox(self.core.QgsRectangle(*box))
        settings.setExtent(extent)
        if year is not None:
            settings.setIsTemporal(True)
            settings.setTemporalRange(self._range(year))
        context = self.project.createExpressionContext()
        scope = self.core.QgsExpressionContextUtils.mapSettingsScope(settings)
        context.appendScope(scope)
        settings.setExpressionContext(context)
        job = self.core.QgsMapRendererParallelJob(settings)
        job.start()
        job.waitForFinished()
        assert not job.errors(), [error.message for error in job.errors()]
        assert job.renderedImage().save(str(path))
        labels = job.takeLabelingResults().labelsWithinRect(settings.visibleExtent())
        return {
            "box": _corners(settings.visibleExtent()),
            "labels": [
                [label.layerID, label.labelText, label.labelGeometry.asWkt(1)]
                for label in labels
            ],
        }

    def print(self, out: Path) -> dict[str, Any]:
        """Print the layouts, and a page of each atlas."""
        found = {}
        for n, layout in enumerate(self.project.layoutManager().layouts()):
            exporter = self.core.QgsLayoutExporter(layout)
            picture = exporter.ImageExportSettings()
            picture.dpi = 100
            name = str(out / f"layout{n}")
            codes = [
                exporter.exportToImage(f"{name}.png", picture),
                exporter.exportToPdf(f"{name}.pdf", exporter.PdfExportSettings()),
            ]
            atlas = layout.atlas()
            pages = []
            if atlas.enabled():
                atlas.beginRender()
                while atlas.next():
                    pages.append(atlas.currentFilename())
                    if len(pages) == 3:
                        layout.refresh()
                        codes.append(
                            exporter.exportToImage(f"{name}_atlas.png", picture)
                        )
                        texts = self._texts()[layout.name()]
                atlas.endRender()
            found[layout.name()] = {
                "codes": [int(code) for code in codes],
                "pages": pages,
                "texts": texts if pages else {},
            }
        return found

    def alone(self, path: str, names: list[str]) -> dict[str, Any]:
        """Add layers of a GeoPackage as a user does, without the project."""
        self.project.clear()
        found = {}
        for name in names:
            layer = self.core.QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
            layer.loadDefaultStyle()  # as its window does for every layer that is added
            found[name] = self._layer(layer)
        return found


def _corners(box: Any) -> list[float]:  # noqa: ANN401
    """List a rectangle's sides."""
    return [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]


def main() -> None:
    """Do what the file says."""
    asked = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    out = Path(asked["out"])
    viewer = Viewer()
    found: dict[str, Any] = {
        "others": {path: viewer.open(path) for path in asked["others"]},
        "project": viewer.open(asked["project"]),
    }
    found["years"] = {
        name: viewer.years(name, asked["years"])
        for name, layer in found["project"]["layers"].items()
        if layer["temporal"]
    }
    found["views"] = {
        name: viewer.draw(out / f"{name}.png", box, year, on)
        for name, box, year, on in asked["views"]
    }
    found["colours"] = viewer.colours("geoborder_segments", "segment_id")
    found["print"] = viewer.print(out)
    found["messages"] = list(viewer.messages)
    found["alone"] = viewer.alone(asked["geopackage"], asked["alone"])
    print(json.dumps(found), flush=True)  # noqa: T201 - what was asked for
    os._exit(0)  # QGIS does not always end cleanly under Python


if __name__ == "__main__":
    main()
