"""Checks of the machine: packages, memory, room on the disk, a port for the engine.

Needs come from the estimate (`rl_backend.estimate`), so a model that is neither there nor known is
not reckoned with; its own check says so.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from rl_backend.config import RunConfig
from rl_backend.engines.ports import free_port
from rl_backend.errors import EngineError
from rl_backend.estimate.hardware import GIB, Gpu
from rl_backend.estimate.memory import RUNTIME_BYTES, EngineMemory
from rl_backend.estimate.plan import Plan, plan
from rl_backend.plan_config import PlanConfig
from rl_backend.preflight.checks import Check, CheckState

PACKAGES = ("torch", "megatron", "sglang")
PROCESS_BYTES = 2 * GIB
"""What the trainer's and the engine's processes take on a CPU beside a model: 1.8 GiB measured."""
RANK_BYTES = GIB // 2
"""What each further rank of the trainer takes there beside its share of the model."""
SPARE_BYTES, ROOMY_BYTES = GIB, 5 * GIB
"""On the disk beside what a run writes: with less than the first it fails, the second warns."""
NO_ENGINE = EngineMemory(weights=0.0, cache=0.0, tokens=0)
"""Of a server of somebody else's: it runs already, what is free was counted without it."""
CONNECT_TIMEOUT_S = 2.0
SMI_TIMEOUT_S = 3.0


def package_checks() -> Iterator[Check]:
    """Whether the training packages are installed in this environment."""
    title = "Training backend"
    lacking = [name for name in PACKAGES if find_spec(name) is None]
    if not lacking:
        yield Check(title=title, state=CheckState.GOOD, text="installed")
        return
    hint = "Run `python -m rl_backend.install`."
    text = f"not installed: {', '.join(lacking)}"
    yield Check(title=title, state=CheckState.BAD, text=text, hint=hint)


def memory_checks(config: RunConfig, root: Path = Path("/")) -> Iterator[Check]:
    """The estimate against the memory of the GPU, or of the machine where there is none."""
    cuda = cuda_memory()
    try:
        found = plan(_at_home(config), gpu=cuda.as_gpu() if cuda is not None else None)
    except ValueError:
        return
    if config.engine.addresses:
        found = replace(found, engine=NO_ENGINE)
    elif found.engine.tokens < config.model.context_length:
        text = f"the engine's cache holds {found.engine.tokens:,} tokens"
        hint = "Raise engine.max_total_tokens or engine.mem_fraction: one row must fit."
        yield Check(title="Engine", state=CheckState.BAD, text=text, hint=hint)
    yield _in_ram(found, available_ram(root)) if cuda is None else _on_gpu(found, cuda)


def _at_home(config: RunConfig) -> RunConfig:
    """The run as it would be made on this machine, without what is only planned."""
    return config.model_copy(update={"plan": PlanConfig()})


def disk_checks(config: RunConfig, runs_dir: Path) -> Iterator[Check]:
    """Room for the checkpoints that are kept and one more, and for three copies of the weights."""
    place = next(p for p in (runs_dir.absolute(), *runs_dir.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    try:
        found = plan(config)
        needed = (config.keep_num_checkpoints + 1) * found.checkpoint + 3 * found.weights
    except ValueError:
        needed = 0.0
    text = f"{_size(free)} free, the run writes up to {_size(needed)}"
    title = "Disk"
    if free < needed + SPARE_BYTES:
        hint = "Delete old runs, or lower keep_num_checkpoints."
        yield Check(title=title, state=CheckState.BAD, text=text, hint=hint)
    elif free < needed + ROOMY_BYTES:
        hint = "Rollouts and logs take room too."
        yield Check(title=title, state=CheckState.WARN, text=text, hint=hint)
    else:
        yield Check(title=title, state=CheckState.GOOD, text=text)


def engine_checks(config: RunConfig) -> Iterator[Check]:
    """A free port for the server, or an answer from the one that already runs."""
    title = "Engine"
    if not config.engine.addresses:
        try:
            free_port("127.0.0.1")
        except EngineError as error:
            yield Check(title=title, state=CheckState.BAD, text=error.what, hint=error.hint)
        else:
            yield Check(title=title, state=CheckState.GOOD, text="a port is free for its server")
        return
    for url in config.engine.addresses:
        yield _answers(url)


def _answers(url: str) -> Check:
    title = "Engine"
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), timeout=CONNECT_TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        hint = "Start the server, mend engine.url, or leave it out to have one started."
        text = f"{url} does not answer: {error}"
        return Check(title=title, state=CheckState.BAD, text=text, hint=hint)
    return Check(title=title, state=CheckState.GOOD, text=f"{url} answers")


@dataclass(frozen=True, slots=True, kw_only=True)
class CudaMemory:
    """The first GPU, which stands for all of them."""

    name: str
    total: float
    free: float
    num: int
    """GPUs of the machine."""

    def as_gpu(self) -> Gpu:
        return Gpu(title=self.name, memory_bytes=self.total, flops_per_s=0.0, bytes_per_s=0.0)


def cuda_memory() -> CudaMemory | None:
    """What nvidia-smi says of the first GPU; None where there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    query = "--query-gpu=name,memory.total,memory.free"
    try:
        done = subprocess.run(
            [tool, query, "--format=csv,noheader,nounits"],
            capture_output=True, text=True, check=True, timeout=SMI_TIMEOUT_S,
        )  # fmt: skip
        lines = done.stdout.splitlines()
        name, total, free = lines[0].rsplit(",", 2)
        return CudaMemory(
            name=name.strip(),
            total=float(total) * 2**20,
            free=float(free) * 2**20,
            num=len(lines),
        )
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def available_ram(root: Path = Path("/")) -> float | None:
    """Bytes that a new process may still take, a container's limit included; None: unknown."""
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
        free = next(float(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration, ValueError, IndexError):
        return None
    group = root / "sys/fs/cgroup"
    try:
        limit = float((group / "memory.max").read_text())
        used = float((group / "memory.current").read_text())
    except (OSError, ValueError):  # no limit: it says `max`, or there are no groups
        return free
    return min(free, limit - used)


def _on_gpu(found: Plan, cuda: CudaMemory) -> Check:
    text = (
        f"trainer {_size(found.trainer.total)}, engine {_size(found.engine.total)} and "
        f"{_size(RUNTIME_BYTES)} of CUDA's, of {_size(cuda.free)} free on {cuda.name}"
    )
    if found.layout.num_gpus > cuda.num:
        text = f"the trainer has {found.layout.num_gpus} ranks, this machine {_gpus(cuda.num)}"
        hint = "Lower its parallel sizes, or start the run under torchrun on more machines."
        return Check(title="Memory", state=CheckState.BAD, text=text, hint=hint)
    if found.used_bytes > cuda.free:
        hint = "Lower engine.mem_fraction, trainer.max_tokens_per_microbatch or the context."
        return Check(title="Memory", state=CheckState.BAD, text=text, hint=hint)
    return Check(title="Memory", state=CheckState.GOOD, text=text)


def _in_ram(found: Plan, free: float | None) -> Check:
    ranks = found.layout.num_gpus
    engines = found.num_engines * found.engine.total
    needed = ranks * (found.trainer.total + found.trainer.host) + engines
    needed += PROCESS_BYTES + (ranks - 1) * RANK_BYTES
    text = f"about {_size(needed)} are needed"
    if free is None:
        return Check(title="Memory", state=CheckState.WARN, text=text, hint="How much is free?")
    text = f"{text}, {_size(free)} are free"
    if needed <= free:
        return Check(title="Memory", state=CheckState.GOOD, text=text)
    hint = "Take a smaller model, context or engine.max_total_tokens, or end other processes."
    return Check(title="Memory", state=CheckState.BAD, text=text, hint=hint)


def _gpus(num: int) -> str:
    return "1 GPU" if num == 1 else f"{num} GPUs"


def _size(num_bytes: float) -> str:
    return f"{num_bytes / GIB:,.1f} GiB"
