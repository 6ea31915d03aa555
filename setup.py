"""Puts the top-level data folders into wheels, which `pyproject.toml` cannot say recursively.

A source checkout or editable install reads `templates/` and `static/` at the repository root; a
wheel carries them to `<sys.prefix>/share/corecraft-studio/`.
"""

from collections import defaultdict
from pathlib import Path

from setuptools import setup

DATA_FOLDERS = ("templates", "static")


def data_files() -> list[tuple[str, list[str]]]:
    """Returns the files of each data folder by the folder they are installed into."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for folder in DATA_FOLDERS:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                files[f"share/corecraft-studio/{path.parent.as_posix()}"].append(path.as_posix())
    return sorted(files.items())


setup(data_files=data_files())
