"""geoborder as a provider of Processing algorithms."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from geoborder_qgis.algorithm import GeoborderAlgorithm
from geoborder_qgis.commands import COMMANDS
from geoborder_qgis.interpreter import installed
from geoborder_qgis.settings import add_settings, remove_settings

ICON = Path(__file__).with_name("icon.svg")


class GeoborderProvider(QgsProcessingProvider):
    """The algorithms, under one name and icon."""

    def id(self) -> str:
        return "geoborder"

    def name(self) -> str:
        return "geoborder"

    def longName(self) -> str:
        return "geoborder: planning along a land border"

    def versionInfo(self) -> str:
        return installed("version")

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        return ["tif", "tiff"]

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        return str(ICON)

    def load(self) -> bool:
        add_settings(self.name(), self.icon())
        self.refreshAlgorithms()
        return True

    def unload(self) -> None:
        remove_settings()

    def loadAlgorithms(self) -> None:
        for command in COMMANDS:
            self.addAlgorithm(GeoborderAlgorithm(command))
