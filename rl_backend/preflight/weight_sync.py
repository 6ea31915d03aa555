"""Checks of how weights reach the servers, where they do not go as files.

Shared memory wants a server on this host, a process group one whose ranks are all tensor parallel,
and, between GPUs, one on other GPUs than the trainer's.
"""

from __future__ import annotations

import json
import math
import os
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from rl_backend.config import RunConfig
from rl_backend.engine_config import EngineConfig
from rl_backend.estimate.plan import plan
from rl_backend.preflight.checks import Check, CheckState
from rl_backend.preflight.machine import cuda_memory

TITLE = "Weight sync"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (where the kernel keeps POSIX shared memory)
ASK_TIMEOUT_S = 2.0
MIB = 2**20


def weight_sync_checks(config: RunConfig, shared_memory: Path = SHARED_MEMORY) -> Iterator[Check]:
    """Nothing for files; else whether this machine and each named server allow the way."""
    engine = config.engine
    if engine.weight_sync == "disk":
        return
    if engine.weight_sync == "tensor":
        found = [*_far_servers(engine), *_shared_memory(config, shared_memory)]
    else:
        found = [*_same_gpus(engine), *_other_ranks(engine)]
    text = f"{engine.weight_sync}, {engine.weight_bucket_mib:,} MiB at a time"
    yield from found or [Check(title=TITLE, state=CheckState.GOOD, text=text)]


def _far_servers(engine: EngineConfig) -> Iterator[Check]:
    for url in engine.addresses:
        if not is_here(url):
            yield _bad(
                f"{url} is on another host, whose memory cannot be shared",
                'Set engine.weight_sync to "distributed", or to "disk" where it sees the same '
                "files.",
            )


def _shared_memory(config: RunConfig, folder: Path) -> Iterator[Check]:
    try:
        found = os.statvfs(folder)
    except OSError as error:
        yield _bad(f"no shared memory: {error}", 'Set engine.weight_sync to "disk".')
        return
    free = found.f_bavail * found.f_frsize // MIB
    num_servers = config.engine.num_engines
    needed = _bucket_mib(config) * num_servers
    if free < needed:
        yield _bad(
            f"{folder} has {free:,} MiB free, buckets for {_servers(num_servers)} take "
            f"{needed:,} MiB",
            "Lower engine.weight_bucket_mib or enlarge it (docker: --shm-size).",
        )


def _bucket_mib(config: RunConfig) -> int:
    """The largest bucket; a small model fills none."""
    try:
        return min(config.engine.weight_bucket_mib, math.ceil(plan(config).weights / MIB))
    except ValueError:  # an unknown model, which has a check of its own
        return config.engine.weight_bucket_mib


def _same_gpus(engine: EngineConfig) -> Iterator[Check]:
    if cuda_memory() is None:
        return
    if not engine.addresses:
        yield _bad(
            "the run's own server is on the trainer's GPU, and NCCL takes no two ranks on one",
            'Set engine.weight_sync to "tensor", or name a server on other GPUs in engine.url.',
        )
    for url in filter(is_here, engine.addresses):
        text = f"{url} is on this host: it must use other GPUs than the trainer"
        hint = 'Where it does not, set engine.weight_sync to "tensor".'
        yield Check(title=TITLE, state=CheckState.WARN, text=text, hint=hint)


def _other_ranks(engine: EngineConfig) -> Iterator[Check]:
    for url in engine.addresses:
        sizes = _sizes(url)
        if any(sizes.get(name, 1) > 1 for name in ("pp_size", "dp_size")):
            yield _bad(
                f"{url} has pipeline or data parallel ranks, which cannot join a group for weights",
                'Start it with tensor parallel ranks alone, or set engine.weight_sync to "disk".',
            )


def is_here(url: str) -> bool:
    """Whether a server's host is this one: a name that leads to loopback or an own address."""
    try:
        addresses = {
            str(found[4][0]) for found in socket.getaddrinfo(urlsplit(url).hostname or "", None)
        }
    except (OSError, ValueError):
        return False
    return bool(addresses) and all(_is_own(address) for address in addresses)


def _is_own(address: str) -> bool:
    """Whether a socket can listen there."""
    found = ip_address(address.partition("%")[0])
    if found.is_loopback:
        return True
    kind = socket.AF_INET if found.version == 4 else socket.AF_INET6
    with socket.socket(kind, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _sizes(url: str) -> dict[str, int]:
    """The server's parallel sizes; none when it does not say."""
    with suppress(OSError, ValueError):
        asked = f"{url.rstrip('/')}/server_info"
        with urllib.request.urlopen(asked, timeout=ASK_TIMEOUT_S) as answer:  # noqa: S310
            told = json.load(answer)
        return {name: value for name, value in dict(told).items() if isinstance(value, int)}
    return {}


def _bad(text: str, hint: str) -> Check:
    return Check(title=TITLE, state=CheckState.BAD, text=text, hint=hint)


def _servers(num: int) -> str:
    return "1 server" if num == 1 else f"{num} servers"
