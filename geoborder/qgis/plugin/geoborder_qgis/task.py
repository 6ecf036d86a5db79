"""One run of an algorithm: what was asked for, and where its files lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import (
    NULL,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeedback,
)


@dataclass(frozen=True)
class Task:
    """
    What parameters are read from, and where files are put.

    Attributes
    ----------
    algorithm : QgsProcessingAlgorithm
        Knows the parameters' definitions.
    parameters : dict
        What was asked for.
    context, feedback
        As Processing gives them.
    folder : Path
        Folder for this run's files; removed after it.
    places : dict
        Where results go, once it is known.
    """

    algorithm: QgsProcessingAlgorithm
    parameters: dict[str, Any]
    context: QgsProcessingContext
    feedback: QgsProcessingFeedback
    folder: Path
    places: dict[str, Path] = field(default_factory=dict)

    def place(self, name: str, ask: Callable[..., str]) -> Path:
        """
        Tell where a result goes; a temporary place is made once.

        Parameters
        ----------
        name
            The parameter's name.
        ask
            Method of the algorithm that evaluates it.

        Returns
        -------
        Path
            Absolute path.
        """
        if name not in self.places:
            path = Path(ask(self.parameters, name, self.context))
            self.places[name] = path.absolute()
        return self.places[name]

    def given(self, name: str) -> bool:
        """
        Tell whether a parameter has a value, its own or its default.

        Parameters
        ----------
        name
            Its name.

        Returns
        -------
        bool
            False where it is left out.
        """
        value = self.parameters.get(name)
        if is_left_out(value):
            value = self.algorithm.parameterDefinition(name).defaultValue()
        return not is_left_out(value)


def is_left_out(value: Any) -> bool:  # noqa: ANN401 - whatever a caller passes
    """
    Tell whether a value stands for none.

    Parameters
    ----------
    value
        Value of a parameter.

    Returns
    -------
    bool
        True for None, NULL and blank text.
    """
    if isinstance(value, str):
        return not value.strip()
    return value is None or value == NULL
