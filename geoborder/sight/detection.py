"""Detection: what of that which is in sight is noticed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from geoborder.errors import OptionError
from geoborder.geodesy import FloatArray


def detection_probability(
    distance_km: npt.ArrayLike, *, half_km: npt.ArrayLike
) -> FloatArray:
    """
    Probability that what is in sight is detected, by its distance.

    Parameters
    ----------
    distance_km
        Distance of the target, in km.
    half_km
        Distance at which half of such targets are detected, in km; infinite: all
        are, however far. Shapes broadcast together.

    Returns
    -------
    ndarray
        P = x**E / (1 + x**E) with E = 2.7 + 0.7 x and x = half_km / distance_km,
        the target transfer probability function of the Johnson criteria: cycles
        resolved across a target, hence x, go with the inverse of its distance.

    Raises
    ------
    OptionError
        If a distance is negative or a half distance not positive.

    References
    ----------
    Johnson, J. (1958). Analysis of image forming systems. Image Intensifier Symposium,
    Fort Belvoir, 244-273.

    Holst, G. C. (2008). Electro-Optical Imaging System Performance, 5th ed. SPIE.

    Driggers, R. G., Friedman, M. H., Nichols, J. (2012). Introduction to Infrared
    and Electro-Optical Systems, 2nd ed. Artech House.

    Examples
    --------
    >>> from geoborder import detection_probability
    >>> detection_probability([0, 2, 5, 10], half_km=5).round(3)
    array([1.   , 0.983, 0.5  , 0.108])
    """
    distance, half = np.asarray(distance_km, float), np.asarray(half_km, float)
    for name, value, wrong in (
        ("distance_km", distance, ~(distance >= 0.0)),
        ("half_km", half, ~(half > 0.0)),
    ):
        if wrong.any():
            least = "not be negative" if name == "distance_km" else "be positive"
            msg = f"`{name}` must {least}, got {value[wrong].ravel()[0]:g}."
            raise OptionError(msg)
    with np.errstate(over="ignore", divide="ignore"):
        # Detected for sure where both are infinite too: that is no limit at all.
        ratio = half / np.where(np.isinf(half), 1.0, distance)
        return np.asarray(expit((2.7 + 0.7 * ratio) * np.log(ratio)))
