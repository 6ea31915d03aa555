"""Stands in for the second generation of image transforms."""

from cpu_stand_in import names_of

from torchvision.transforms.v2 import functional as functional

__getattr__ = names_of(__name__)
