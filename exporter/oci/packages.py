"""The pinned distributions that the environment server imports, as files of a layer.

Taken from wheels, or from what is installed here when that is what the image needs. Both give the
same bytes: what an installer writes for itself is left out.
"""

import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from exporter.errors import ImageError
from exporter.oci.layers import Item
from exporter.oci.target import Target

_INSTALLERS_OWN: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_PLATFORMS: Final = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "linux")


def package_tree(
    pins: Iterable[str], target: Target, folder: Path, wheels: Path | None
) -> dict[str, Item]:
    """The files of the pinned distributions, by path in their common folder.

    `wheels` is a folder of wheels to take them from; without one, what is installed here is taken
    where it is right for the target, and else downloaded into `folder`. Raises ImageError.
    """
    wanted = sorted(pins)
    if wheels is None and target.is_here:
        installed = [_installed(pin) for pin in wanted]
        found = [each for each in installed if each is not None]
        if len(found) == len(wanted):
            return {name: item for each in found for name, item in _files(each).items()}
    _install(wanted, target, folder, wheels)
    return {
        path.relative_to(folder).as_posix(): Item(data=path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _is_kept(path.relative_to(folder))
    }


def _installed(pin: str) -> Distribution | None:
    """The distribution when it is installed in exactly that version."""
    name, _, version = pin.partition("==")
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return found if found.version == version else None


def _files(found: Distribution) -> dict[str, Item]:
    return {
        path.as_posix(): Item(data=Path(str(path.locate())))
        for path in found.files or ()
        if _is_kept(path)
    }


def _is_kept(path: Path | object) -> bool:
    parts = Path(str(path)).parts
    if ".." in parts or "__pycache__" in parts or parts[0] == "bin":
        return False
    return not (parts[0].endswith(".dist-info") and parts[-1] in _INSTALLERS_OWN)


def _install(pins: list[str], target: Target, folder: Path, wheels: Path | None) -> None:
    """Has pip unpack the wheels of the target's Python and machine into a folder."""
    machine = target.machine
    source = [] if wheels is None else ["--no-index", "--find-links", str(wheels)]
    platforms = [part for name in _PLATFORMS for part in ("--platform", f"{name}_{machine}")]
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-compile", "--only-binary", ":all:", "--target", str(folder)),
        *("--python-version", target.version, *platforms, *source, *pins),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-3:])
        raise ImageError(
            f"pip cannot get the server's requirements for Python {target.version} on "
            f"{machine}: {last}\nFetch them where there is an index (`pip download --no-deps -r "
            "server/requirements.txt -d WHEELS`) and name the folder with --wheels"
        )
