"""The settings of the SGLang server: a part of a run's configuration, kept apart for its length."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field as Declared
from pydantic import model_validator

from rl_backend.config_section import Section


class EngineConfig(Section):
    """The SGLang servers."""

    url: str | None = None
    """A server that is already running and sees the same files; None starts one for the run."""
    urls: tuple[str, ...] = ()
    """Several such servers instead of `url`: a group keeps to one, new weights reach all."""
    num_servers: int = Declared(default=1, ge=1)
    """Servers that the run starts where none is named, on GPUs one after the other: a group keeps
    to one, new weights reach all."""
    tensor_parallel: int = Declared(default=1, ge=1)
    """GPUs of one server, which each layer is cut over."""
    max_total_tokens: int = Declared(default=16384, ge=256)
    """Tokens that a server's cache holds."""
    mem_fraction: float = Declared(default=0.2, gt=0, lt=1)
    """Share of memory for weights and cache."""
    num_cpu_threads: int | None = Declared(default=None, ge=1)
    """Threads of the server on a CPU; None leaves it to torch, which takes all cores. On a shared
    machine one thread is many times faster."""
    startup_timeout_s: float = Declared(default=300.0, gt=0)
    """Seconds until a server that does not answer is given up."""
    request_timeout_s: float = Declared(default=120.0, gt=0)
    """Seconds until one generation is given up."""
    deterministic: bool = False
    """Whether SGLang samples each request by its own seed, whatever else is in its batch
    (`--enable-deterministic-inference`); slower, on a GPU only. Never run: there was no GPU."""
    weight_sync: Literal["disk", "tensor", "distributed"] = "disk"
    """How new weights reach a server: as files, through shared memory on the same host (`tensor`),
    or over a process group, gloo without GPUs and NCCL with them (`distributed`)."""
    pause_mode: Literal["retract", "in_place"] = "retract"
    """What becomes of requests in flight while new weights come: `retract` computes their cache
    anew under the new weights, `in_place` goes on with the old one."""
    weight_bucket_mib: int = Declared(default=512, ge=1)
    """Weights that go to a server at a time, in MiB, unless they are files; a larger tensor goes
    alone."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The servers that already run; none when they are started for the run."""
        return self.urls if self.url is None else (self.url,)

    @property
    def num_engines(self) -> int:
        """Servers that the run samples from."""
        return len(self.addresses) or self.num_servers

    @model_validator(mode="after")
    def _servers_are_named_once(self) -> Self:
        if self.url is not None and self.urls:
            raise ValueError("give url for one server or urls for several, not both")
        if len(set(self.urls)) < len(self.urls):
            raise ValueError("urls: name each server once")
        return self

    @model_validator(mode="after")
    def _own_server_is_deterministic(self) -> Self:
        if self.deterministic and self.addresses:
            raise ValueError(
                "deterministic is about a server that the run starts; start yours with "
                "--enable-deterministic-inference instead"
            )
        return self
