"""A QGIS plugin: geoborder's algorithms for Processing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

    from geoborder_qgis.plugin import GeoborderPlugin


def classFactory(iface: QgisInterface | None = None) -> GeoborderPlugin:
    """
    Make the plugin; QGIS calls this.

    Parameters
    ----------
    iface
        QGIS's window; None where there is no screen.

    Returns
    -------
    GeoborderPlugin
        The plugin.
    """
    from geoborder_qgis.plugin import (  # noqa: PLC0415 - only inside QGIS
        GeoborderPlugin,
    )

    return GeoborderPlugin(iface)
