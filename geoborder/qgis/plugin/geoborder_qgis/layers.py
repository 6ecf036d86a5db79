"""Parameters that are layers: read from any provider, written to any sink."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsFields,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from geoborder_qgis.task import Task
from geoborder_qgis.values import Parameter

_KINDS = {
    "any": QgsProcessing.SourceType.TypeVectorAnyGeometry,
    "line": QgsProcessing.SourceType.TypeVectorLine,
    "point": QgsProcessing.SourceType.TypeVectorPoint,
    "polygon": QgsProcessing.SourceType.TypeVectorPolygon,
    "table": QgsProcessing.SourceType.TypeVector,
}
_ROW, _SHAPE = "geoborder_row", "geoborder_shape"
"""Row number and geometry of handed-over files, which no layer has as a column."""


@dataclass(frozen=True)
class Layer(Parameter):
    """
    A layer to read: its selected features, if so asked, as QGIS shows them.

    Attributes
    ----------
    kinds : tuple of str
        ``point``, ``line``, ``polygon``, ``any``.
    """

    kinds: tuple[str, ...] = ("any",)

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterFeatureSource(
            self.name,
            self.title,
            [_KINDS[kind] for kind in self.kinds],
            optional=self.optional,
        )

    def texts(self, task: Task) -> list[str]:
        return [str(_hand_over(self.name, task))]


@dataclass(frozen=True)
class Border(Layer):
    """A border line to read, or else the one between two countries."""

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        codes = (("LEFT", "left", "TJK"), ("RIGHT", "right", "AFG"))
        ends = [
            QgsProcessingParameterString(
                name, f"Without a layer: country on the {side}", default, optional=True
            )
            for name, side, default in codes
        ]
        for end in ends:
            end.setHelp(
                "ISO 3166-1 alpha-3 code; with the other one it takes a bundled border."
            )
        return [*super().definitions(), *ends]

    def words(self, task: Task) -> list[str]:
        if task.given(self.name):
            return super().words(task)
        texts = [
            task.algorithm.parameterAsString(task.parameters, name, task.context)
            for name in ("LEFT", "RIGHT")
        ]
        return ["--between", *(text.strip() for text in texts)]


@dataclass(frozen=True)
class Rasters(Parameter):
    """One or several rasters to read."""

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterMultipleLayers(
            self.name,
            self.title,
            QgsProcessing.SourceType.TypeRaster,
            optional=self.optional,
        )

    def texts(self, task: Task) -> list[str]:
        layers = task.algorithm.parameterAsLayerList(
            task.parameters, self.name, task.context
        )
        if not layers:
            msg = f"{self.title}: {task.parameters[self.name]!r} is no raster layer."
            raise QgsProcessingException(msg)
        for layer in layers:
            if layer.dataProvider().name() != "gdal":
                msg = (
                    f"{self.title}: {layer.name()!r} is no raster that GDAL reads; "
                    "save it as a GeoTIFF."
                )
                raise QgsProcessingException(msg)
        return [_absolute(layer.source()) for layer in layers]


def _absolute(source: str) -> str:
    """Make a file's path absolute; leave addresses as they are."""
    path = Path(source)
    return str(path.absolute()) if path.exists() else source


def _hand_over(name: str, task: Task) -> Path:
    """Write what a source gives to a file for geoborder."""
    asked = (task.parameters, name, task.context)
    source = task.algorithm.parameterAsSource(*asked)
    if source is None:
        raise QgsProcessingException(
            task.algorithm.invalidSourceError(task.parameters, name)
        )
    fault = _unfit(source)
    if fault:
        msg = f"{source.sourceName()!r} {fault}"
        raise QgsProcessingException(msg)
    layer = task.algorithm.parameterAsVectorLayer(*asked)
    kept = _columns(source.fields(), set() if layer is None else _row_numbers(layer))
    fields = _only(source.fields(), kept)
    same = _alike(fields.names())
    if same:
        msg = (
            f"{source.sourceName()!r} has columns whose names differ only in case: "
            f"{' and '.join(map(repr, same))}; rename or drop one."
        )
        raise QgsProcessingException(msg)
    file = task.folder / f"{name.lower()}.gpkg"
    writer = _writer(file, fields, source, task)
    for feature in _features(source, task.parameters[name], task):
        writer.addFeature(_copy(feature, fields, kept), QgsFeatureSink.Flag.FastInsert)
    if not writer.flushBuffer() or writer.hasError():
        raise QgsProcessingException(writer.errorMessage())
    del writer  # closes the file
    return file


def _unfit(source: QgsProcessingFeatureSource) -> str:
    """Say why geoborder cannot tell where a source's features are."""
    if source.wkbType() == QgsWkbTypes.Type.NoGeometry:
        return (
            "is a table without geometry; make a layer of it first, such as with "
            "'Create points layer from table'."
        )
    if not source.sourceCrs().isValid():
        return "has no coordinate reference system; set it in the layer's properties."
    return ""


def _alike(names: list[str]) -> list[str]:
    """Find the first names that a GeoPackage takes for one."""
    for name in names:
        same = [other for other in names if other.lower() == name.lower()]
        if len(same) > 1:
            return same
    return []


def _features(
    source: QgsProcessingFeatureSource,
    asked: Any,  # noqa: ANN401 - a layer, a path or a selection
    task: Task,
) -> Iterator[QgsFeature]:
    """Give a source's features, each of a single part where it has but one."""
    flags = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
    features = source.getFeatures(QgsFeatureRequest(), flags)
    if getattr(asked, "selectedFeaturesOnly", False):  # these come in any order
        features = sorted(features, key=QgsFeature.id)
    for feature in features:
        if task.feedback.isCanceled():
            return
        geometry = feature.geometry()
        if geometry.isMultipart() and geometry.constGet().partCount() == 1:
            geometry.convertToSingleType()
            feature.setGeometry(geometry)
        yield feature


def _writer(
    file: Path, fields: QgsFields, source: QgsProcessingFeatureSource, task: Task
) -> QgsVectorFileWriter:
    """Begin a GeoPackage whose row numbers and geometry clash with no column."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = file.stem
    options.layerOptions = [
        f"FID={_ROW}",
        f"GEOMETRY_NAME={_SHAPE}",
        "SPATIAL_INDEX=NO",
    ]
    writer = QgsVectorFileWriter.create(
        str(file),
        fields,
        _type_of(source),
        source.sourceCrs(),
        task.context.transformContext(),
        options,
    )
    if writer.hasError() != QgsVectorFileWriter.WriterError.NoError:
        msg = f"{source.sourceName()!r} cannot be read: {writer.errorMessage()}"
        raise QgsProcessingException(msg)
    return writer


def _type_of(source: QgsProcessingFeatureSource) -> QgsWkbTypes.Type:
    """Type of a file for any geometry; only a collection can be told to keep Z."""
    has_z = QgsWkbTypes.hasZ(source.wkbType())
    kinds = QgsWkbTypes.Type
    return kinds.GeometryCollectionZ if has_z else kinds.Unknown


def _row_numbers(layer: QgsVectorLayer) -> set[int]:
    """Which columns of a file are only the numbers of its rows."""
    provider = layer.dataProvider()
    if provider is None or provider.name() != "ogr":
        return set()
    names = layer.fields().names()
    return {i for i in provider.pkAttributeIndexes() if names[i].lower() == "fid"}


def _columns(fields: QgsFields, dropped: set[int]) -> list[int]:
    return [i for i in range(fields.count()) if i not in dropped]


def _only(fields: QgsFields, kept: list[int]) -> QgsFields:
    chosen = QgsFields()
    for i in kept:
        chosen.append(fields.at(i))
    return chosen


def _copy(feature: QgsFeature, fields: QgsFields, kept: list[int]) -> QgsFeature:
    """Copy a feature with some of its columns."""
    made = QgsFeature(fields)
    made.setGeometry(feature.geometry())
    made.setAttributes([feature.attribute(i) for i in kept])
    return made


@dataclass(frozen=True)
class OutLayer(Parameter):
    """
    A layer to write, to wherever Processing can.

    Attributes
    ----------
    kind : str
        ``point``, ``line``, ``polygon`` or ``table``.
    """

    kind: str = "line"

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterFeatureSink(
            self.name,
            self.title,
            _KINDS[self.kind],
            optional=self.optional,
            createByDefault=not self.optional,
        )

    def texts(self, task: Task) -> list[str]:
        return [str(self._file(task))]

    def _file(self, task: Task) -> Path:
        return task.folder / f"{self.name.lower()}.gpkg"

    def finish(self, task: Task) -> dict[str, Any]:
        if not task.given(self.name):
            return {}
        made = QgsVectorLayer(str(self._file(task)), self.name, "ogr")
        if not made.isValid():
            msg = f"{self.title}: geoborder wrote no layer."
            raise QgsProcessingException(msg)
        row_numbers = set(made.dataProvider().pkAttributeIndexes())
        kept = _columns(made.fields(), row_numbers)
        fields = _only(made.fields(), kept)
        self._require_room(fields, task)
        sink, place = task.algorithm.parameterAsSink(
            task.parameters, self.name, task.context, fields, made.wkbType(), made.crs()
        )
        if sink is None:
            raise QgsProcessingException(
                task.algorithm.invalidSinkError(task.parameters, self.name)
            )
        for feature in made.getFeatures():
            if not sink.addFeature(
                _copy(feature, fields, kept), QgsFeatureSink.Flag.FastInsert
            ):
                msg = f"{self.title}: {sink.lastError()}"
                raise QgsProcessingException(msg)
        del sink  # closes the file
        return {self.name: place}

    def _require_room(self, fields: QgsFields, task: Task) -> None:
        """Refuse columns that QGIS cannot write, before it begins a file."""
        asked = (task.parameters, self.name, task.context)
        place = task.algorithm.parameterAsOutputLayer(*asked).lower()
        if not place.endswith(".gpkg") and not place.startswith("ogr:"):
            return
        numbers = (QVariant.Int, QVariant.LongLong)
        for field in fields:
            taken = field.name().lower()
            if taken == "geom" or (taken == "fid" and field.type() not in numbers):
                msg = (
                    f"{self.title}: QGIS keeps 'geom' and 'fid' of a GeoPackage for "
                    f"geometry and row numbers, there is no room for the column "
                    f"{field.name()!r}; rename it, or write another format."
                )
                raise QgsProcessingException(msg)


@dataclass(frozen=True)
class OutRaster(Parameter):
    """A raster to write."""

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterRasterDestination(
            self.name,
            self.title,
            optional=self.optional,
            createByDefault=not self.optional,
        )

    def texts(self, task: Task) -> list[str]:
        return [self._file(task)]

    def _file(self, task: Task) -> str:
        return str(task.place(self.name, task.algorithm.parameterAsOutputLayer))

    def finish(self, task: Task) -> dict[str, Any]:
        return {self.name: self._file(task)} if task.given(self.name) else {}


@dataclass(frozen=True)
class OutFolder(Parameter):
    """A folder to write to."""

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterFolderDestination(self.name, self.title)

    def texts(self, task: Task) -> list[str]:
        return [str(self.folder(task))]

    def folder(self, task: Task) -> Path:
        """
        Give the folder.

        Parameters
        ----------
        task
            The run.

        Returns
        -------
        Path
            The folder; the command makes it.
        """
        return task.place(self.name, task.algorithm.parameterAsString)

    def finish(self, task: Task) -> dict[str, Any]:
        return {self.name: str(self.folder(task))}
