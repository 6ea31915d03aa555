"""Stands in for the extra functions of the kernel language."""

from triton.language.extra import libdevice as libdevice
