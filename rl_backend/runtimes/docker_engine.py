"""One Docker Engine: the only module of the backend that uses the `docker` package.

Finds images, starts locked-down containers without a network, opens a program's input and output in
them, lists and removes them. Everything here blocks, so callers use threads. It knows no worlds.

How containers are shut in, tried with Docker 20.10: on an `internal` bridge network the host
reaches a container by its address, yet the container reaches every port on which the host listens
(by the bridge's address and by the host's own), and ports are not published; without masquerading,
ports are published and the same holds. So containers get no network at all, and are reached through
`exec` (`tunnel`), which costs no more than a network does and works the same for engines that are
remote, rootless or in a virtual machine.
"""

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.images import Image
from docker.types import LogConfig

from rl_backend.errors import WorldRuntimeError
from rl_backend.runtimes.containers import ContainerSpec, ContainerState, FoundContainer
from rl_backend.runtimes.hosts import HostFailed

DIGEST_LABEL: Final = "dev.corecraft.bundle.digest"
"""Of images and of the containers made from them: the bundle inside."""

DEFAULT_URL: Final = "unix:///var/run/docker.sock"
_USER: Final = "10001:10001"
_TMPFS: Final = {"/tmp": "rw,noexec,nosuid,nodev,size=16m,mode=1777"}  # noqa: S108
_FRAME_HEADER: Final = struct.Struct(">BxxxL")
_STDOUT: Final = 1
_CHUNK_BYTES: Final = 65536
_SEND_LIMIT_S: Final = 60.0
_MIB: Final = 1 << 20


class DockerEngine:
    """The engine at a URL; None takes that of the environment (DOCKER_HOST)."""

    def __init__(
        self, url: str | None, *, timeout_s: float = 60.0, max_connections: int = 64
    ) -> None:
        """`timeout_s` is that of one request. Raises HostFailed when nothing answers."""
        self.name = url or os.environ.get("DOCKER_HOST") or DEFAULT_URL
        with self._told("does not answer", "Start it, or point DOCKER_HOST at one that runs."):
            _knock(self.name)
            self._client = docker.from_env(
                timeout=int(timeout_s),
                max_pool_size=max_connections,
                environment={**os.environ, "DOCKER_HOST": self.name},
            )
            try:
                self.version = str(self._client.version()["Version"])
            except BaseException:
                self._client.close()
                raise

    def image(self, digest: str, tag: str | None, how_to_build: str) -> str:
        """The id of the image that holds a bundle, by tag or by its label.

        Raises HostFailed when it is not there, or holds another bundle.
        """
        with self._told("cannot list its images", "Look at the engine's log."):
            found = self._images(digest, tag)
        if not found:
            what = f"image {tag}" if tag else f"image of the bundle {digest[:12]}"
            raise HostFailed(f"{self.name} has no {what}.", hint=f"Build it: {how_to_build}")
        inside = found[0].labels.get(DIGEST_LABEL, "")
        if inside != digest:
            told = f"the bundle {inside[:12]}" if inside else "no bundle"
            raise HostFailed(
                f"The image {tag} on {self.name} holds {told}, not {digest[:12]}.",
                hint=f"Build it anew: {how_to_build}",
            )
        return str(found[0].id)

    def start(self, spec: ContainerSpec) -> str:
        """The id of a new container that runs. Raises HostFailed."""
        with self._told("cannot start a container", "Look at the engine's log."):
            made = self._client.containers.create(
                spec.image_id,
                name=spec.name,
                labels=dict(spec.labels),
                environment=dict(spec.environment),
                init=True,
                network_mode="none",
                read_only=True,
                tmpfs=_TMPFS,
                user=_USER,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                mem_limit=spec.memory_mib * _MIB,
                memswap_limit=spec.memory_mib * _MIB,
                nano_cpus=int(spec.cpus * 1e9),
                pids_limit=spec.max_processes,
                healthcheck={"test": ["NONE"]},
                log_config=LogConfig(type="json-file", config={"max-size": "1m"}),
            )
            try:
                made.start()
            except BaseException:
                made.remove(force=True)
                raise
            return str(made.id)

    def run_in(self, container_id: str, command: list[str]) -> "ExecStream":
        """The input and output of a program that now runs in a container.

        Raises WorldRuntimeError when the container is not running, HostFailed else.
        """
        with self._told("cannot run a program in a container", "Look at the engine's log."):
            made = self._client.api.exec_create(container_id, command, stdin=True)
            return ExecStream(self._client.api.exec_start(made["Id"], socket=True))

    def state(self, container_id: str) -> ContainerState | None:
        """How a container is; None when there is none. Raises HostFailed."""
        with self._told("cannot tell how a container is", "Look at the engine's log."):
            try:
                state = self._client.api.inspect_container(container_id)["State"]
                log = self._client.api.logs(container_id, tail=5)
            except NotFound:
                return None
        return ContainerState(
            is_running=bool(state["Running"]),
            exit_code=int(state["ExitCode"]),
            is_out_of_memory=bool(state.get("OOMKilled")),
            log_tail=log.decode(errors="replace").strip(),
        )

    def memory_bytes(self, container_id: str) -> int:
        """Memory that a container uses, without file pages that could be dropped."""
        with self._told("cannot measure a container", "Look at the engine's log."):
            told: Any = self._client.api.stats(container_id, stream=False, one_shot=True)
        memory = told["memory_stats"]
        details = memory.get("stats", {})
        inactive = details.get("total_inactive_file", details.get("inactive_file", 0))
        return int(memory["usage"]) - int(inactive)

    def containers(self, label: str) -> tuple[FoundContainer, ...]:
        """Every container that has a label (`name` or `name=value`). Raises HostFailed."""
        with self._told("cannot list its containers", "Look at the engine's log."):
            found = self._client.api.containers(all=True, filters={"label": [label]})
        return tuple(
            FoundContainer(
                host=self.name,
                id=each["Id"],
                name=each["Names"][0].lstrip("/") if each["Names"] else each["Id"][:12],
                labels=each["Labels"] or {},
                is_running=each["State"] in {"running", "paused", "restarting"},
                created_at=datetime.fromtimestamp(each["Created"], UTC),
                status=each["Status"],
            )
            for each in found
        )

    def remove(self, container_id: str) -> None:
        """Ends and removes a container, if it is there. Raises HostFailed."""
        with self._told("cannot remove a container", "Try `corecraft bundle containers --prune`."):
            try:
                self._client.api.remove_container(container_id, force=True, v=True)
            except NotFound:
                return
            except APIError as error:
                if error.status_code != 409:  # it is being removed already
                    raise

    def close(self) -> None:
        """Lets go of the engine; containers stay."""
        self._client.close()

    def _images(self, digest: str, tag: str | None) -> list[Image]:
        if tag is None:
            found = self._client.images.list(filters={"label": f"{DIGEST_LABEL}={digest}"})
            return sorted(found, key=lambda image: not image.tags)
        try:
            return [self._client.images.get(tag)]
        except ImageNotFound:
            return []

    @contextmanager
    def _told(self, what: str, hint: str) -> Iterator[None]:
        """Turns failures of the engine, and of the way to it, into ours."""
        try:
            yield
        except APIError as error:
            told = error.explanation or str(error)
            if error.status_code == 409:
                raise WorldRuntimeError(f"{self.name} {what}: {told}.", hint=hint) from error
            raise HostFailed(
                f"The Docker Engine at {self.name} {what}: {told}.", hint=hint
            ) from error
        except (DockerException, OSError) as error:
            raise HostFailed(
                f"The Docker Engine at {self.name} {what}: {error}.", hint=hint
            ) from error


def _knock(url: str) -> None:
    """Raises OSError, with a plainer text than the package's, when nobody listens at a socket."""
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(url.removeprefix("unix://"))


class ExecStream:
    """Standard input and output of a program in a container."""

    def __init__(self, opened: Any) -> None:
        """`opened` is what the `docker` package gives: a socket, wrapped in one of several ways."""
        self._opened = opened
        self._socket: socket.socket = getattr(opened, "_sock", opened)
        self._socket.settimeout(_SEND_LIMIT_S)
        self._raw = b""

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self, timeout_s: float) -> bytes:
        """The next bytes of its output; none at its end."""
        self._socket.settimeout(timeout_s)
        while True:
            header = self._exactly(_FRAME_HEADER.size)
            if not header:
                return b""
            stream, length = _FRAME_HEADER.unpack(header)
            data = self._exactly(length)
            if stream == _STDOUT and data:
                return data

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        response = getattr(self._opened, "_response", None)
        with suppress(OSError, ValueError):
            self._opened.close()
        with suppress(OSError, ValueError):
            self._socket.close()
        if response is not None:
            with suppress(OSError, ValueError):
                response.close()

    def _exactly(self, num_bytes: int) -> bytes:
        while len(self._raw) < num_bytes:
            chunk = self._socket.recv(_CHUNK_BYTES)
            if not chunk:
                return b""
            self._raw += chunk
        data, self._raw = self._raw[:num_bytes], self._raw[num_bytes:]
        return data
