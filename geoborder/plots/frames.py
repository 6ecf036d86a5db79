"""Where a static map is drawn: projection, extent, and room for names."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from pyproj import CRS, Transformer

from geoborder.geodesy import FloatArray, to_ecef
from geoborder.plan import Plan
from geoborder.plots.axes import width_of

_MARGIN = 0.09
"""Of the border's extent, on each side."""

_NARROWEST = 0.58
"""Least ratio of a map's shorter side to its longer one."""

_LETTER = 0.58
"""Mean width of a letter, as a share of its size."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """
    Where a map is drawn.

    Attributes
    ----------
    crs : CRS
        Stereographic, in metres, centred on the border: shapes are true, and so are
        lengths within a thousandth up to 400 km from the centre.
    box : tuple of float
        Left, bottom, right and top in metres.
    point : float
        Metres to a point of type.
    taken : list
        Boxes that names take, so that none is written over another.
    """

    crs: CRS
    box: Box
    point: float
    taken: list[Box] = field(default_factory=list)

    def lonlat_box(self) -> Box:
        """
        Find what the map shows in degrees.

        Returns
        -------
        tuple of float
            West, south, east and north, with a little to spare.
        """
        left, bottom, right, top = self.box
        x, y = np.meshgrid(np.linspace(left, right, 9), np.linspace(bottom, top, 9))
        back = Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        lon, lat = back.transform(x.ravel(), y.ravel())
        return (
            float(lon.min()) - 0.5,
            float(lat.min()) - 0.5,
            float(lon.max()) + 0.5,
            float(lat.max()) + 0.5,
        )

    def project(self, layer: gpd.GeoDataFrame) -> np.ndarray:
        """
        Project a layer's shapes.

        Parameters
        ----------
        layer
            In any CRS.

        Returns
        -------
        ndarray of shapely.Geometry
            In metres.
        """
        return np.asarray(layer.geometry.to_crs(self.crs).array)

    def seen(self, shapes: np.ndarray, *, tolerance_pt: float = 0.3) -> np.ndarray:
        """
        Keep of shapes what can be seen.

        Parameters
        ----------
        shapes
            In metres.
        tolerance_pt
            What may be left out of their form, in points.

        Returns
        -------
        ndarray of shapely.Geometry
            Clipped and simplified; empty where nothing is left.
        """
        clipped = shapely.clip_by_rect(shapes, *self.box)
        return np.asarray(shapely.simplify(clipped, tolerance_pt * self.point))

    def has_room(
        self, x: float, y: float, text: str, size: float, align: str = "center"
    ) -> bool:
        """
        Take room for a name, if there is some.

        Parameters
        ----------
        x, y
            Where it is anchored, in metres, at half its height.
        text
            The name.
        size
            Size of type, in points.
        align
            Whether it runs to the ``left`` or to the ``right`` from there, or lies
            about it: ``center``.

        Returns
        -------
        bool
            Whether it lies on the map and on no other name.
        """
        width = _LETTER * size * max(map(len, text.splitlines() or [""])) * self.point
        height = 0.65 * size * self.point * max(1, len(text.splitlines()))
        start = {"left": x, "center": x - width / 2, "right": x - width}[align]
        own = (start, y - height, start + width, y + height)
        left, bottom, right, top = self.box
        if not (left < own[0] and own[2] < right and bottom < own[1] and own[3] < top):
            return False
        if self.taken:
            other = np.asarray(self.taken)
            apart = (own[2] < other[:, 0]) | (other[:, 2] < own[0])
            apart |= (own[3] < other[:, 1]) | (other[:, 3] < own[1])
            if not apart.all():
                return False
        self.taken.append(own)
        return True

    def keep_free(self, places: FloatArray, around_pt: float) -> None:
        """
        Keep names off places.

        Parameters
        ----------
        places
            Shape (n, 2), in metres.
        around_pt
            How much room each takes on every side, in points.
        """
        around = around_pt * self.point
        boxes = np.hstack([places - around, places + around])
        self.taken.extend(tuple(box) for box in boxes.tolist())


def local_crs(border: gpd.GeoDataFrame) -> CRS:
    """
    Choose a projection for a map of a border.

    Parameters
    ----------
    border
        The border, in EPSG:4326.

    Returns
    -------
    CRS
        Stereographic (conformal), in metres, centred on the border.
    """
    places = shapely.get_coordinates(border.geometry.array)
    west, south = places.min(axis=0)
    east, north = places.max(axis=0)
    corners = to_ecef(np.array([west, east, west, east]), np.array([south, north] * 2))
    middle = corners.mean(axis=0) / np.linalg.norm(corners.mean(axis=0))
    lat = float(np.degrees(np.arcsin(middle[2])))
    lon = float(np.degrees(np.arctan2(middle[1], middle[0])))
    return CRS.from_proj4(f"+proj=stere +lat_0={lat} +lon_0={lon} +ellps=WGS84")


def frame_of(plan: Plan) -> tuple[CRS, Box]:
    """
    Choose what a map of a plan's border shows.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    crs : CRS
        The projection.
    box : tuple of float
        Left, bottom, right and top: the border and a margin, never a mere strip.
    """
    crs = local_crs(plan.border)
    bounds = plan.border.geometry.to_crs(crs).total_bounds
    middle, half = (bounds[:2] + bounds[2:]) / 2.0, (bounds[2:] - bounds[:2]) / 2.0
    half = half + _MARGIN * half.max()
    half = np.maximum(half, _NARROWEST * half.max())
    left, bottom = middle - half
    right, top = middle + half
    return crs, (float(left), float(bottom), float(right), float(top))


def points_of(ax: Axes, box: Box) -> float:
    """
    Measure how long a point of type is on a map.

    Parameters
    ----------
    ax
        Axes that the map will fill.
    box
        What the map shows.

    Returns
    -------
    float
        Metres.
    """
    return (box[2] - box[0]) / (width_of(ax) * 72.0)


def beside(
    x: FloatArray, y: FloatArray, offset: float
) -> tuple[FloatArray, FloatArray]:
    """
    Move a line to its left.

    Parameters
    ----------
    x, y
        A smooth line, in metres.
    offset
        How far; negative: to the right.

    Returns
    -------
    x, y : ndarray
        As many points.
    """
    dx, dy = np.gradient(x), np.gradient(y)
    length = np.maximum(np.hypot(dx, dy), 1e-9)
    return x - offset * dy / length, y + offset * dx / length
