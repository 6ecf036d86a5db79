"""How a layer looks: renderer, labels, and what of it is shown when."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from geoborder.qgis.markup import QGIS_VERSION, element

_OFF = element("temporal", {"enabled": 0, "mode": 0})


@dataclass(frozen=True, slots=True)
class Look:
    """
    How a layer looks.

    Attributes
    ----------
    renderer : Element or None
        Which feature gets which symbol; nothing for tables.
    labels : Element or None
        The labelling.
    temporal : Element or None
        When a feature is shown; always without it.
    from_scale : float or None
        Denominator of the smallest scale at which the layer is shown.
    opacity : float
        From 0, unseen, to 1.
    """

    renderer: Element | None = None
    labels: Element | None = None
    temporal: Element | None = None
    from_scale: float | None = None
    opacity: float = 1.0

    def attributes(self) -> dict[str, object]:
        """
        Say what a style's root element says.

        Returns
        -------
        dict
            Attributes of ``qgis`` or ``maplayer``.
        """
        return {
            "styleCategories": "AllStyleCategories",
            "labelsEnabled": self.labels is not None,
            "readOnly": 0,
            "hasScaleBasedVisibilityFlag": self.from_scale is not None,
            "minScale": self.from_scale or 1e8,
            "maxScale": 0,
            "simplifyDrawingHints": 1,
            "simplifyDrawingTol": 1.0,
            "simplifyAlgorithm": 0,
            "simplifyLocal": 1,
            "simplifyMaxScale": 1.0,
            "symbologyReferenceScale": -1,
        }

    def to_xml(self) -> list[Element]:
        """
        Write what a style holds beside its fields.

        Returns
        -------
        list of Element
            Elements of ``qgis`` or ``maplayer``.
        """
        flags = {"Identifiable": 1, "Removable": 1, "Searchable": 1, "Private": 0}
        found = [
            element("flags", None, *(element(k, text=v) for k, v in flags.items())),
            _OFF if self.temporal is None else self.temporal,
        ]
        found += [part for part in (self.renderer, self.labels) if part is not None]
        if self.renderer is not None:
            found += [
                element("blendMode", text=0),
                element("featureBlendMode", text=0),
                element("layerOpacity", text=self.opacity),
            ]
        found.append(
            element("legend", {"type": "default-vector", "showLabelLegend": 0})
        )
        return found


def qml_root(look: Look) -> dict[str, object]:
    """
    Say what the root of a style's document says.

    Parameters
    ----------
    look
        The look.

    Returns
    -------
    dict
        Attributes of ``qgis``.
    """
    return {"version": QGIS_VERSION, **look.attributes()}


def while_in_use() -> Element:
    """
    Show features from their ``start_date`` to their ``end_date``, both included.

    The dates are expressions, not fields: a GeoPackage keeps dates as text, and its
    provider would take the first of January for earlier than that day's midnight.

    Returns
    -------
    Element
        Temporal settings; where a date is empty there is no limit.
    """
    return _temporal(
        'coalesce(to_datetime("start_date"), make_datetime(1000, 1, 1, 0, 0, 0))',
        'coalesce("end_date", make_date(9999, 12, 31))',
    )


def from_year(field: str) -> Element:
    """
    Show features from a year on.

    Parameters
    ----------
    field
        Field of the year; where it is empty the feature is not shown.

    Returns
    -------
    Element
        Temporal settings.
    """
    return _temporal(f'make_datetime(coalesce("{field}", 9999), 1, 1, 0, 0, 0)', "")


def _temporal(start: str, end: str) -> Element:
    """Write temporal settings by expressions of dates."""
    facts = {
        "enabled": 1,
        "mode": 4,  # start and end from expressions
        "limitMode": 1,  # both ends belong to the range
        "startExpression": start,
        "endExpression": end,
        "accumulate": 0,
        "fixedDuration": 0,
        "durationUnit": "min",
    }
    limits = element("fixedRange", None, element("start"), element("end"))
    return element("temporal", facts, limits)
