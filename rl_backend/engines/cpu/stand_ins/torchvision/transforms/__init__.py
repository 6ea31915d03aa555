"""Stands in for image transforms."""

from cpu_stand_in import names_of

from torchvision.transforms import functional as functional
from torchvision.transforms.functional import InterpolationMode as InterpolationMode

__getattr__ = names_of(__name__)
