"""What QGIS loads, with a window or without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsApplication

from geoborder_qgis.provider import GeoborderProvider

if TYPE_CHECKING:
    from qgis.gui import QgisInterface


class GeoborderPlugin:
    """
    Adds the provider to Processing, and takes it away again.

    Parameters
    ----------
    iface
        QGIS's window; None where there is no screen.
    """

    def __init__(self, iface: QgisInterface | None) -> None:
        self.iface = iface
        self.provider: GeoborderProvider | None = None

    def initProcessing(self) -> None:
        """Add the provider; ``qgis_process`` calls this alone."""
        if self.provider is None:
            self.provider = GeoborderProvider()
            QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Add the provider; QGIS with a window calls this."""
        self.initProcessing()

    def unload(self) -> None:
        """Take the provider away."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
