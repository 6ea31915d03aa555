"""What the manifest carries of a release, and that it is part of the digest."""

import json
from pathlib import Path

import pytest

from exporter import layout
from exporter.bundle import Bundle, verify
from exporter.manifest import GateReport, Release
from exporter.releases import BumpTooSmall, release_after
from exporter.writer import write_bundle
from tests.exporter.small_world import library
from world_builder.world import World

OPEN = GateReport(gates=())


def published(world: World, version: str, out: Path, release: Release | None = None) -> Bundle:
    return Bundle.open(write_bundle(world, version, out, gates=OPEN, release=release))


def test_without_a_release_the_manifest_is_as_it_was(tmp_path: Path) -> None:
    plain = published(library(), "1.0.0", tmp_path / "a")
    assert "release" not in json.loads(plain.files()[layout.MANIFEST])
    assert published(library(), "1.0.0", tmp_path / "b", Release()).digest == plain.digest


def test_notes_and_parent_are_part_of_the_digest(tmp_path: Path) -> None:
    first = published(library(), "1.0.0", tmp_path)
    release = release_after(first, library(title="x"), "1.0.1", notes=" New.\r\nTitle. ")
    second = published(library(title="x"), "1.0.1", tmp_path / "a", release)
    assert second.manifest.release is not None
    assert second.manifest.release.notes == "New.\nTitle."
    assert second.manifest.release.parent is not None
    assert second.manifest.release.parent.digest == first.digest
    again = published(library(title="x"), "1.0.1", tmp_path / "b", release)
    other = published(library(title="x"), "1.0.1", tmp_path / "c", Release(notes="Other."))
    assert again.digest == second.digest != other.digest
    assert verify(second.path).is_intact


def test_a_smaller_bump_needs_a_reason(tmp_path: Path) -> None:
    first = published(library(), "1.0.0", tmp_path)
    changed = library(surfaces=())
    with pytest.raises(BumpTooSmall, match=r"since 1\.0\.0 are major, and 1\.1\.0 goes up by less"):
        release_after(first, changed, "1.1.0")
    told = release_after(first, changed, "1.1.0", bump_reason="Nobody used it.")
    assert told.bump_reason == "Nobody used it."
    assert release_after(first, changed, "2.0.0", bump_reason="Not needed.").bump_reason == ""


@pytest.mark.parametrize("version", ["2.0.0", "3.0.0", "2.4.1"])
def test_a_larger_bump_needs_none(tmp_path: Path, version: str) -> None:
    first = published(library(), "1.0.0", tmp_path)
    assert release_after(first, library(title="x"), version).bump_reason == ""
