"""Which names a bundle's files may have: the same everywhere, on every file system.

Letters, digits, `_`, `-` and `.`, so that no Unicode form, control character or separator of
another system can make two names of one or lead outside. Pure; `files` and `seal` ask it.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

MAX_LENGTH: Final = 240
MAX_DEPTH: Final = 12

_NAME: Final = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


def name_fault(name: str) -> str:
    """Why a file may not have this name; empty when it may.

    >>> name_fault("tasks/lend-emma.json"), name_fault("../x")
    ('', 'no plain file with a relative name')
    """
    parts = name.split("/")
    if not all(parts) or "." in parts or ".." in parts:
        return "no plain file with a relative name"
    if len(name) > MAX_LENGTH or len(parts) > MAX_DEPTH:
        return f"longer than {MAX_LENGTH} characters or deeper than {MAX_DEPTH} folders"
    if not _NAME.fullmatch(name):
        return "not of letters, digits, '.', '_' and '-' alone"
    if any(part.endswith(".") for part in parts):
        return "with a part that ends in '.'"
    return ""


def names_fault(names: Iterable[str]) -> str:
    """What is wrong with names that are to stand together; empty when nothing is.

    >>> names_fault(["a/b", "A/b"])
    "'A/b' and 'a/b' are the same name on some file systems"
    """
    known: dict[str, str] = {}
    for name in sorted(names):
        if fault := name_fault(name):
            return f"{name!r} is {fault}; a bundle holds nothing else"
        if (other := known.setdefault(name.lower(), name)) != name:
            return f"{other!r} and {name!r} are the same name on some file systems"
    for name in known:
        for folder in PurePosixPath(name).parents:
            if str(folder) in known:
                return f"{known[str(folder)]!r} is a file and a folder"
    return ""
