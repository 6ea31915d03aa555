"""Flipping any one byte of any file of a bundle is found, and the file is named."""

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.bundle import Bundle, verify
from exporter.errors import BundleError
from exporter.manifest import GateReport
from exporter.served import ServedBundle, is_served
from exporter.writer import write_bundle
from world_builder.worlds import build_world

NUM_POSITIONS = 500


@pytest.fixture(scope="module")
def library_copy(bundle_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(bundle_path, tmp_path_factory.mktemp("tampering") / "library"))


@pytest.fixture(scope="module")
def corecraft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = build_world("corecraft")
    folder = tmp_path_factory.mktemp("corecraft")
    return write_bundle(world, "1.0.0", folder, gates=GateReport(gates=()))


def files_of(bundle: Path) -> list[Path]:
    return sorted(path for path in bundle.rglob("*") if path.is_file())


@contextmanager
def flipped(path: Path, position: int, mask: int) -> Iterator[None]:
    """One byte of a file changed, until the end."""
    kept = path.read_bytes()
    changed = bytearray(kept)
    changed[position] ^= mask
    path.write_bytes(changed)
    try:
        yield
    finally:
        path.write_bytes(kept)


def assert_found(bundle: Path, path: Path) -> None:
    name = path.relative_to(bundle).as_posix()
    report = verify(bundle)
    assert not report.is_intact
    assert report.changed == (name,) or (name == "bundle.json" and "bundle.json" in report.problem)


def test_every_file_is_covered(library_copy: Path) -> None:
    """The first, the middle and the last byte of each."""
    for path in files_of(library_copy):
        for position in {0, path.stat().st_size // 2, path.stat().st_size - 1}:
            with flipped(path, position, 1):
                assert_found(library_copy, path)
    assert verify(library_copy).is_intact


@settings(max_examples=200, deadline=None)
@given(data=st.data(), mask=st.integers(1, 255))
def test_any_byte_of_any_file_is_covered(
    data: st.DataObject, mask: int, library_copy: Path
) -> None:
    path = data.draw(st.sampled_from(files_of(library_copy)))
    position = data.draw(st.integers(0, path.stat().st_size - 1))
    with flipped(path, position, mask):
        assert_found(library_copy, path)


def test_every_byte_of_the_manifest_is_covered(library_copy: Path) -> None:
    """All of them: nothing else guards the manifest."""
    path = library_copy / "bundle.json"
    for position in range(path.stat().st_size):
        with flipped(path, position, 1 << position % 8), pytest.raises(BundleError):
            Bundle.open(library_copy)


def test_a_server_finds_any_byte_too(library_copy: Path) -> None:
    """At once in what it serves, a moment later in the rest."""
    for path in files_of(library_copy):
        name = path.relative_to(library_copy).as_posix()
        with flipped(path, path.stat().st_size // 3, 4):
            if is_served(name) or name == "bundle.json":
                with pytest.raises(BundleError, match=name):
                    ServedBundle.open(library_copy)
                continue
            opened = ServedBundle.open(library_copy)
            with pytest.raises(BundleError, match=name):
                opened.check_rest()


def test_a_sample_of_a_large_bundle_is_covered(corecraft: Path) -> None:
    """Positions over all its bytes, so that large files have their share."""
    sizes = {path: path.stat().st_size for path in files_of(corecraft)}
    sampled = random.Random(2026)
    chosen = sampled.choices(list(sizes), weights=list(sizes.values()), k=NUM_POSITIONS)
    for path in chosen:
        with flipped(path, sampled.randrange(sizes[path]), 1 << sampled.randrange(8)):
            assert_found(corecraft, path)
    assert verify(corecraft).is_intact
