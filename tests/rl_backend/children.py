"""The processes that a test started, among all that this test process has."""

from contextlib import suppress

import psutil


def children_of_command(*parts: str) -> list[psutil.Process]:
    """Children in whose command line all these texts are; not those that have ended."""
    found = []
    for each in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            command = " ".join(each.cmdline())
            found += [each] if all(part in command for part in parts) else []
    return found
