"""The files of the container agree with what the server needs."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from exporter.container import DOCKERIGNORE, PORT, REQUIREMENTS, dockerfile, readme
from tests.exporter.docker_base import needed
from tests.exporter.small_world import library

ROOTS = ("pydantic", "jsonschema-rs", "uvicorn", "httptools")
CEL = "common-expression-language"
"""Needs more than itself only for a command line that no server imports."""
PINS = {Requirement(line).name: Requirement(line) for line in REQUIREMENTS.splitlines()}


def test_every_distribution_that_the_server_needs_is_pinned() -> None:
    assert needed(ROOTS) | {CEL} == PINS.keys()
    assert list(PINS) == sorted(PINS)


def test_the_pins_are_what_the_project_allows() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    for text in project["project"]["dependencies"]:
        allowed = Requirement(text)
        if allowed.name in PINS:
            [pin] = PINS[allowed.name].specifier
            assert allowed.specifier.contains(pin.version), text


def test_the_image_withholds_solutions_and_runs_without_rights() -> None:
    assert "solutions/" in DOCKERIGNORE.splitlines()
    lines = dockerfile(library(), "1.2.0").splitlines()
    assert "ARG BASE_IMAGE=python:3.11-slim" in lines
    assert "FROM ${BASE_IMAGE}" in lines
    assert "USER 10001:10001" in lines
    assert f"EXPOSE {PORT}" in lines
    assert (
        "LABEL org.opencontainers.image.version=1.2.0 dev.corecraft.bundle.world=library" in lines
    )
    assert "#   docker build -t library-1.2.0 ." in lines


def test_the_readme_names_the_world_and_the_reward() -> None:
    text = readme(library(), "1.2.0")
    assert text.startswith("# Lending library 1.2.0\n\nA desk with three books.\n")
    assert "docker build -t library-1.2.0 ." in text
    assert "## Reward" in text
    assert "{" not in text.replace("{id}", "")
