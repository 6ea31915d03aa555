"""Byte code of all that a start of the server imports, for a root that cannot be written.

The server is started once on the very files of the image, which also proves that they suffice; what
it imported is compiled in a process of its own, so that the same source gives the same bytes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from exporter.errors import ImageError

_TAG: Final = sys.implementation.cache_tag

_START: Final = """
import json, sys
from exporter.server.__main__ import main
code = main([sys.argv[1], "--check", "--port", "0"])
origins = [m.__spec__.origin for m in list(sys.modules.values()) if getattr(m, "__spec__", None)]
print(json.dumps(sorted(o for o in origins if o and o.endswith(".py"))))
sys.exit(code)
"""
_COMPILE: Final = """
import json, py_compile, sys
for source, target, shown in json.load(sys.stdin):
    py_compile.compile(source, target, shown, doraise=True,
                       invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""


def imported_by_start(bundle: Path, paths: list[Path]) -> list[Path]:
    """The source files that a server on the bundle imports, with nothing on its path but `paths`
    and the standard library. Raises ImageError when it does not start."""
    command = [sys.executable, "-S", "-s", "-B", "-P", "-c", _START, str(bundle)]
    environment = {"PYTHONPATH": os.pathsep.join(str(path) for path in paths)}
    done = _run(command, environment)
    if done.returncode != 0:
        raise ImageError(f"the server does not start on this bundle: {done.stderr.strip()}")
    return [Path(origin) for origin in json.loads(done.stdout)]


def compiled(sources: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """The byte code of source files, by the path where Python looks for it; `sources` are by their
    own path in the image. Written into a folder."""
    targets = {name: _cached(name) for name in sorted(sources)}
    jobs = [
        [str(sources[name]), str(folder / target), f"/{name}"] for name, target in targets.items()
    ]
    command = [sys.executable, "-S", "-s", "-B", "-P", "-c", _COMPILE]
    done = _run(command, {"PYTHONHASHSEED": "0"}, json.dumps(jobs))
    if done.returncode != 0:
        raise ImageError(f"the server's source cannot be compiled: {done.stderr.strip()}")
    return {target: folder / target for target in targets.values()}


def _cached(name: str) -> str:
    path = Path(name)
    return (path.parent / "__pycache__" / f"{path.stem}.{_TAG}.pyc").as_posix()


def _run(
    command: list[str], environment: Mapping[str, str], given: str = ""
) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        command,
        input=given,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
