"""Stands in for the functional image transforms."""

from enum import Enum

from cpu_stand_in import names_of


class InterpolationMode(Enum):
    """Ways to resize an image, named in defaults of image processors."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


__getattr__ = names_of(__name__)
