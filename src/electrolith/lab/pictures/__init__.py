"""Pictures: photographs and micrographs with their scale, layers of a cross-section, maps of elements."""

from electrolith.lab.pictures.analysis import Picture, PictureResult, PictureSettings, look_at_pictures
from electrolith.lab.pictures.elements import ElementMap, ElementMaps, element_maps
from electrolith.lab.pictures.layers import Layers, find_layers

__all__ = [
    "ElementMap",
    "ElementMaps",
    "Layers",
    "Picture",
    "PictureResult",
    "PictureSettings",
    "element_maps",
    "find_layers",
    "look_at_pictures",
]
