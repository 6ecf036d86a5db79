"""The plugin put into profiles of QGIS, and its parts that run without QGIS."""

from __future__ import annotations

import ast
import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

import geoborder as gb
from geoborder.cli import app
from geoborder.errors import OptionError
from geoborder.qgis.install import (
    PLUGIN,
    install_plugin,
    plugin_status,
    profiles_folder,
    uninstall_plugin,
)

SOURCE = Path(gb.__file__).parent / "qgis" / "plugin" / PLUGIN
SETTINGS = """\
[PythonPlugins]
processing=true
other\\sub=1

[qgis]
WindowGeometry=@ByteArray(\\x1\\xd9)
name=\\xcdsafj\\xf6r\\xf0ur
plain=Ísafjörður\u2028and\u0085more
"""


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    """Profiles as QGIS has them: two, of which the second is the usual one."""
    for name in ("default", "work"):
        (tmp_path / name / "QGIS").mkdir(parents=True)
    (tmp_path / "profiles.ini").write_text("[core]\ndefaultProfile=work\n")
    settings = tmp_path / "work" / "QGIS" / "QGIS3.ini"
    settings.write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def test_the_plugin_comes_and_goes(profiles: Path) -> None:
    folder = profiles / "work" / "python" / "plugins" / PLUGIN
    settings = profiles / "work" / "QGIS" / "QGIS3.ini"
    before = plugin_status(profiles=profiles)
    assert (before.folder, before.installed, before.enabled) == (folder, False, False)
    status = install_plugin(profiles=profiles)
    assert status.folder == folder
    assert status.version == gb.__version__
    assert status.python == Path(sys.executable)
    assert status.runs
    assert status.current
    assert status.enabled
    files = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
    ours = {p.relative_to(SOURCE) for p in SOURCE.rglob("*.*") if "cache" not in str(p)}
    assert files == {p for p in ours if (SOURCE / p).is_file()} | {
        Path("installation.json")
    }
    assert f"\nversion={gb.__version__}\n" in (folder / "metadata.txt").read_text()
    text = settings.read_text(encoding="utf-8")
    assert text.startswith("[PythonPlugins]\ngeoborder_qgis=true\nprocessing=true\n")
    assert text.replace("geoborder_qgis=true\n", "") == SETTINGS
    assert install_plugin(profiles=profiles) == status
    assert settings.read_text(encoding="utf-8").count("geoborder_qgis") == 1
    assert list(folder.parent.iterdir()) == [folder]
    assert uninstall_plugin(profiles=profiles).installed
    assert settings.read_text(encoding="utf-8") == SETTINGS
    assert not folder.exists()
    assert not uninstall_plugin(profiles=profiles).installed


def test_a_profile_by_name_and_a_new_one(profiles: Path, tmp_path: Path) -> None:
    status = install_plugin(profile="default", profiles=profiles, enable=False)
    assert status.folder.relative_to(profiles).parts[0] == "default"
    assert not status.enabled
    for name in ("nobody", "../default", ""):
        if name:
            with pytest.raises(OptionError, match="there are: default, work"):
                install_plugin(profile=name, profiles=profiles)
    fresh = install_plugin(profiles=tmp_path / "new")
    assert fresh.enabled
    assert (tmp_path / "new" / "default" / "QGIS" / "QGIS3.ini").read_text() == (
        "[PythonPlugins]\ngeoborder_qgis=true\n"
    )


def test_a_folder_instead_of_a_profile(tmp_path: Path) -> None:
    status = install_plugin(folder=tmp_path / "plugins")
    assert status.folder == tmp_path / "plugins" / PLUGIN
    assert status.enabled is None
    with pytest.raises(OptionError, match="not both"):
        install_plugin(folder=tmp_path, profile="default")


def test_a_plugin_switched_off_is_switched_on_again(profiles: Path) -> None:
    settings = profiles / "work" / "QGIS" / "QGIS3.ini"
    settings.write_text("[PythonPlugins]\ngeoborder_qgis=false\nb=true\n")
    assert not plugin_status(profiles=profiles).enabled
    install_plugin(profiles=profiles)
    assert settings.read_text() == "[PythonPlugins]\ngeoborder_qgis=true\nb=true\n"


def test_settings_of_windows_and_of_other_encodings(profiles: Path) -> None:
    settings = profiles / "work" / "QGIS" / "QGIS3.ini"
    for before in (b"[qgis]\r\nname=\xff\r\n", b"[PythonPlugins]\r\na=1\r\n"):
        settings.write_bytes(before)
        assert install_plugin(profiles=profiles).enabled
        after = settings.read_bytes()
        assert b"\r\ngeoborder_qgis=true\r\n" in after
        assert after.count(b"\n") == after.count(b"\r\n")
        assert all(line in after for line in before.splitlines())
    link = profiles / "work" / "python" / "plugins" / PLUGIN
    uninstall_plugin(profiles=profiles)
    link.symlink_to(SOURCE)
    assert uninstall_plugin(profiles=profiles).installed
    assert not link.exists()
    assert SOURCE.is_dir()


def test_an_old_or_changed_plugin_is_told(profiles: Path) -> None:
    folder = install_plugin(profiles=profiles).folder
    (folder / "provider.py").write_text("")
    facts = {"python": str(profiles / "gone"), "version": "0.0.1"}
    (folder / "installation.json").write_text(json.dumps(facts))
    status = plugin_status(profiles=profiles)
    assert (status.current, status.runs, status.version) == (False, False, "0.0.1")
    (folder / "installation.json").write_text("[]")
    status = plugin_status(profiles=profiles)
    assert status.installed
    assert status.python is None
    assert install_plugin(profiles=profiles).current


def test_what_cannot_be_written_leaves_the_earlier_plugin(
    profiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install_plugin(profiles=profiles).folder
    (folder / "mine.txt").write_text("earlier")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "fresh":
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OptionError, match="cannot be changed: Permission denied"):
        install_plugin(profiles=profiles)
    assert (folder / "mine.txt").read_text() == "earlier"
    assert list(folder.parent.iterdir()) == [folder]
    (profiles / "file").write_text("")
    with pytest.raises(OptionError, match="cannot be changed"):
        install_plugin(folder=profiles / "file")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, ".local/share/QGIS/QGIS3/profiles"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/QGIS/QGIS3/profiles"),
        ("darwin", {}, "Library/Application Support/QGIS/QGIS3/profiles"),
        ("win32", {"APPDATA": "/roaming"}, "/roaming/QGIS/QGIS3/profiles"),
        ("linux", {"QGIS_CUSTOM_CONFIG_PATH": "/own"}, "/own/profiles"),
    ],
)
def test_where_profiles_are(
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    variables: dict[str, str],
    expected: str,
) -> None:
    for name in ("XDG_DATA_HOME", "QGIS_CUSTOM_CONFIG_PATH", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert profiles_folder() == Path.home() / expected


def test_the_command_line(profiles: Path) -> None:
    def run(*words: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["qgis", *map(str, words)])
        return result.exit_code, result.output

    where = ("--profiles-path", profiles)
    code, text = run("status", *where)
    assert code == 1
    assert "not installed. Put it there: geoborder qgis install" in text
    code, text = run("install", *where, "--no-enable")
    assert code == 0
    assert "qgis_process plugins enable geoborder_qgis" in text
    code, text = run("install", *where, "--profile", "default")
    assert code == 0
    assert f"runs in {sys.executable}" in text
    assert "enabled in QGIS" in text
    code, text = run("status", *where)
    assert code == 0
    assert "not enabled in QGIS" in text
    facts = profiles / "work" / "python" / "plugins" / PLUGIN / "installation.json"
    facts.write_text(json.dumps({"python": "/gone/python", "version": "0.0.1"}))
    code, text = run("status", *where)
    assert code == 1
    assert "/gone/python (not there; renew it: geoborder qgis install)" in text
    code, text = run("uninstall", *where)
    assert code == 0
    assert text.endswith("is removed.\n")


def plugin_files() -> list[Path]:
    """All modules of the plugin."""
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 10
    return files


@pytest.mark.parametrize("file", plugin_files(), ids=lambda p: p.name)
def test_the_plugin_needs_only_what_qgis_has(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).split(".")[0])
    own = {PLUGIN, "qgis", "processing"}
    assert imported - own <= set(sys.stdlib_module_names)
    compile(text, str(file), "exec")


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Import parts of the plugin that need no QGIS."""
    monkeypatch.syspath_prepend(SOURCE.parent)

    def load(name: str) -> ModuleType:
        return importlib.import_module(f"{PLUGIN}.{name}")

    yield load
    for name in [n for n in sys.modules if n.split(".")[0] == PLUGIN]:
        del sys.modules[name]


class Feedback:
    """What Processing would show, kept; cancelled once something is said."""

    def __init__(self, cancel_at: str | None = None) -> None:
        self.cancel_at = cancel_at
        self.cancelled = False
        self.said: list[tuple[str, object]] = []

    def isCanceled(self) -> bool:  # noqa: N802 - QGIS's name
        """Tell whether it is cancelled."""
        return self.cancelled

    def __getattr__(self, name: str) -> object:
        """Keep what is said."""

        def keep(value: object) -> None:
            self.said.append((name, value))
            self.cancelled |= self.cancel_at is not None and value == self.cancel_at

        return keep


def write_geoborder(folder: Path, body: str) -> Path:
    """Write a Python that runs a stand-in for geoborder."""
    program = folder / "stand in.py"
    program.write_text(body, encoding="utf-8")
    python = folder / "my python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    python.chmod(0o755)
    return python


posix = pytest.mark.skipif(os.name != "posix", reason="stands in by a shell script")


@posix
def test_a_child_tells_what_it_does(part: object, tmp_path: Path) -> None:
    python = write_geoborder(
        tmp_path,
        f"""
import os, sys
say = lambda text: print(text, file=sys.stderr, flush=True)
say("geoborder-progress 0 border")
say("geoborder-progress 40.5 sight: 3 of 9")
say("geoborder: warning: nodata leaves 2 pairs unknown")
say("something else")
print("{tmp_path}/out.gpkg: 3 segments in Ísafjörður")
print(sys.argv[1:], os.environ["GEOBORDER_PROGRESS"], os.environ.get("PYTHONHOME"))
say("geoborder-progress 100 done")
""",
    )
    feedback = Feedback()
    part("child").run_geoborder(
        ["a b", "ü"], python=str(python), folder=tmp_path, feedback=feedback
    )
    told = [pair for pair in feedback.said if pair[0] != "pushConsoleInfo"]
    assert told == [
        ("setProgress", 0.0),
        ("setProgressText", "border"),
        ("setProgress", 40.5),
        ("setProgressText", "sight: 3 of 9"),
        ("pushWarning", "geoborder: warning: nodata leaves 2 pairs unknown"),
        ("pushInfo", "something else"),
        ("setProgress", 100.0),
        ("setProgressText", "done"),
    ]
    assert [text for name, text in feedback.said if name == "pushConsoleInfo"] == [
        "out.gpkg: 3 segments in Ísafjörður",
        "['-m', 'geoborder', 'a b', 'ü'] lines None",
    ]


@posix
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "say('geoborder: `k` must be 1, got 0.'); sys.exit(2)",
            "`k` must be 1, got 0.",
        ),
        (
            "say('geoborder: warning: so'); say('geoborder: no DEM'); sys.exit(2)",
            "no DEM",
        ),
        ("say('odd'); sys.exit(7)", "geoborder ended with exit code 7.\nodd"),
        ("say('Error: No such option: --x'); sys.exit(2)", "of different versions"),
        (
            "say('/x/python: No module named geoborder'); sys.exit(1)",
            "not installed in",
        ),
    ],
)
def test_a_child_that_refuses(
    part: object, tmp_path: Path, body: str, message: str
) -> None:
    start = "import sys; say = lambda text: print(text, file=sys.stderr)\n"
    python = write_geoborder(tmp_path, start + body)
    child = part("child")
    with pytest.raises(child.ChildError) as caught:
        child.run_geoborder(
            ["border"], python=str(python), folder=tmp_path, feedback=Feedback()
        )
    assert message in str(caught.value)
    (tmp_path / "no program").write_text("")
    with pytest.raises(child.ChildError, match="cannot be run"):
        child.run_geoborder(
            [],
            python=str(tmp_path / "no program"),
            folder=tmp_path,
            feedback=Feedback(),
        )


@posix
@pytest.mark.parametrize("stubborn", [False, True])
def test_cancelling_ends_a_child_and_its_children(
    part: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, stubborn: bool
) -> None:
    python = write_geoborder(
        tmp_path,
        f"""
import os, pathlib, signal, subprocess, sys, time
other = subprocess.Popen(["sleep", "600"])
pathlib.Path("pids").write_text(f"{{os.getpid()}} {{other.pid}}")
def end(number, frame):
    pathlib.Path("cleared up").write_text("")
    sys.exit(143)
signal.signal(signal.SIGTERM, signal.SIG_IGN if {stubborn} else end)
print("geoborder-progress 10 work", file=sys.stderr, flush=True)
time.sleep(600)
""",
    )
    child = part("child")
    monkeypatch.setattr(child, "_PATIENCE_S", 0.3)
    with pytest.raises(child.CancelledError):
        child.run_geoborder(
            [], python=str(python), folder=tmp_path, feedback=Feedback("work")
        )
    assert (tmp_path / "cleared up").exists() is not stubborn
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        assert gone(pid)


def gone(pid: int) -> bool:
    """Wait until a process is no more, or dead and only not yet fetched."""
    for _ in range(200):
        try:
            os.kill(pid, 0)
            stat = Path(f"/proc/{pid}/stat")
            if stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def test_which_python_runs_geoborder(
    part: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEOBORDER_PYTHON", raising=False)
    interpreter = part("interpreter")
    monkeypatch.setattr(interpreter, "INSTALLATION", tmp_path / "installation.json")
    with pytest.raises(interpreter.PythonMissingError, match="not known which"):
        interpreter.find_python()
    facts = {"python": sys.executable, "version": "1"}
    (tmp_path / "installation.json").write_text(json.dumps(facts))
    assert interpreter.find_python() == sys.executable
    other = tmp_path / "other python"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert interpreter.find_python(str(other)) == str(other)
    monkeypatch.setenv("GEOBORDER_PYTHON", sys.executable)
    assert interpreter.find_python(str(other)) == sys.executable
    monkeypatch.setenv("GEOBORDER_PYTHON", str(tmp_path / "gone"))
    with pytest.raises(interpreter.PythonMissingError, match="named by GEOBORDER_PY"):
        interpreter.find_python(str(other))


def test_the_environment_is_not_that_of_qgis(
    part: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "PYTHONPATH",
        "PYTHONHOME",
        "GDAL_DATA",
        "PROJ_LIB",
        "LD_LIBRARY_PATH",
    ):
        monkeypatch.setenv(name, "/usr/share/qgis")
    monkeypatch.setenv("PGPASSWORD", "kept")
    environment = part("interpreter").clean_environment()
    assert "/usr/share/qgis" not in environment.values()
    assert environment["PGPASSWORD"] == "kept"
    assert environment["GEOBORDER_PROGRESS"] == "lines"
