"""Parameters that are words: numbers, texts and files."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from geoborder_qgis.task import Task, is_left_out


@dataclass(frozen=True)
class Parameter:
    """
    One parameter of an algorithm, and the words of the command line it becomes.

    Attributes
    ----------
    name : str
        Its name in Processing.
    title : str
        What people read, with its unit.
    help : str
        What it means.
    option : str
        Option of the command; empty: an argument.
    optional : bool
        Whether it may be left out.
    advanced : bool
        Whether it is folded away at first.
    """

    name: str
    title: str
    help: str
    option: str = ""
    optional: bool = False
    advanced: bool = False

    def definitions(self) -> list[QgsProcessingParameterDefinition]:
        """
        Define it for Processing.

        Returns
        -------
        list of QgsProcessingParameterDefinition
            The definitions; mostly one.
        """
        return [self.dressed(self.definition())]

    def dressed(
        self, definition: QgsProcessingParameterDefinition
    ) -> QgsProcessingParameterDefinition:
        """
        Add help, and fold it away if it is advanced.

        Parameters
        ----------
        definition
            A definition; changed.

        Returns
        -------
        QgsProcessingParameterDefinition
            The same.
        """
        definition.setHelp(self.help)
        if self.advanced:
            advanced = QgsProcessingParameterDefinition.Flag.FlagAdvanced
            definition.setFlags(definition.flags() | advanced)
        return definition

    def definition(self) -> QgsProcessingParameterDefinition:
        """Define it without its help."""
        raise NotImplementedError

    def normal(self, value: Any) -> Any:  # noqa: ANN401 - whatever a caller passes
        """
        Give a value in the form that Processing expects.

        Parameters
        ----------
        value
            A value; a number may be a text.

        Returns
        -------
        object
            The value.
        """
        return value

    def fault(self, value: Any) -> str:  # noqa: ARG002, ANN401 - of any value
        """
        Say what is wrong with a value.

        Parameters
        ----------
        value
            A value in its normal form.

        Returns
        -------
        str
            Empty where nothing is.
        """
        return ""

    def words(self, task: Task) -> list[str]:
        """
        Give the words of the command line.

        Parameters
        ----------
        task
            The run.

        Returns
        -------
        list of str
            None where it is left out.
        """
        if not task.given(self.name):
            return []
        return [
            f"{self.option}={text}" if self.option else text
            for text in self.texts(task)
        ]

    def texts(self, task: Task) -> list[str]:
        """Give its values as text; the option is repeated for each."""
        raise NotImplementedError

    def finish(self, task: Task) -> dict[str, Any]:  # noqa: ARG002 - of outputs only
        """
        Hand over what was made, after the command has ended.

        Parameters
        ----------
        task
            The run.

        Returns
        -------
        dict
            Results by name.
        """
        return {}


@dataclass(frozen=True)
class Number(Parameter):
    """
    A number.

    Attributes
    ----------
    default : float or None
        Its default.
    least, most : float or None
        Its limits.
    whole : bool
        Whether it is a whole one.
    """

    default: float | None = None
    least: float | None = None
    most: float | None = None
    whole: bool = False

    def definition(self) -> QgsProcessingParameterDefinition:
        kinds = QgsProcessingParameterNumber.Type
        limits = {"minValue": self.least, "maxValue": self.most}
        return QgsProcessingParameterNumber(
            self.name,
            self.title,
            type=kinds.Integer if self.whole else kinds.Double,
            defaultValue=self.default,
            optional=self.optional,
            **{k: v for k, v in limits.items() if v is not None},
        )

    def normal(self, value: Any) -> Any:  # noqa: ANN401 - whatever a caller passes
        number = _number(value.strip()) if isinstance(value, str) else None
        return value if number is None else number

    def fault(self, value: Any) -> str:  # noqa: ANN401 - of any value
        if isinstance(value, str):
            return f"{self.title}: must be a number, got {value!r}."
        if not isinstance(value, (int, float)):
            return ""
        if not math.isfinite(value) or (self.whole and value != int(value)):
            kind = "whole" if self.whole else "finite"
            return f"{self.title}: must be a {kind} number, got {value}."
        if self.least is not None and value < self.least:
            return f"{self.title}: must not be less than {self.least:g}, got {value:g}."
        if self.most is not None and value > self.most:
            return f"{self.title}: must not be more than {self.most:g}, got {value:g}."
        return ""

    def texts(self, task: Task) -> list[str]:
        asked = (task.parameters, self.name, task.context)
        if self.whole:
            return [str(task.algorithm.parameterAsInt(*asked))]
        return [repr(task.algorithm.parameterAsDouble(*asked))]


@dataclass(frozen=True)
class Text(Parameter):
    """
    A text.

    Attributes
    ----------
    default : str
        Its default.
    """

    default: str = ""

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterString(
            self.name,
            self.title,
            defaultValue=self.default or None,
            optional=self.optional,
        )

    def texts(self, task: Task) -> list[str]:
        return [
            task.algorithm.parameterAsString(
                task.parameters, self.name, task.context
            ).strip()
        ]


@dataclass(frozen=True)
class Numbers(Text):
    """
    Numbers with commas between.

    Attributes
    ----------
    pairs : bool
        Whether each is a pair: ``100=100.2``.
    """

    pairs: bool = False

    def normal(self, value: Any) -> Any:  # noqa: ANN401 - whatever a caller passes
        if isinstance(value, dict):
            return ", ".join(f"{a}={b}" for a, b in value.items())
        if isinstance(value, (list, tuple)):
            return ", ".join(
                "=".join(map(str, v)) if isinstance(v, (list, tuple)) else str(v)
                for v in value
            )
        return str(value) if isinstance(value, (int, float)) else value

    def fault(self, value: Any) -> str:  # noqa: ANN401 - of any value
        if not isinstance(value, str):
            return ""
        parts = 2 if self.pairs else 1
        for text in split_list(value):
            numbers = [_number(part) for part in text.split("=")]
            if len(numbers) != parts or None in numbers:
                form = "pairs such as 100=100.2" if self.pairs else "numbers"
                return f"{self.title}: write {form} with commas between, got {text!r}."
        return ""

    def texts(self, task: Task) -> list[str]:
        return [t for text in super().texts(task) for t in split_list(text)]


def split_list(text: str) -> list[str]:
    """
    Split a list at commas, semicolons and blanks.

    Parameters
    ----------
    text
        The list; blanks around ``=`` do not count.

    Returns
    -------
    list of str
        Its parts.
    """
    tight = re.sub(r"\s*=\s*", "=", text.strip())
    return [part for part in re.split(r"[,;\s]+", tight) if part]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class File(Parameter):
    """
    A file to read that is no layer.

    Attributes
    ----------
    filter : str
        Which files are offered.
    """

    filter: str = ""

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterFile(
            self.name,
            self.title,
            optional=self.optional,
            fileFilter=self.filter,
        )

    def texts(self, task: Task) -> list[str]:
        asked = (task.parameters, self.name, task.context)
        return [str(Path(task.algorithm.parameterAsFile(*asked)).absolute())]


def normalised(
    parameters: dict[str, Any], declared: tuple[Parameter, ...]
) -> dict[str, Any]:
    """
    Give all values in the form that Processing expects.

    Parameters
    ----------
    parameters
        Values by name. Not modified.
    declared
        The parameters.

    Returns
    -------
    dict
        Values by name.
    """
    kinds = {p.name: p for p in declared}
    return {
        name: value
        if is_left_out(value) or name not in kinds
        else kinds[name].normal(value)
        for name, value in parameters.items()
    }
