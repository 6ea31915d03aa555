"""Stands in for the functional image transforms of the second generation."""

from cpu_stand_in import names_of

__getattr__ = names_of(__name__)
