"""Stands in for reading and decoding images."""

from cpu_stand_in import names_of

__getattr__ = names_of(__name__)
