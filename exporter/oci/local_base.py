"""A base made of this machine's Python, for where there is no registry, no engine and no base.

Holds the interpreter, its standard library without tests, and the shared libraries that they link.
Linux only. The same machine gives the same bytes.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from exporter.errors import ImageError
from exporter.oci.base import Base, BasePython
from exporter.oci.layers import Item, Tree, write_layer
from exporter.oci.target import HERE, this_target

STDLIB: Final = f"usr/local/lib/python{HERE}"
SETTINGS: Final = {"Env": ["PATH=/usr/local/bin:/bin", "LD_LIBRARY_PATH=/usr/local/lib"]}
FOLDERS: Final = {"tmp": 0o1777, "root": 0o700}

_LEFT_OUT: Final = frozenset(
    "test tests idlelib tkinter turtledemo ensurepip lib2to3 site-packages __pycache__".split()
)
_LINKED: Final = re.compile(r"(/\S+\.so\S*) \(0x")
_PARTS: Final = (
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
)
"""Of the C library: wheels that are laid in later may link them."""
_SYSTEM: Final = ("/lib", "/usr/lib")


def local_base(folder: Path, linked_by: Iterable[Path]) -> Base:
    """The base, its layer written into a folder; it has the libraries of the given binaries too.

    Raises ImageError where it cannot be made.
    """
    if sys.platform != "linux":
        raise ImageError(
            "only Linux can give its own Python as a base: name one with --base-tar, such as what "
            "`docker save python:3.11-slim` writes"
        )
    tree = python_tree(linked_by)
    layer = write_layer(tree, folder / "base-0.tar", modes=FOLDERS)
    folders = {str(parent) for name in tree for parent in Path(name).parents} | {*FOLDERS}
    return Base(
        layers=(layer,),
        target=this_target(),
        settings=dict(SETTINGS),
        python=BasePython(command="python", stdlib=STDLIB),
        folders=frozenset(folders - {"."}),
    )


def python_tree(linked_by: Iterable[Path]) -> Tree:
    """The files of a root file system with this Python and the libraries of further binaries."""
    files = _stdlib_files()
    files["usr/local/bin/python"] = Path(sys.executable).resolve()
    files |= _libraries([*files.values(), *linked_by])
    tree = {name: Item(data=path, mode=_mode(name)) for name, path in files.items()}
    tree["etc/passwd"] = Item(data=b"root:x:0:0::/root:/bin/sh\n")
    return tree


def _mode(name: str) -> int:
    return 0o644 if name.startswith(f"{STDLIB}/") and not name.endswith(".so") else 0o755


def _stdlib_files() -> dict[str, Path]:
    root = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    files: dict[str, Path] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in _LEFT_OUT and not f.startswith("config-")]
        place = Path(folder).relative_to(root).as_posix()
        files |= {f"{STDLIB}/{place}/{name}": Path(folder) / name for name in names}
    return {name.replace("/./", "/"): path for name, path in files.items()}


def _libraries(files: Iterable[Path]) -> dict[str, Path]:
    """Shared libraries that the binaries among the files link, at the paths they are looked for."""
    binaries = sorted(str(path) for path in files if _is_binary(path))
    command = [shutil.which("ldd") or "ldd", *binaries]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    linked = {Path(path) for path in _LINKED.findall(listed) if Path(path).exists()}
    parts = {path.parent / name for path in linked if path.name == "libc.so.6" for name in _PARTS}
    linked |= {path for path in parts if path.exists()}
    return {
        str(path).lstrip("/")
        if str(path).startswith(_SYSTEM)
        else f"usr/local/lib/{path.name}": path.resolve()
        for path in linked
    }


def _is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
