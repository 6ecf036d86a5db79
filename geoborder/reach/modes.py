"""Modes of travel: how fast, by slope, and where the figures come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray

STEEPEST = 3.0
"""Ground steeper than this (72 degrees) lets no mode pass."""

PER_UNIT = 800
"""Entries of a table of paces per unit of slope; between them pace is linear."""

_STEEP_DOWN = -0.2125
"""Langmuir: descents steeper than 12 degrees cost time."""

Direction = Literal["out", "back"]


@dataclass(frozen=True, slots=True)
class TravelMode:
    """
    A way to travel.

    Attributes
    ----------
    name : str
        What it is called.
    pace : callable
        Takes slopes (rise over horizontal distance in the direction of travel,
        positive uphill), an array; returns seconds per metre of horizontal
        distance, infinite where it cannot go.
    source : str
        Where its figures come from.
    uses_roads : bool
        Whether it drives on roads where there are any, and goes by `pace` beside
        them.

    Examples
    --------
    >>> import numpy as np
    >>> import geoborder as gb
    >>> list(gb.TRAVEL_MODES)
    ['foot', 'path', 'langmuir', 'horse', 'off-road', 'road']
    >>> gb.TRAVEL_MODES["foot"].source
    'Tobler (1993), NCGIA 93-1, 0.6 off paths'

    A mode of your own, half as fast as on paths, and not on ground steeper than 1 in 2:

    >>> def laden(slope):
    ...     return np.where(np.abs(slope) > 0.5, np.inf, gb.tobler(slope, factor=0.5))
    >>> mode = gb.TravelMode("laden", laden, source="illustrative")
    >>> site = gb.point_at(gb.load_border(), [500])
    >>> target = gb.point_at(gb.load_border(), [503])
    >>> gb.travel_time(site, target, dem=gb.open_dem(), mode=mode).round().to_numpy()
    array([[67.]])
    """

    name: str
    pace: Callable[[FloatArray], FloatArray]
    source: str
    uses_roads: bool = False

    def table(self, direction: Direction = "out") -> npt.NDArray[np.float32]:
        """
        Tabulate the pace.

        Parameters
        ----------
        direction
            ``out``: of travel with the slope's sign; ``back``: against it.

        Returns
        -------
        ndarray
            Seconds per metre, float32, at every slope from -`STEEPEST` to
            `STEEPEST` in steps of 1 / `PER_UNIT`.

        Raises
        ------
        OptionError
            If the pace is not a positive number at each of them.
        """
        last = round(STEEPEST * PER_UNIT)
        slope = np.arange(-last, last + 1) / PER_UNIT
        pace = np.asarray(self.pace(slope), dtype=float)
        if pace.shape != slope.shape or not (pace > 0.0).all():
            msg = (
                f"`pace` of mode {self.name!r} must give a positive number of seconds "
                f"per metre for each slope."
            )
            raise OptionError(msg)
        return (pace if direction == "out" else pace[::-1]).astype(np.float32)


def tobler(slope: FloatArray, *, factor: float = 1.0) -> FloatArray:
    """
    Pace by Tobler's hiking function.

    Speed is ``6 exp(-3.5 |slope + 0.05|)`` km/h, along the map.

    Parameters
    ----------
    slope
        Rise over horizontal distance, positive uphill.
    factor
        Multiplies speed: 0.6 off paths, 1.25 on horseback.

    Returns
    -------
    ndarray
        Seconds per metre of horizontal distance.

    References
    ----------
    Tobler, W. (1993). Three presentations on geographical analysis and modeling.
    NCGIA technical report 93-1; factors as reported by Herzog, I. (2014), Internet
    Archaeology 36, 5.1.4, and for horses in Wikipedia, "Tobler's hiking function".

    Examples
    --------
    >>> import numpy as np
    >>> from geoborder import tobler
    >>> (3.6 / tobler(np.array([-0.05, 0.0, 0.2]))).round(2)  # km/h
    array([6.  , 5.04, 2.5 ])
    """
    return np.asarray(3.6 / (6.0 * factor * np.exp(-3.5 * np.abs(slope + 0.05))))


def langmuir(slope: FloatArray) -> FloatArray:
    """
    Pace by Naismith's rule with Langmuir's corrections, as GRASS r.walk has it.

    A metre of way takes 0.72 s; a metre climbed 6 s more; a metre of gentle descent,
    to 12 degrees, 2 s less; a metre of steeper descent 2 s more.

    Parameters
    ----------
    slope
        Rise over horizontal distance, positive uphill.

    Returns
    -------
    ndarray
        Seconds per metre of horizontal distance.

    References
    ----------
    Langmuir, E. (1984). Mountaincraft and leadership; Aitken, R. (1977), Wilderness
    areas in Scotland; both as cited by the manual of GRASS GIS r.walk, whose
    coefficients and threshold of slope (-0.2125) these are.

    Examples
    --------
    >>> import numpy as np
    >>> from geoborder import langmuir
    >>> langmuir(np.array([-0.3, -0.1, 0.0, 0.1])).round(2)
    array([1.32, 0.52, 0.72, 1.32])
    """
    steep = slope < _STEEP_DOWN
    rate = np.where(slope >= 0.0, 6.0, np.where(steep, -1.9998, 1.9998))
    return np.asarray(0.72 + rate * slope)


def graded(
    slope: FloatArray, *, speed_kmh: float = 24.0, limit: float = 0.45
) -> FloatArray:
    """
    Pace of a vehicle whose speed falls in a straight line to nothing at a limit.

    Parameters
    ----------
    slope
        Rise over horizontal distance; uphill and downhill count alike.
    speed_kmh
        Speed on level ground off roads.
    limit
        Slope that it cannot pass.

    Returns
    -------
    ndarray
        Seconds per metre of horizontal distance; infinite from the limit on.

    References
    ----------
    Headquarters, Department of the Army (1990). FM 5-33, Terrain analysis: the
    straight decline to an off-road gradability of 45 % (HMMWV, M113, Stryker), as
    coded by Esri's solutions-geoprocessing-toolbox, FM5-33CCM.py. TM 9-2320-366-10-2:
    24 km/h across country (of a towing truck; careful for a light vehicle).

    Examples
    --------
    >>> import numpy as np
    >>> from geoborder import graded
    >>> (3.6 / graded(np.array([0.0, 0.225, 0.45]))).round(1)  # km/h
    array([24., 12.,  0.])
    """
    left = np.maximum(1.0 - np.abs(slope) / limit, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(3.6 / (speed_kmh * left))


_TOBLER = "Tobler (1993), NCGIA 93-1"

TRAVEL_MODES = {
    mode.name: mode
    for mode in (
        TravelMode("foot", partial(tobler, factor=0.6), f"{_TOBLER}, 0.6 off paths"),
        TravelMode("path", tobler, f"{_TOBLER}, on paths"),
        TravelMode("langmuir", langmuir, "Naismith-Langmuir, as in GRASS r.walk"),
        TravelMode("horse", partial(tobler, factor=1.25), f"{_TOBLER}, 1.25 on horses"),
        TravelMode("off-road", graded, "FM 5-33 (1990); TM 9-2320-366-10-2"),
        TravelMode(
            "road",
            partial(tobler, factor=0.6),
            f"speeds of the road layer; beside roads {_TOBLER}, 0.6 off paths",
            uses_roads=True,
        ),
    )
}
"""Modes by name."""


def as_mode(mode: str | TravelMode) -> TravelMode:
    """
    Look a mode up by its name.

    Parameters
    ----------
    mode
        A name in `TRAVEL_MODES`, or a mode.

    Returns
    -------
    TravelMode
        The mode.

    Raises
    ------
    OptionError
        If there is none of that name.
    """
    if isinstance(mode, TravelMode):
        return mode
    named = TRAVEL_MODES.get(str(mode))
    if named is None:
        msg = f"`mode` must be one of {', '.join(TRAVEL_MODES)}, got {mode!r}."
        raise OptionError(msg)
    return named
