"""The plugin for QGIS's Processing, put into a profile of QGIS and taken out."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from geoborder.errors import OptionError
from geoborder.files import write_bytes

PLUGIN = "geoborder_qgis"
"""Name of the plugin's folder, by which QGIS enables it."""

_SOURCE = Path(__file__).with_name("plugin") / PLUGIN
_FACTS = "installation.json"
_METADATA = "metadata.txt"
_SECTION = "[PythonPlugins]"


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """
    What stands in a folder of plugins.

    Attributes
    ----------
    folder : Path
        The plugin's folder, whether it is there or not.
    installed : bool
        Whether it is.
    version : str or None
        Version of geoborder that it came with.
    python : Path or None
        Python that it runs geoborder in.
    runs : bool
        Whether that Python is still there.
    current : bool
        Whether its files are those of this geoborder.
    enabled : bool or None
        Whether QGIS loads it; None where no profile says so.
    """

    folder: Path
    installed: bool
    version: str | None = None
    python: Path | None = None
    runs: bool = False
    current: bool = False
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a plugin lies, and the settings that enable it."""

    folder: Path
    settings: Path | None


def profiles_folder() -> Path:
    """
    Find where QGIS keeps its users' profiles.

    Returns
    -------
    Path
        In the folder that ``QGIS_CUSTOM_CONFIG_PATH`` names, or the system's usual one
        for QGIS 3.

    Examples
    --------
    >>> profiles_folder().name
    'profiles'
    """
    custom = os.environ.get("QGIS_CUSTOM_CONFIG_PATH")
    if custom:
        return Path(custom) / "profiles"
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "QGIS" / "QGIS3" / "profiles"


def install_plugin(
    *,
    profile: str | None = None,
    profiles: str | Path | None = None,
    folder: str | Path | None = None,
    enable: bool = True,
) -> PluginStatus:
    """
    Put the plugin into a profile of QGIS, or renew it.

    The plugin runs geoborder in the Python that calls this function, and remembers its
    path.

    Parameters
    ----------
    profile
        Name of the profile; left out: the one that QGIS starts with.
    profiles
        Folder of the profiles, as QGIS's ``--profiles-path``; left out: the usual one.
    folder
        Folder of plugins to use instead of a profile's; nothing is enabled there.
    enable
        Whether QGIS is told to load it from its next start on.

    Returns
    -------
    PluginStatus
        What stands there then.

    Raises
    ------
    OptionError
        If there is no such profile, options clash, or the folder cannot be written;
        an earlier plugin is untouched.

    See Also
    --------
    uninstall_plugin : Take it out again.

    Examples
    --------
    >>> import tempfile
    >>> status = install_plugin(profiles=tempfile.mkdtemp())
    >>> status.installed, status.current, status.enabled
    (True, True, True)
    """
    place = _place(profile, profiles, folder)
    with _replaced(place.folder) as stage:
        shutil.copytree(
            _SOURCE, stage, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
        metadata = stage / _METADATA
        metadata.write_text(_dated(metadata), encoding="utf-8")
        facts = {"python": sys.executable, "version": version("geoborder")}
        (stage / _FACTS).write_text(json.dumps(facts, indent=2), encoding="utf-8")
    if enable and place.settings is not None:
        _enable(place.settings, wanted=True)
    return _status(place)


def uninstall_plugin(
    *,
    profile: str | None = None,
    profiles: str | Path | None = None,
    folder: str | Path | None = None,
) -> PluginStatus:
    """
    Take the plugin out of a profile of QGIS.

    Parameters
    ----------
    profile, profiles, folder
        As for `install_plugin`.

    Returns
    -------
    PluginStatus
        What stood there before.

    Raises
    ------
    OptionError
        If there is no such profile, options clash, or the folder cannot be removed.

    Examples
    --------
    >>> import tempfile
    >>> profiles = tempfile.mkdtemp()
    >>> _ = install_plugin(profiles=profiles)
    >>> uninstall_plugin(profiles=profiles).installed
    True
    >>> plugin_status(profiles=profiles).installed
    False
    """
    place = _place(profile, profiles, folder)
    before = _status(place)
    if before.installed:
        try:
            if place.folder.is_symlink():
                place.folder.unlink()
            else:
                shutil.rmtree(place.folder)
        except OSError as error:
            raise OptionError(_reason(place.folder, error)) from error
    if place.settings is not None:
        _enable(place.settings, wanted=False)
    return before


def plugin_status(
    *,
    profile: str | None = None,
    profiles: str | Path | None = None,
    folder: str | Path | None = None,
) -> PluginStatus:
    """
    Tell whether the plugin stands in a profile of QGIS, and whether it can run.

    Parameters
    ----------
    profile, profiles, folder
        As for `install_plugin`.

    Returns
    -------
    PluginStatus
        What stands there.

    Raises
    ------
    OptionError
        If there is no such profile, or options clash.

    Examples
    --------
    >>> import tempfile
    >>> plugin_status(folder=tempfile.mkdtemp()).installed
    False
    """
    return _status(_place(profile, profiles, folder))


def _place(
    profile: str | None, profiles: str | Path | None, folder: str | Path | None
) -> _Place:
    """Find the plugin's folder."""
    if folder is not None:
        if profile is not None or profiles is not None:
            msg = "Give either a folder of plugins or a profile, not both."
            raise OptionError(msg)
        return _Place(Path(folder).absolute() / PLUGIN, None)
    root = Path(profiles).absolute() if profiles is not None else profiles_folder()
    usual = _usual_profile(root)
    name = profile or usual
    home = root / name
    there = _profiles_in(root)
    if Path(name).name != name or (name not in there and name != usual):
        known = ", ".join(there) or "none yet: start QGIS once"
        msg = f"There is no profile {name!r} in {str(root)!r}; there are: {known}."
        raise OptionError(msg)
    return _Place(home / "python" / "plugins" / PLUGIN, home / "QGIS" / "QGIS3.ini")


def _profiles_in(root: Path) -> list[str]:
    return sorted(p.name for p in root.iterdir() if p.is_dir()) if root.is_dir() else []


def _usual_profile(root: Path) -> str:
    """Read which profile QGIS starts with."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(root / "profiles.ini", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return "default"
    return parser.get("core", "defaultProfile", fallback="default") or "default"


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """Give a place to build a folder in, which then takes the earlier one's place."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{folder.name}-", dir=folder.parent
        ) as stage:
            fresh, earlier = Path(stage) / "fresh", Path(stage) / "earlier"
            yield fresh
            if folder.exists():
                folder.rename(earlier)
            try:
                fresh.rename(folder)
            except OSError:
                if earlier.exists():
                    earlier.rename(folder)
                raise
    except OSError as error:
        raise OptionError(_reason(folder, error)) from error


def _reason(folder: Path, error: OSError) -> str:
    """Say why a folder cannot be changed."""
    return f"{str(folder)!r} cannot be changed: {error.strerror or error}."


def _dated(metadata: Path) -> str:
    """Give the plugin's metadata with the version of this geoborder."""
    lines = metadata.read_text(encoding="utf-8").splitlines()
    own = f"version={version('geoborder')}"
    return "\n".join(own if x.startswith("version=") else x for x in lines) + "\n"


def _status(place: _Place) -> PluginStatus:
    """Look at what is there."""
    enabled = None if place.settings is None else _is_enabled(place.settings)
    if not (place.folder / _METADATA).is_file():
        return PluginStatus(place.folder, installed=False, enabled=enabled)
    try:
        facts = json.loads((place.folder / _FACTS).read_text(encoding="utf-8"))
        python, came_with = Path(facts["python"]), str(facts["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return PluginStatus(place.folder, installed=True, enabled=enabled)
    return PluginStatus(
        place.folder,
        installed=True,
        version=came_with,
        python=python,
        runs=shutil.which(python) is not None,
        current=_contents(place.folder) == _contents(_SOURCE),
        enabled=enabled,
    )


def _contents(folder: Path) -> dict[str, bytes]:
    """Read a plugin's files, but for what an installation writes itself."""
    return {
        path.relative_to(folder).as_posix(): (
            _dated(path).encode() if path.name == _METADATA else path.read_bytes()
        )
        for path in folder.rglob("*")
        if path.is_file() and path.name != _FACTS and "__pycache__" not in path.parts
    }


def _lines(settings: Path) -> list[str]:
    """Read QGIS's settings as lines of bytes; none where there are none."""
    if not settings.is_file():
        return []
    return settings.read_bytes().decode("latin-1").removesuffix("\n").split("\n")


def _is_enabled(settings: Path) -> bool:
    """Tell whether QGIS loads the plugin."""
    lines = _lines(settings)
    at = _entry(lines)
    return at is not None and lines[at].split("=", 1)[1].strip() == "true"


def _entry(lines: list[str]) -> int | None:
    """Find the plugin's line in its section."""
    section = ""
    for number, line in enumerate(lines):
        if line.startswith("["):
            section = line.strip()
        elif section == _SECTION and line.split("=", 1)[0].strip() == PLUGIN:
            return number
    return None


def _enable(settings: Path, *, wanted: bool) -> None:
    """Change the one line of QGIS's settings; all else stays byte for byte."""
    lines = _lines(settings)
    at = _entry(lines)
    end = "\r" if lines and lines[0].endswith("\r") else ""
    section, own = _SECTION + end, f"{PLUGIN}=true{end}"
    if at is not None:
        lines[at : at + 1] = [own] if wanted else []
    elif not wanted:
        return
    elif section in lines:
        lines.insert(lines.index(section) + 1, own)
    else:
        lines += [end, section, own] if lines else [section, own]
    try:
        settings.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(_reason(settings.parent, error)) from error
    write_bytes(settings, ("\n".join(lines) + "\n").encode("latin-1"))
