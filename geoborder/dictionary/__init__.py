"""What every layer and every column of a plan means, told once."""

from geoborder.dictionary.looking import LAYERS, columns_of, describe_layers, field_of
from geoborder.dictionary.model import Field, Layer

__all__ = ["LAYERS", "Field", "Layer", "columns_of", "describe_layers", "field_of"]
