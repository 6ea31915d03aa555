"""Stands in for the mathematical functions of the kernel language."""

from cpu_stand_in import names_of

__getattr__ = names_of(__name__)
