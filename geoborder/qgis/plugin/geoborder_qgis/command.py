"""What one algorithm is: a command of geoborder with its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingOutputDefinition,
    QgsProcessingOutputFile,
    QgsProcessingOutputHtml,
    QgsProcessingOutputVectorLayer,
)

from geoborder_qgis.choices import Switch
from geoborder_qgis.layers import OutFolder
from geoborder_qgis.values import Parameter

if TYPE_CHECKING:
    from pathlib import Path

    from geoborder_qgis.task import Task


@dataclass(frozen=True)
class Made:
    """
    Something that a command writes into its folder.

    Attributes
    ----------
    name : str
        Name of the result.
    title : str
        What people read.
    file : str
        File in the folder.
    layer : str
        Layer of that file; empty: it is no layer.
    """

    name: str
    title: str
    file: str
    layer: str = ""

    def definition(self) -> QgsProcessingOutputDefinition:
        """
        Define it for Processing.

        Returns
        -------
        QgsProcessingOutputDefinition
            A vector layer, a page or a file.
        """
        if self.layer:
            return QgsProcessingOutputVectorLayer(self.name, self.title)
        if self.file.endswith(".html"):
            return QgsProcessingOutputHtml(self.name, self.title)
        return QgsProcessingOutputFile(self.name, self.title)

    def place(self, folder: Path) -> str | None:
        """
        Say where it is.

        Parameters
        ----------
        folder
            The command's folder.

        Returns
        -------
        str or None
            Path, with the layer's name if it is one; None where there is no such file.
        """
        path = folder / self.file
        if not path.is_file():
            return None
        return f"{path}|layername={self.layer}" if self.layer else str(path)


@dataclass(frozen=True)
class Command:
    """
    A command of geoborder as an algorithm.

    Attributes
    ----------
    name : str
        Its name in Processing.
    title, group : str
        What people read.
    command : str
        The command of the command line.
    help : str
        What it does.
    parameters : tuple of Parameter
        In the order of the dialog.
    tags : tuple of str
        Words it is found by.
    made : tuple of Made
        What it writes into its folder, if it has one.
    """

    name: str
    title: str
    group: str
    command: str
    help: str
    parameters: tuple[Parameter, ...]
    tags: tuple[str, ...] = ()
    made: tuple[Made, ...] = ()

    def words(self, task: Task) -> list[str]:
        """
        Give the command line.

        Parameters
        ----------
        task
            The run.

        Returns
        -------
        list of str
            The command with its arguments and options.
        """
        parts = [p.words(task) for p in self.parameters]
        return [self.command, *(word for words in parts for word in words)]

    def finish(self, task: Task) -> dict[str, Any]:
        """
        Hand over what was made.

        Parameters
        ----------
        task
            The run.

        Returns
        -------
        dict
            Results by name.
        """
        results: dict[str, Any] = {}
        for parameter in self.parameters:
            results.update(parameter.finish(task))
        for folder in (p for p in self.parameters if isinstance(p, OutFolder)):
            results.update(self._found(folder.folder(task)))
        if any(isinstance(p, ShowLayers) and p.is_on(task) for p in self.parameters):
            self._show(results, task)
        return results

    def own_names(self, message: str) -> str:
        """
        Put a message of the command line into this algorithm's words.

        Parameters
        ----------
        message
            What it says, with its options in backticks.

        Returns
        -------
        str
            The message, with names of parameters.
        """
        for parameter in self.parameters:
            if parameter.option:
                old, new = f"`{parameter.option}`", f"`{parameter.name}`"
                message = message.replace(old, new)
        return message

    def _found(self, folder: Path) -> dict[str, str]:
        """Name what there is in the folder."""
        places = {made.name: made.place(folder) for made in self.made}
        return {name: place for name, place in places.items() if place is not None}

    def _show(self, results: dict[str, Any], task: Task) -> None:
        """Have the layers added to the project, where there is one."""
        project = task.context.project()
        if project is None:
            return
        for made in self.made:
            if made.layer and made.name in results:
                details = QgsProcessingContext.LayerDetails(
                    made.title, project, made.name
                )
                task.context.addLayerToLoadOnCompletion(results[made.name], details)


@dataclass(frozen=True)
class ShowLayers(Switch):
    """Whether the layers of a folder are added to the project."""
