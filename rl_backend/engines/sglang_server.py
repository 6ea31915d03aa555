"""Starts the stock SGLang server as a subprocess, watches it and ends it.

Beside `sglang`, whose engine talks to the server that this module owns. With CUDA it starts
`sglang.launch_server`; without, `engines.cpu.serve`, which is the same server beside stand-ins for
GPU-only packages. It imports neither torch nor SGLang, so whoever starts a server stays light.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from rl_backend.engines.ports import free_port
from rl_backend.engines.sglang import SGLangEngine
from rl_backend.engines.sglang_weights import Sender
from rl_backend.engines.sglang_wire import PauseMode
from rl_backend.errors import EngineError
from rl_backend.tethered import tethered
from rl_backend.types import PolicyVersion

_log = logging.getLogger(__name__)

STARTING_VERSION = PolicyVersion(0)
HOST = "127.0.0.1"
POLL_S = 0.25
"""Time between two looks at a server that starts."""
STOP_TIMEOUT_S = 2.0
"""Time that a server gets to end by itself before it is killed; it holds nothing worth keeping."""
NUM_TAIL_LINES = 20
"""Lines of the log that an error quotes."""

CPU_FLAGS = (
    "--device", "cpu",
    "--attention-backend", "torch_native",
    "--cuda-graph-backend-decode", "disabled",
    "--cuda-graph-backend-prefill", "disabled",
    "--sleep-on-idle",
)  # fmt: skip
"""An idle scheduler would poll without pause and take a core from the trainer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a server is started; the defaults suit a small model on two cores."""

    policy_version: PolicyVersion = STARTING_VERSION
    """The version of the weights that the server starts with."""
    dtype: str = "float32"
    max_total_tokens: int = 16384
    """Tokens that the cache holds, over all requests."""
    mem_fraction: float = 0.2
    """Share of memory for weights and cache."""
    startup_timeout_s: float = 300.0
    """Seconds until a server that does not answer is given up."""
    num_cpu_threads: int | None = None
    """Threads of one process of the server; None leaves it to torch, which takes all cores. Threads
    wait for each other busily: on a machine that others use too, one is many times faster."""
    has_cuda: bool | None = None
    """Whether to serve from a GPU; None looks for one."""
    random_seed: int | None = None
    """What the server's sampling begins with, below 2**32; None: it draws one. What follows depends
    on how requests fall into batches."""
    is_deterministic: bool = False
    """Whether each request is sampled by its own seed, whatever else is in its batch; slower, and
    on a GPU only. Never run: there was no GPU."""
    tensor_parallel: int = 1
    """GPUs, or processes on a CPU, which each layer is cut over."""
    first_gpu: int = 0
    """Number of the first of its GPUs."""
    python: Path | None = None
    """Interpreter with SGLang; None is the running one."""


class SGLangServer:
    """One server process group; use it in `with`, or `start` and `stop` it.

    `with` and `async with` both wait until the server answers.
    """

    def __init__(
        self, model_path: Path, log_path: Path, options: ServerOptions | None = None
    ) -> None:
        self._model_path = model_path
        self._log_path = log_path
        self._options = options or ServerOptions()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where the server answers, once it was started."""
        return f"http://{HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """Process and group id of the server; None before it was started."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Starts the process and returns at once; `wait_ready` waits for the model to load.

        Raises EngineError when the path is not a model or the options do not fit the machine.
        """
        if self._process is not None:
            raise ValueError("this server was started already; make a new SGLangServer")
        if self._options.is_deterministic and not _has_cuda(self._options):
            raise EngineError(
                "SGLang cannot sample deterministically on a CPU.",
                hint="Set engine.deterministic=false, or run on a machine with a GPU.",
            )
        if not (self._model_path / "config.json").is_file():
            raise EngineError(
                f"{self._model_path} is not a model: it has no config.json.",
                hint="Give a directory that transformers' `save_pretrained` wrote.",
            )
        self._port = free_port(HOST)
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                tethered(command(self._model_path, self._port, self._options)),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=_environment(self._options),
                start_new_session=True,
            )

    async def wait_ready(self) -> None:
        """Waits until the server generates; raises EngineError when it dies or takes too long."""
        deadline = time.monotonic() + self._options.startup_timeout_s
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            while not await self._is_ready(session):
                if (reason := self.failure()) is not None:
                    raise EngineError(reason, hint=f"The whole log is {self._log_path}.")
                if time.monotonic() > deadline:
                    self.stop()
                    raise EngineError(
                        f"SGLang was not ready within {self._options.startup_timeout_s:g} s.",
                        hint=f"Raise engine.startup_timeout_s or see {self._log_path}.",
                    )
                await asyncio.sleep(POLL_S)

    def ending(self) -> str | None:
        """How the server ended, in a sentence; None while it runs."""
        if self._process is None:
            return "The SGLang server was not started."
        code = self._process.poll()
        if code is None:
            return None
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
        return f"The SGLang server {how}."

    def failure(self) -> str | None:
        """Why the server is gone, with the end of its log; None while it runs."""
        ending = self.ending()
        if ending is None or self._process is None:
            return ending
        return f"{ending} End of its log:\n{_tail(self._log_path)}\n"

    def engine(
        self,
        *,
        max_concurrency: int = 64,
        request_timeout_s: float = 120.0,
        sender: Sender | None = None,
        pause_mode: PauseMode = "retract",
        on_problem: Callable[[str], None] = _log.warning,
    ) -> SGLangEngine:
        """An engine on this server; close it before the server is stopped."""
        return SGLangEngine(
            self.url,
            policy_version=self._options.policy_version,
            max_concurrency=max_concurrency,
            request_timeout_s=request_timeout_s,
            failure=self.failure,
            sender=sender,
            pause_mode=pause_mode,
            on_problem=on_problem,
        )

    def stop(self) -> None:
        """Ends the whole process group, by force after a while; does nothing when it is gone."""
        if self._process is None:
            return
        _signal_group(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_TIMEOUT_S)
        # The server's children can outlive it.
        _signal_group(self._process.pid, signal.SIGKILL)
        self._process.wait()

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.url}/health_generate") as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    def __enter__(self) -> Self:
        self.start()
        try:
            asyncio.run(self.wait_ready())
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self.start()
        try:
            await self.wait_ready()
        except BaseException:
            await asyncio.to_thread(self.stop)
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)


def command(model_path: Path, port: int, options: ServerOptions) -> list[str]:
    """Returns the command line of a server."""
    has_cuda = _has_cuda(options)
    module = "sglang.launch_server" if has_cuda else "rl_backend.engines.cpu.serve"
    return [
        str(options.python or sys.executable), "-m", module,
        "--model-path", str(model_path),
        "--host", HOST,
        "--port", str(port),
        "--dtype", options.dtype,
        "--mem-fraction-static", str(options.mem_fraction),
        "--max-total-tokens", str(options.max_total_tokens),
        "--weight-version", str(options.policy_version),
        "--skip-tokenizer-init",
        *(() if options.random_seed is None else ("--random-seed", str(options.random_seed))),
        *(("--enable-deterministic-inference",) if options.is_deterministic else ()),
        *(("--tp-size", str(options.tensor_parallel)) if options.tensor_parallel > 1 else ()),
        *(("--base-gpu-id", str(options.first_gpu)) if has_cuda and options.first_gpu else ()),
        *(() if has_cuda else CPU_FLAGS),
    ]  # fmt: skip


def _environment(options: ServerOptions) -> dict[str, str]:
    added = {"HF_HUB_OFFLINE": "1"}
    if not _has_cuda(options):
        added["SGLANG_USE_CPU_ENGINE"] = "1"
    if options.num_cpu_threads is not None:
        added["OMP_NUM_THREADS"] = str(options.num_cpu_threads)
    return {**os.environ, **added}


def _has_cuda(options: ServerOptions) -> bool:
    if options.has_cuda is not None:
        return options.has_cuda
    return shutil.which("nvidia-smi") is not None


def _tail(log_path: Path) -> str:
    lines = log_path.read_text(errors="replace").splitlines()
    return "\n".join(lines[-NUM_TAIL_LINES:])


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
