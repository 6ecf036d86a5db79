"""A command of geoborder as Processing sees it."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingUtils,
)
from qgis.PyQt.QtGui import QIcon

from geoborder_qgis.child import CancelledError, ChildError, run_geoborder
from geoborder_qgis.command import Command
from geoborder_qgis.interpreter import PythonMissingError, find_python
from geoborder_qgis.settings import python_setting
from geoborder_qgis.task import Task, is_left_out
from geoborder_qgis.values import normalised

_ICON = Path(__file__).with_name("icon.svg")


class GeoborderAlgorithm(QgsProcessingAlgorithm):
    """
    Runs a command of geoborder in the Python where it is installed.

    Parameters
    ----------
    command
        The command with its parameters.
    """

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command

    def createInstance(self) -> GeoborderAlgorithm:
        return GeoborderAlgorithm(self.command)

    def name(self) -> str:
        return self.command.name

    def displayName(self) -> str:
        return self.command.title

    def group(self) -> str:
        return self.command.group

    def groupId(self) -> str:
        return self.command.group.lower().replace(" ", "")

    def tags(self) -> list[str]:
        return ["geoborder", "border", *self.command.tags]

    def icon(self) -> QIcon:
        return QIcon(str(_ICON))

    def svgIconPath(self) -> str:
        return str(_ICON)

    def shortHelpString(self) -> str:
        return self.command.help

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:  # noqa: ARG002 - QGIS's signature
        for parameter in self.command.parameters:
            for definition in parameter.definitions():
                self.addParameter(definition)
        for made in self.command.made:
            self.addOutput(made.definition())

    def canExecute(self) -> tuple[bool, str]:
        try:
            find_python(python_setting())
        except PythonMissingError as error:
            return False, str(error)
        return True, ""

    def checkParameterValues(
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        normal = normalised(parameters, self.command.parameters)
        fault = self._fault(normal)
        if fault:
            return False, fault
        return super().checkParameterValues(normal, context)

    def _fault(self, parameters: dict[str, Any]) -> str:
        """Say what is wrong with the first value that is."""
        for parameter in self.command.parameters:
            value = parameters.get(parameter.name)
            fault = "" if is_left_out(value) else parameter.fault(value)
            if fault:
                return fault
        return ""

    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        normal = normalised(parameters, self.command.parameters)
        fault = self._fault(normal)
        if fault:
            raise QgsProcessingException(fault)
        folder = Path(
            tempfile.mkdtemp(prefix="geoborder-", dir=QgsProcessingUtils.tempFolder())
        )
        try:
            return self._run(Task(self, normal, context, feedback, folder))
        except PythonMissingError as error:
            raise QgsProcessingException(str(error)) from error
        except ChildError as error:
            told = self.command.own_names(str(error))
            raise QgsProcessingException(told) from error
        except CancelledError as error:
            msg = "Cancelled; nothing was written."
            raise QgsProcessingException(msg) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, task: Task) -> dict[str, Any]:
        """Hand layers over, run the command, hand over what it made."""
        python = find_python(python_setting())
        words = self.command.words(task)
        if task.feedback.isCanceled():
            raise CancelledError
        task.feedback.pushCommandInfo(shlex.join([python, "-m", "geoborder", *words]))
        run_geoborder(words, python=python, folder=task.folder, feedback=task.feedback)
        return self.command.finish(task)
