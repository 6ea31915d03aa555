"""`DoubleSGLang` as a process that can be killed, started by the command line of the real server.

A request to generate hangs while the model's directory has a file `hang`, and leaves one `asked`; a
pause leaves `paused` with its mode.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from aiohttp import web

from tests.rl_backend.engines.double_sglang import HOST, DoubleSGLang

ROOT = Path(__file__).parents[3]


class ServedModel(DoubleSGLang):
    """Serves the weights of a directory."""

    def __init__(self, model: Path, port: int) -> None:
        super().__init__()
        self.url = f"http://{HOST}:{port}"
        self._model = model

    async def _answer(self, request: web.Request) -> web.Response:
        self.hanging = {"/generate"} if (self._model / "hang").exists() else set()
        if request.path == "/generate":
            (self._model / "asked").touch()
        answer = await super()._answer(request)
        if self.pause_mode is not None:
            (self._model / "paused").write_text(self.pause_mode)
        return answer


def interpreter(folder: Path) -> Path:
    """What stands for Python in `ServerOptions`: it starts this program instead of the server."""
    path = folder / "python"
    path.write_text(f'#!/bin/sh\ncd "{ROOT}" && exec "{sys.executable}" -m {__spec__.name} "$@"\n')
    path.chmod(0o755)
    return path


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-path", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--weight-version", type=int)
    given, _ = parser.parse_known_args()
    served = ServedModel(given.model_path, given.port)
    await served.start()
    served.version = given.weight_version
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
