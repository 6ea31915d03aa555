"""How the ranks of one trainer find each other and speak: calls, outcomes and last words.

Rank 0 leads: it tells the others what all of them do next. Words go over gloo on the CPU whatever
the tensors use, in a group of their own that waits as long as rollouts take. Who starts the ranks
is `rank_processes`' business, what they do is `ranked`'s and `follower`'s.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self, TypeVar

import torch
import torch.distributed as dist

from rl_backend.errors import TrainerError

LOOPBACK = "127.0.0.1"
PATIENCE = timedelta(days=365)
"""For the next call: between two of them rollouts are made, however long that takes."""
JOINING = timedelta(minutes=10)
"""Until every rank has joined."""
_LAST_WORDS = "last words of rank {}"

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What every rank does next: a method of the trainer and what it is given."""

    method: str
    args: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankLink:
    """One rank's end of the wire."""

    rank: int
    num_ranks: int
    store: Any
    group: Any

    @classmethod
    def join(cls, store: Any, *, rank: int, num_ranks: int) -> Self:
        """Makes the default process group of the job, and one for words; waits for all ranks.

        Raises:
            TrainerError: not all of them came.
        """
        try:
            dist.init_process_group(
                "nccl" if torch.cuda.is_available() else "gloo",
                store=dist.PrefixStore("job", store),  # type: ignore[attr-defined]
                rank=rank,
                world_size=num_ranks,
            )
            group = dist.new_group(backend="gloo", timeout=PATIENCE)
        except RuntimeError as error:
            raise TrainerError(
                f"Not all of the trainer's {num_ranks} ranks came together: {error}.",
                hint="The log of the run says which of them ended, and why.",
            ) from error
        return cls(rank=rank, num_ranks=num_ranks, store=store, group=group)

    def tell(self, call: Call) -> None:
        """Sends a call to the other ranks."""
        dist.broadcast_object_list([call], src=0, group=self.group)

    def hear(self) -> Call:
        """The next call of rank 0; waits for it."""
        heard: list[Call | None] = [None]
        dist.broadcast_object_list(heard, src=0, group=self.group)
        if not isinstance(heard[0], Call):
            raise TypeError(f"rank 0 said something else than a call: {heard[0]!r}")
        return heard[0]

    def agreed(self, work: Callable[[], AnswerT]) -> AnswerT:
        """What the work returns here, once it went well on every rank.

        For work that may be refused and survived, such as loading a checkpoint.

        Raises:
            ValueError: it was refused, here or on another rank.
        """
        answer: AnswerT | None = None
        refusal: ValueError | None = None
        try:
            answer = work()
        except ValueError as error:
            refusal = error
        told: list[str | None] = [None] * self.num_ranks
        dist.all_gather_object(told, None if refusal is None else str(refusal), group=self.group)
        if refusal is not None:
            raise refusal
        for rank, text in enumerate(told):
            if text is not None:
                raise ValueError(f"rank {rank} of the trainer: {text}")
        return answer  # type: ignore[return-value]

    def leave_word(self, text: str) -> None:
        """Says why this rank ends, for rank 0 to read."""
        self.store.set(_LAST_WORDS.format(self.rank), text)

    def last_words(self) -> dict[int, str]:
        """Why ranks ended, of those that could say it."""
        keys = {rank: _LAST_WORDS.format(rank) for rank in range(1, self.num_ranks)}
        return {
            rank: self.store.get(key).decode()
            for rank, key in keys.items()
            if self.store.check([key])
        }


def own_store() -> Any:
    """A meeting place on this machine's loopback that this process holds, on a port of its own."""
    listening = socket.create_server((LOOPBACK, 0))
    port = listening.getsockname()[1]
    return dist.TCPStore(  # type: ignore[attr-defined]
        LOOPBACK,
        port,
        is_master=True,
        wait_for_workers=False,
        timeout=JOINING,
        master_listen_fd=listening.detach(),
    )


def given_store() -> Any:
    """The meeting place that the environment names, as torchrun and `rank_processes` set it."""
    return dist.TCPStore(  # type: ignore[attr-defined]
        os.environ["MASTER_ADDR"],
        int(os.environ["MASTER_PORT"]),
        is_master=False,
        timeout=JOINING,
    )
