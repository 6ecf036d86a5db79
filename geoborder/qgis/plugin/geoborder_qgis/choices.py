"""Parameters that are one of a few words, or yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
)

from geoborder_qgis.task import Task
from geoborder_qgis.values import Parameter, split_list

_NO = {"", "0", "false", "no", "off"}


@dataclass(frozen=True)
class Choice(Parameter):
    """
    One of several names; its number, from 0, will do.

    Attributes
    ----------
    names : tuple of str
        The names.
    default : str
        Its default.
    """

    names: tuple[str, ...] = ()
    default: str = ""

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterEnum(
            self.name,
            self.title,
            options=list(self.names),
            allowMultiple=False,
            defaultValue=self.default or None,
            optional=self.optional,
            usesStaticStrings=True,
        )

    def normal(self, value: Any) -> Any:  # noqa: ANN401 - whatever a caller passes
        text = str(value).strip() if isinstance(value, (str, int)) else ""
        if text.isdecimal() and int(text) < len(self.names):
            return self.names[int(text)]
        return text.lower() if text.lower() in self.names else value

    def fault(self, value: Any) -> str:  # noqa: ANN401 - of any value
        if not isinstance(value, (str, int)) or value in self.names:
            return ""
        return f"{self.title}: must be one of {', '.join(self.names)}, got {value!r}."

    def texts(self, task: Task) -> list[str]:
        asked = (task.parameters, self.name, task.context)
        return [task.algorithm.parameterAsEnumString(*asked)]


@dataclass(frozen=True)
class Choices(Choice):
    """Any number of several names, in a list or with commas between."""

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterEnum(
            self.name,
            self.title,
            options=list(self.names),
            allowMultiple=True,
            optional=self.optional,
            usesStaticStrings=True,
        )

    def normal(self, value: Any) -> Any:  # noqa: ANN401 - whatever a caller passes
        if isinstance(value, (str, int)):
            value = split_list(str(value))
        one = super().normal
        return [one(v) for v in value] if isinstance(value, (list, tuple)) else value

    def fault(self, value: Any) -> str:  # noqa: ANN401 - of any value
        one = super().fault
        values = value if isinstance(value, (list, tuple)) else []
        return next((fault for v in values if (fault := one(v))), "")

    def texts(self, task: Task) -> list[str]:
        asked = (task.parameters, self.name, task.context)
        return list(task.algorithm.parameterAsEnumStrings(*asked))


@dataclass(frozen=True)
class Switch(Parameter):
    """
    Yes or no.

    Attributes
    ----------
    default : bool
        Its default.
    otherwise : str
        Option that says no.
    """

    default: bool = False
    otherwise: str = ""

    def definition(self) -> QgsProcessingParameterDefinition:
        return QgsProcessingParameterBoolean(
            self.name, self.title, defaultValue=self.default, optional=self.optional
        )

    def normal(self, value: Any) -> Any:  # noqa: ANN401 - whatever a caller passes
        return value.strip().lower() not in _NO if isinstance(value, str) else value

    def words(self, task: Task) -> list[str]:
        option = self.option if self.is_on(task) else self.otherwise
        return [option] if option else []

    def is_on(self, task: Task) -> bool:
        """
        Tell whether it says yes.

        Parameters
        ----------
        task
            The run.

        Returns
        -------
        bool
            Its value.
        """
        asked = (task.parameters, self.name, task.context)
        return bool(task.algorithm.parameterAsBool(*asked))
