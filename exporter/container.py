"""The files that turn a bundle into an image, and its README, as text.

`contents` puts them into the bundle; `image` builds from them. The image runs the copy of the
environment server in `server/`, as a user without rights, on a read-only root.
"""

import json
from typing import Final

from exporter import layout
from world_builder.world import World

PORT: Final = 8000
"""Where the server listens inside a container."""

REQUIREMENTS: Final = """\
annotated-types==0.8.0
click==8.5.1
common-expression-language==0.10.0
h11==0.16.0
httptools==0.9.0
jsonschema-rs==0.61.0
pydantic==2.14.4
pydantic-core==2.50.5
typing-extensions==4.16.0
typing-inspection==0.4.5
uvicorn==0.54.0
"""
"""All that the environment server imports, exactly; what only the CEL package's own command line
needs is left out, so install them with `--no-deps`."""

USER: Final = "10001:10001"
WORKDIR: Final = "/bundle/server"
ENVIRONMENT: Final = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    "CORECRAFT_SERVER_HOSTS": "localhost,127.0.0.1,[::1]",
}
SERVE: Final = ("-m", "exporter.server", "/bundle", "--host", "0.0.0.0", "--port", f"{PORT}")  # noqa: S104
"""Arguments of Python that serve the bundle; a container is reached from outside."""
HEALTH: Final = ("-m", "exporter.server.healthcheck", f"http://127.0.0.1:{PORT}/health")
"""Arguments of Python that tell whether it is served."""
HEALTH_INTERVAL_S: Final = 10
HEALTH_TIMEOUT_S: Final = 5
HEALTH_START_S: Final = 5
HEALTH_RETRIES: Final = 3

DOCKERIGNORE: Final = """\
solutions/
**/__pycache__/
"""


def dockerfile(world: World, version: str) -> str:
    """The Dockerfile of a bundle, for BuildKit and the classic builder."""
    return _DOCKERFILE.format(
        name=layout.bundle_name(world.name, version),
        world=world.name,
        version=version,
        port=PORT,
        user=USER,
        workdir=WORKDIR,
        environment=" \\\n    ".join(f"{name}={value}" for name, value in ENVIRONMENT.items()),
        serve=json.dumps(["python", *SERVE]),
        health=json.dumps(["python", *HEALTH]),
        health_interval_s=HEALTH_INTERVAL_S,
        health_timeout_s=HEALTH_TIMEOUT_S,
        health_start_s=HEALTH_START_S,
        health_retries=HEALTH_RETRIES,
    )


_DOCKERFILE: Final = """\
# The environment server of this bundle. Reference solutions stay outside (.dockerignore).
#   docker build -t {name} .
#   docker run --init --read-only -p 127.0.0.1:8000:{port} {name}
ARG BASE_IMAGE=python:3.11-slim
FROM ${{BASE_IMAGE}}
# Extra options of pip, such as --index-url or --find-links.
ARG PIP_ARGS=""
COPY server/requirements.txt /tmp/requirements.txt
RUN python -m pip install --no-cache-dir --no-deps --root-user-action=ignore ${{PIP_ARGS}} \\
    -r /tmp/requirements.txt
COPY . /bundle
WORKDIR {workdir}
# Verifies the bundle, and leaves the byte code of all that a start imports, once and for all.
RUN PYTHONDONTWRITEBYTECODE= python -m exporter.server /bundle --check --port 0
# CORECRAFT_SERVER_HOSTS: names that clients may use in a URL; in a network add the container's.
ENV {environment}
LABEL org.opencontainers.image.version={version} dev.corecraft.bundle.world={world}
USER {user}
EXPOSE {port}
HEALTHCHECK --interval={health_interval_s}s --timeout={health_timeout_s}s \\
    --start-period={health_start_s}s --retries={health_retries} \\
    CMD {health}
ENTRYPOINT {serve}
"""


def readme(world: World, version: str) -> str:
    """The README of a bundle: what it is, how to run it, connect to it and score in it."""
    name = layout.bundle_name(world.name, version)
    about = f"\n{world.description.strip()}\n" if world.description.strip() else ""
    return _README.format(title=world.title, version=version, name=name, about=about, port=PORT)


_README: Final = """\
# {title} {version}
{about}
A bundle: a simulated workplace with tasks, tools that act on it, and rubrics that score answers.

| path | what it is |
|---|---|
| `bundle.json` | the manifest: version, digest, SHA-256 of every file, splits, gates report |
| `tasks/` | prompts and rubrics, one file a task |
| `entities/` | the records by type, and `schema.json` |
| `system-prompts/` | the documents that tasks name as their system prompt |
| `mcp-tools.json` | the tools as MCP's `tools/list` shows them |
| `server/` | the environment server and its pinned requirements |
| `solutions/` | reference solutions; never copied into the image, may be withheld |

## Run it

    docker build -t {name} .
    docker run --init --read-only -p 127.0.0.1:8000:{port} {name}

or without Docker, with Python 3.11 or newer, in this folder:

    pip install --no-deps -r server/requirements.txt
    cd server && python -m exporter.server .. --port 8000

`http://127.0.0.1:8000/health` answers when the world is ready.

## Connect an MCP client

    from mcp import Client

    async with Client("http://127.0.0.1:8000/mcp") as client:
        print(await client.list_tools())

`/mcp` serves one world. A trainer that wants many isolated ones starts the server with a secret in
`CORECRAFT_CONTROL_TOKEN` and sends it as `Authorization: Bearer ...`:

| request | answer |
|---|---|
| `POST /rollouts` | 201 with `id` and `mcp_url` of a fresh world |
| `GET /rollouts/<id>/state` | what changed, and the hash of the whole state |
| `DELETE /rollouts/<id>` | 204; the world is gone |
| `GET /state`, `POST /reset` | the same for the one world at `/mcp` |
| `GET /metrics` | figures for Prometheus |

`--workers N` serves from several processes; `--help` names the other options.

The body of a POST is empty, or says how a task begins: its `tool_surface`, `start_state` and `now`.
A policy is given its `mcp_url` and nothing else. Send `Idempotency-Key` (or
`corecraft/idempotency-key` in a call's `_meta`) with each call: a retried call applies once.

## Reward

Each criterion of a task's rubric is decided on the final response, the tool calls and the final
state: by its `check`, or, where it has none, by a judge. The reward is the share of `primary`
criteria that are met; extra credit and dodged bullets add and subtract by the rubric's weights (0
unless stated), and the sum is clipped to [0, 1]. A task is passed when every primary criterion is
met and no bullet was hit. A rollout in which a criterion could not be decided has no reward: leave
it out, never count it as 0.
"""
