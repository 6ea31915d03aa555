"""What is looked at before containers are asked for, and what earlier processes left on the hosts.

For the studio's preflight and the command line; it starts nothing. Everything here blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rl_backend.docker_config import DockerConfig
from rl_backend.errors import BackendError
from rl_backend.runtimes.containers import OWNER_LABEL, FoundContainer
from rl_backend.runtimes.docker_engine import DockerEngine

CHECK_TIMEOUT_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCheck:
    """Whether a host can run a bundle's containers."""

    host: str
    text: str
    hint: str = ""
    """What to do; empty when nothing is wrong."""

    @property
    def is_good(self) -> bool:
        return not self.hint


def check_hosts(config: DockerConfig, digest: str, bundle: Path) -> tuple[HostCheck, ...]:
    """Each host: whether its engine answers and has the image of the bundle with that digest."""
    return tuple(_checked(url, config, digest, bundle) for url in urls_of(config))


def urls_of(config: DockerConfig) -> Sequence[str | None]:
    """The URLs of the hosts; None stands for that of the environment."""
    return [host.url for host in config.hosts] or [None]


def how_to_build(bundle: Path, url: str | None) -> str:
    """The command that builds the bundle's image on a host."""
    return f"{f'DOCKER_HOST={url} ' if url else ''}corecraft bundle image {bundle}"


def owned_containers(urls: Sequence[str | None]) -> tuple[FoundContainer, ...]:
    """Every container that a runtime started, on some hosts. Raises HostFailed."""
    found: list[FoundContainer] = []
    for url in urls:
        engine = DockerEngine(url)
        try:
            found += engine.containers(OWNER_LABEL)
        finally:
            engine.close()
    return tuple(found)


def remove_left_behind(engine: DockerEngine, *, also_used: bool = False) -> tuple[str, ...]:
    """Removes what nobody uses any more, or everything of ours; the names. Raises HostFailed."""
    removed = []
    for found in engine.containers(OWNER_LABEL):
        if also_used or found.is_left_behind(datetime.now(UTC)):
            engine.remove(found.id)
            removed.append(found.name)
    return tuple(removed)


def _checked(url: str | None, config: DockerConfig, digest: str, bundle: Path) -> HostCheck:
    name = url or "Docker"
    try:
        engine = DockerEngine(url, timeout_s=CHECK_TIMEOUT_S)
    except BackendError as error:
        return HostCheck(host=name, text=error.what, hint=error.hint)
    try:
        engine.image(digest, config.image, how_to_build(bundle, url))
    except BackendError as error:
        return HostCheck(host=engine.name, text=error.what, hint=error.hint)
    finally:
        engine.close()
    text = f"{engine.name} answers (version {engine.version}) and has the bundle's image"
    return HostCheck(host=engine.name, text=text)
