"""Which Python geoborder is installed in, and the environment it runs in."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

VARIABLE = "GEOBORDER_PYTHON"
"""Environment variable that names the Python, before anything else."""

INSTALLATION = Path(__file__).with_name("installation.json")
"""What ``geoborder qgis install`` wrote down."""

_OF_QGIS = (
    "DYLD_FRAMEWORK_PATH",
    "DYLD_LIBRARY_PATH",
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
    "GDAL_PAM_PROXY_DIR",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PROJ_DATA",
    "PROJ_LIB",
    "PYTHONEXECUTABLE",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
)
"""What leads another Python to QGIS's libraries and data."""

_MEND = (
    "Run `geoborder qgis install` in the environment that has geoborder, or name its "
    f"Python by the environment variable {VARIABLE} or in Settings > Options > "
    "Processing > Providers > geoborder."
)


class PythonMissingError(Exception):
    """There is no Python to run geoborder in; the message says how to mend it."""


def find_python(setting: str = "") -> str:
    """
    Find the Python in which geoborder is installed.

    Parameters
    ----------
    setting
        Path from QGIS's options; empty: none.

    Returns
    -------
    str
        Path of the environment variable, else of `setting`, else of the
        installation.

    Raises
    ------
    PythonMissingError
        If it is not known, or no longer there.
    """
    candidates = (
        (os.environ.get(VARIABLE, ""), f"named by {VARIABLE}"),
        (setting, "named in QGIS's options"),
        (installed("python"), "in which geoborder was installed"),
    )
    for path, whose in candidates:
        if not path.strip():
            continue
        found = shutil.which(path.strip())
        if found is None:
            msg = f"The Python {whose}, {path.strip()!r}, is not there. {_MEND}"
            raise PythonMissingError(msg)
        return found
    msg = f"It is not known which Python geoborder is installed in. {_MEND}"
    raise PythonMissingError(msg)


def installed(fact: str) -> str:
    """
    Read what the installation wrote down.

    Parameters
    ----------
    fact
        ``python``: path of the Python in which geoborder is installed; ``version``:
        of geoborder.

    Returns
    -------
    str
        Empty where it is not known.
    """
    try:
        return str(json.loads(INSTALLATION.read_text(encoding="utf-8"))[fact])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def clean_environment() -> dict[str, str]:
    """
    Give the environment without what is QGIS's own.

    Returns
    -------
    dict
        Variables for a process that runs geoborder and tells its progress in lines.
    """
    kept = {k: v for k, v in os.environ.items() if k.upper() not in _OF_QGIS}
    return {
        **kept,
        "GEOBORDER_PROGRESS": "lines",
        "PYTHONUTF8": "1",
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }
