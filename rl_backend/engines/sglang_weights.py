"""How new weights come into an SGLang server: from a directory, shared memory or a process group.

Under `sglang`, which holds sampling meanwhile and decides what follows from a failure. The last two
send buckets between `/begin_weight_update` and `/end_weight_update`: until the end the server holds
weights of two versions, and the new version's name comes with the last bucket. What torch does is
in `shared_weights` and `weight_group`, which are imported when weights are sent.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, JsonValue

from rl_backend.engines.base import Weights
from rl_backend.engines.sglang_http import SGLangClient
from rl_backend.engines.sglang_wire import ServerInfo, WeightUpdate
from rl_backend.errors import EngineError, EngineUnavailable
from rl_backend.types import PolicyVersion

if TYPE_CHECKING:
    from rl_backend.engines.weight_group import WeightGroup

AnswerT = TypeVar("AnswerT")
ModelT = TypeVar("ModelT", bound=BaseModel)

UPDATE_TIMEOUT_S = 300.0
"""Bound on one request of an update."""
TIDY_TIMEOUT_S = 10.0
"""Bound on telling a server that an update is over, or that nobody sends any more."""


class Sender(Protocol):
    """Brings weights into a server whose sampling is held."""

    async def send(
        self,
        client: SGLangClient,
        weights: Weights,
        version: PolicyVersion,
        *,
        is_cache_kept: bool = False,
    ) -> None:
        """Returns when the server has all of them.

        With `is_cache_kept` requests in flight go on with their cache, and the server's is not
        emptied, which it would refuse.

        Raises:
            EngineError: it has not, and may hold weights of two versions.
        """

    async def close(self, client: SGLangClient) -> None:
        """Frees what is kept between two hand-overs; never raises EngineError."""


def sender(way: Literal["disk", "tensor", "distributed"], bucket_bytes: int) -> Sender | None:
    """The sender for a way of handing weights over; None where the server reads a directory."""
    if way == "disk":
        return None
    return TensorSender(bucket_bytes) if way == "tensor" else GroupSender(bucket_bytes)


async def load_directory(
    client: SGLangClient, weights: Weights, version: PolicyVersion, *, is_cache_kept: bool = False
) -> None:
    """Has the server read a Hugging Face directory; it keeps its weights when it cannot.

    `is_cache_kept` is as in `Sender.send`.
    """
    path = await asyncio.to_thread(weights.directory)
    body: dict[str, JsonValue] = {
        "model_path": str(path),
        "weight_version": str(version),
        "flush_cache": not is_cache_kept,
    }
    await _sent(client, "/update_weights_from_disk", body)


class TensorSender:
    """Through memory that the trainer and a server on the same host share."""

    def __init__(self, bucket_bytes: int) -> None:
        self._bucket_bytes = bucket_bytes

    async def send(
        self,
        client: SGLangClient,
        weights: Weights,
        version: PolicyVersion,
        *,
        is_cache_kept: bool = False,
    ) -> None:
        """As `Sender.send`."""
        from rl_backend.engines.shared_weights import payload, release, shared_buffer
        from rl_backend.weight_buckets import buckets

        num_ranks = (await _info(client)).tp_size
        tensors = await asyncio.to_thread(weights.tensors)
        parts = buckets(tensors, self._bucket_bytes)
        buffer = await asyncio.to_thread(shared_buffer, max(part.num_bytes for part in parts))
        try:
            async with _session(client):
                for part in parts:
                    named = await asyncio.to_thread(part.filled, tensors, buffer)
                    payloads: list[JsonValue] = [payload(named) for _ in range(num_ranks)]
                    body: dict[str, JsonValue] = {"serialized_named_tensors": payloads}
                    close = _close(version, is_last=part is parts[-1], is_cache_kept=is_cache_kept)
                    await _sent(client, "/update_weights_from_tensor", body | close)
        except TimeoutError as late:  # the server may still read what the segment holds
            raise _stuck(version) from late
        except EngineError:
            release(buffer)
            raise

    async def close(self, client: SGLangClient) -> None:
        """Nothing is kept."""


class GroupSender:
    """Over a process group of this process and the server's ranks, which outlives a hand-over."""

    def __init__(self, bucket_bytes: int) -> None:
        self._bucket_bytes = bucket_bytes
        self._name = ""
        self._group: WeightGroup | None = None

    async def send(
        self,
        client: SGLangClient,
        weights: Weights,
        version: PolicyVersion,
        *,
        is_cache_kept: bool = False,
    ) -> None:
        """As `Sender.send`. After a failure the next hand-over makes another group."""
        is_whole = False
        try:
            self._group = self._group or await self._joined(client)
            await self._send(client, self._group, weights, version, is_cache_kept)
            is_whole = True
        except TimeoutError as late:
            raise _stuck(version) from late
        finally:
            if not is_whole:
                await self.close(client)

    async def _send(
        self,
        client: SGLangClient,
        group: WeightGroup,
        weights: Weights,
        version: PolicyVersion,
        is_cache_kept: bool,
    ) -> None:
        import torch

        from rl_backend.weight_buckets import buckets

        tensors = await asyncio.to_thread(weights.tensors)
        parts = buckets(tensors, self._bucket_bytes)
        buffer = torch.empty(max(part.num_bytes for part in parts), dtype=torch.uint8)
        async with _session(client):
            for part in parts:
                await asyncio.to_thread(part.filled, tensors, buffer)
                body: dict[str, JsonValue] = {
                    "names": [place.name for place in part.places],
                    "dtypes": [place.dtype_name for place in part.places],
                    "shapes": [list(place.shape) for place in part.places],
                    "group_name": self._name,
                    "load_format": "flattened_bucket",
                }
                close = _close(version, is_last=part is parts[-1], is_cache_kept=is_cache_kept)
                await _both(
                    _sent(client, "/update_weights_from_distributed", body | close),
                    group.broadcast(buffer[: part.num_bytes]),
                )

    async def close(self, client: SGLangClient) -> None:
        """Ends the group on both sides."""
        if self._group is None:
            return
        group, self._group = self._group, None
        with suppress(EngineError, TimeoutError):
            body: dict[str, JsonValue] = {"group_name": self._name}
            await _sent(client, "/destroy_weights_update_group", body, timeout_s=TIDY_TIMEOUT_S)
        group.close()

    async def _joined(self, client: SGLangClient) -> WeightGroup:
        from rl_backend.engines import weight_group

        info = await _info(client)
        if info.pp_size > 1 or info.dp_size > 1:
            raise EngineError(
                f"SGLang at {client.url} runs with pipeline or data parallel ranks, which cannot "
                "receive weights over a process group.",
                hint='Start it with tensor parallel ranks alone, or set engine.weight_sync="disk".',
            )
        self._name = f"corecraft-{secrets.token_hex(4)}"
        num_ranks = 1 + info.tp_size
        address = weight_group.address_towards(client.url)
        store, port = weight_group.meeting_place(address)
        body: dict[str, JsonValue] = {
            "master_address": address,
            "master_port": port,
            "rank_offset": 1,
            "world_size": num_ranks,
            "group_name": self._name,
            "backend": weight_group.backend(),
        }
        return await _both(
            _sent(client, "/init_weights_update_group", body),
            weight_group.WeightGroup.join(store, name=self._name, num_ranks=num_ranks),
        )


@asynccontextmanager
async def _session(client: SGLangClient) -> AsyncIterator[None]:
    """Between the begin and the end of an update, which comes after a failure too."""
    try:
        await _sent(client, "/begin_weight_update", {})
    except EngineUnavailable:
        raise
    except EngineError:  # a sender that died left its update open
        await _sent(client, "/end_weight_update", {})
        await _sent(client, "/begin_weight_update", {})
    try:
        yield
    except EngineError:
        with suppress(EngineError, TimeoutError):
            await _sent(client, "/end_weight_update", {}, timeout_s=TIDY_TIMEOUT_S)
        raise
    await _sent(client, "/end_weight_update", {})


def _close(version: PolicyVersion, *, is_last: bool, is_cache_kept: bool) -> dict[str, JsonValue]:
    """What the last bucket brings beside tensors: the version's name, and an empty cache."""
    flushes = is_last and not is_cache_kept
    return {"flush_cache": flushes, "weight_version": str(version) if is_last else None}


async def _both(told: Awaitable[Any], work: Awaitable[AnswerT]) -> AnswerT:
    """The work's answer, once the server did its part as well; the first failure ends both."""
    asked, made = asyncio.ensure_future(told), asyncio.ensure_future(work)
    try:
        await asyncio.wait({asked, made}, return_when=asyncio.FIRST_EXCEPTION)
        for each in (asked, made):
            if each.done() and each.exception() is not None:
                await each
        return made.result()
    finally:
        asked.cancel()
        made.cancel()
        await asyncio.gather(asked, made, return_exceptions=True)


async def _info(client: SGLangClient) -> ServerInfo:
    try:
        return await client.get("/server_info", ServerInfo, timeout_s=UPDATE_TIMEOUT_S)
    except TimeoutError as late:
        raise EngineError(
            f"SGLang did not say within {UPDATE_TIMEOUT_S:g} s which ranks it has.",
            hint="See the server's log.",
        ) from late


async def _sent(
    client: SGLangClient,
    path: str,
    body: dict[str, JsonValue],
    *,
    timeout_s: float = UPDATE_TIMEOUT_S,
) -> None:
    """Sends one request of an update; never twice, since the server may have acted on it."""
    await client.post(path, body, WeightUpdate, timeout_s=timeout_s, num_attempts=1)


def _stuck(version: PolicyVersion) -> EngineError:
    return EngineError(
        f"SGLang did not take the weights of version {version} within {UPDATE_TIMEOUT_S:g} s.",
        hint="See the server's log.",
    )
