"""The bare SGLang server: recorded requests sent to it with nothing in between.

The peer of our rollouts: aiohttp, one connection per rollout, no policy, no world, no judge. The
prompts, sampling parameters and log-probabilities are those of the recording; output lengths are
forced to its own.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence

import aiohttp
from pydantic import JsonValue

from rl_backend.bench.rollout_types import Chain, Request, Spent
from rl_backend.errors import EngineError


async def replay_bare(url: str, chains: Sequence[Chain], *, temperature: float) -> Spent:
    """All chains at once, each request as soon as the one before it is answered.

    Raises:
        EngineError: the server gives another number of tokens than it was asked for.
    """
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
    ) as session:
        began_s = time.perf_counter()
        numbers = await asyncio.gather(
            *(_chain(session, url, chain, temperature) for chain in chains)
        )
        return Spent(num_tokens=sum(numbers), seconds=time.perf_counter() - began_s)


async def _chain(session: aiohttp.ClientSession, url: str, chain: Chain, temperature: float) -> int:
    for request in chain.requests:
        body = _body(request, temperature)
        async with session.post(f"{url}/generate", json=body) as response:
            content = await response.read()
        num = len(json.loads(content)["output_ids"]) if response.status == 200 else 0
        if num != request.num_new:
            raise EngineError(
                f"SGLang sampled {num} tokens instead of {request.num_new}: {content[:200]!r}.",
                hint="See the server's log.",
            )
    return chain.num_new


def _body(request: Request, temperature: float) -> dict[str, JsonValue]:
    sampling: dict[str, JsonValue] = {
        "temperature": temperature,
        "top_p": 1.0,
        "max_new_tokens": request.num_new,
        "ignore_eos": True,
        "skip_special_tokens": False,
    }
    if request.seed is not None:
        sampling["sampling_seed"] = request.seed
    return {
        "input_ids": list(request.prompt_ids),
        "sampling_params": sampling,
        "return_logprob": True,
    }
