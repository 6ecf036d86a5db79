"""Commands that put geoborder's algorithms into QGIS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoborder.cli.common import app
from geoborder.cli.console import print_text

if TYPE_CHECKING:
    from geoborder.qgis.install import PluginStatus

qgis = typer.Typer(
    help="Put geoborder's algorithms into QGIS's toolbox, or take them out.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(qgis, name="qgis")

Profile = Annotated[
    str | None,
    typer.Option(help="QGIS's profile; left out: the one that QGIS starts with."),
]
Profiles = Annotated[
    Path | None,
    typer.Option(
        "--profiles-path", help="Folder of QGIS's profiles, if not the usual."
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of plugins to use instead of a profile's."),
]


@qgis.command()
def install(
    *,
    profile: Profile = None,
    profiles_path: Profiles = None,
    folder: Folder = None,
    enable: Annotated[
        bool, typer.Option(help="Have QGIS load it from its next start on.")
    ] = True,
) -> None:
    """
    Put the plugin into QGIS, or renew it; it runs geoborder in this Python.

    Example: geoborder qgis install --profile default
    """
    from geoborder.qgis.install import install_plugin  # noqa: PLC0415 - start-up time

    status = install_plugin(
        profile=profile, profiles=profiles_path, folder=folder, enable=enable
    )
    print_text(_facts(status))
    if status.enabled:
        print_text(
            "Start QGIS anew: the algorithms are in the Processing toolbox under "
            "geoborder. Without a window: qgis_process list"
        )
    else:
        print_text(
            "Enable it in QGIS, or by: qgis_process plugins enable geoborder_qgis"
        )


@qgis.command()
def uninstall(
    *, profile: Profile = None, profiles_path: Profiles = None, folder: Folder = None
) -> None:
    """
    Take the plugin out of QGIS.

    Example: geoborder qgis uninstall
    """
    from geoborder.qgis.install import uninstall_plugin  # noqa: PLC0415 - start-up time

    before = uninstall_plugin(profile=profile, profiles=profiles_path, folder=folder)
    said = "is removed" if before.installed else "was not there"
    print_text(f"{before.folder} {said}.")


@qgis.command()
def status(
    *, profile: Profile = None, profiles_path: Profiles = None, folder: Folder = None
) -> None:
    """
    Tell whether the plugin is in QGIS and can run; exit code 1 if it cannot.

    Example: geoborder qgis status
    """
    from geoborder.qgis.install import plugin_status  # noqa: PLC0415 - start-up time

    found = plugin_status(profile=profile, profiles=profiles_path, folder=folder)
    print_text(_facts(found))
    if not (found.installed and found.runs):
        raise typer.Exit(1)


def _facts(status: PluginStatus) -> str:
    """Say what stands in a folder of plugins."""
    if not status.installed:
        return f"{status.folder}: not installed. Put it there: geoborder qgis install"
    lines = [
        str(status.folder),
        f"  geoborder {status.version or 'of unknown version'}",
    ]
    if not status.current:
        lines.append("  not that of this geoborder; renew it: geoborder qgis install")
    if status.python is None:
        lines.append("  runs in no Python; renew it: geoborder qgis install")
    else:
        gone = "" if status.runs else " (not there; renew it: geoborder qgis install)"
        lines.append(f"  runs in {status.python}{gone}")
    if status.enabled is not None:
        lines.append(f"  {'enabled' if status.enabled else 'not enabled'} in QGIS")
    return "\n".join(lines)
