"""The one setting in Processing's options: which Python runs geoborder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qgis.PyQt.QtGui import QIcon

_PYTHON = "GEOBORDER_PYTHON"


def add_settings(group: str, icon: QIcon) -> None:
    """
    Offer the setting in Processing's options.

    Parameters
    ----------
    group
        The provider's name.
    icon
        Its icon.
    """
    try:
        from processing.core.ProcessingConfig import (  # noqa: PLC0415 - may be missing
            ProcessingConfig,
            Setting,
        )
    except ImportError:
        return
    title = "Python in which geoborder is installed (empty: as installed)"
    ProcessingConfig.settingIcons[group] = icon
    ProcessingConfig.addSetting(
        Setting(group, _PYTHON, title, "", valuetype=Setting.FILE)
    )
    ProcessingConfig.readSettings()


def remove_settings() -> None:
    """Take the setting away."""
    try:
        from processing.core.ProcessingConfig import (  # noqa: PLC0415 - may be missing
            ProcessingConfig,
        )
    except ImportError:
        return
    ProcessingConfig.removeSetting(_PYTHON)


def python_setting() -> str:
    """
    Read the setting.

    Returns
    -------
    str
        Path of a Python; empty where none is set.
    """
    try:
        from processing.core.ProcessingConfig import (  # noqa: PLC0415 - may be missing
            ProcessingConfig,
        )
    except ImportError:
        return ""
    return str(ProcessingConfig.getSetting(_PYTHON) or "")
