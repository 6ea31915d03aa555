"""The process group of the trainer's first rank and one server's ranks, over which weights go.

Under `sglang_weights`, which tells the server to join and to receive. Over gloo between CPUs, over
NCCL between GPUs: the code is the same, but NCCL was never run here. Rank 0 is this process; the
server's follow. The job's own process group is another one and is not touched.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import distributed_c10d

from rl_backend.errors import EngineError

AnswerT = TypeVar("AnswerT")

TIMEOUT = timedelta(minutes=5)
"""Until a rank that does not answer breaks the group."""


class WeightGroup:
    """One group; `join` makes it, while the server is told to join too."""

    def __init__(self, group: Any) -> None:
        self._group = group

    @classmethod
    async def join(cls, store: Any, *, name: str, num_ranks: int) -> Self:
        """Waits until all ranks have joined. Raises EngineError when they do not."""

        def joined() -> Any:
            group, _ = distributed_c10d._new_process_group_helper(
                num_ranks,
                0,
                [],
                distributed_c10d.Backend(backend()),
                dist.PrefixStore(name, store),  # type: ignore[attr-defined]
                group_name=distributed_c10d.GroupName(name),
                timeout=TIMEOUT,
            )
            distributed_c10d._world.pg_group_ranks[group] = {r: r for r in range(num_ranks)}
            return group

        return cls(await in_thread(joined, "form a process group with it"))

    async def broadcast(self, bytes_N: Tensor) -> None:
        """Sends a bucket to the server's ranks. Raises EngineError when one does not take it."""

        def sent() -> None:
            device = "cuda" if backend() == "nccl" else "cpu"
            dist.broadcast(bytes_N.to(device), src=0, group=self._group)
            if device == "cuda":
                torch.cuda.synchronize()

        await in_thread(sent, "receive weights")

    def close(self) -> None:
        """Leaves the group."""
        dist.destroy_process_group(self._group)


def backend() -> str:
    """What the group's ranks speak."""
    return "nccl" if torch.cuda.is_available() else "gloo"


def meeting_place(address: str) -> tuple[Any, int]:
    """A store at an address of this host, where the ranks find each other, and its port."""
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.create_server((address, 0), family=kind)
    port: int = listening.getsockname()[1]
    store = dist.TCPStore(  # type: ignore[attr-defined]
        address,
        port,
        is_master=True,
        wait_for_workers=False,
        timeout=TIMEOUT,
        master_listen_fd=listening.detach(),
    )
    return store, port


def address_towards(url: str) -> str:
    """The address of this host that the server at `url` can reach."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    try:
        kind, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(kind, socket.SOCK_DGRAM) as probe:
            probe.connect(target)  # sends nothing
            return str(probe.getsockname()[0])
    except OSError as error:
        raise EngineError(
            f"{url} cannot be reached from here: {error}.", hint="Mend engine.url."
        ) from error


async def in_thread(work: Callable[[], AnswerT], purpose: str) -> AnswerT:
    """The work's answer, made in a thread that nobody waits for when it hangs.

    Raises:
        EngineError: torch says that the server did not do its part.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[AnswerT] = loop.create_future()

    def tell(set_answer: Callable[[Any], None], value: Any) -> None:
        if not answer.done():
            set_answer(value)

    def run() -> None:
        try:
            value = work()
        except Exception as error:
            told = partial(tell, answer.set_exception, error)
        else:
            told = partial(tell, answer.set_result, value)
        with suppress(RuntimeError):  # the event loop may have ended meanwhile
            loop.call_soon_threadsafe(told)

    threading.Thread(target=run, name="weights", daemon=True).start()
    try:
        return await answer
    except (RuntimeError, ValueError) as error:
        raise EngineError(
            f"The server did not {purpose}: {error}.", hint="See the server's log."
        ) from error
