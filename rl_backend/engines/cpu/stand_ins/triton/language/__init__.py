"""Stands in for the kernel language: types in annotations, constants in defaults."""

from cpu_stand_in import names_of


class constexpr:  # noqa: N801 - the name of the package it stands in for
    """A value known when a kernel is compiled."""

    def __init__(self, value: object = None) -> None:
        self.value = value


__getattr__ = names_of(__name__)
