"""Flipping any one byte of any file of a bundle is found, and the file is named.

Files are hashed one by one, so that one look at a bundle tells of a flip in each of its files.
"""

import random
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.bundle import Bundle, verify
from exporter.errors import BundleError
from exporter.seal import Seal, compare, read_seal
from exporter.served import ServedBundle, is_served
from exporter.writer import pack

MANIFEST = "bundle.json"
SMALL_BYTES = 4096
NUM_ROUNDS, NUM_POSITIONS = 2, 500
BLOCK, CHECKSUM_END = 512, range(154, 156)


@dataclass(frozen=True)
class Held:
    """The files of a bundle in memory, as `seal` looks at them."""

    files: Mapping[str, bytes]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.files)

    def contents(self, names: Collection[str]) -> dict[str, bytes]:
        return {name: self.files[name] for name in names}

    def flipped(self, name: str, position: int, mask: int) -> "Held":
        return Held({**self.files, name: flip(self.files[name], position, mask)})


@pytest.fixture(scope="module")
def library_copy(bundle_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(bundle_path, tmp_path_factory.mktemp("tampering") / "library"))


@pytest.fixture(scope="module")
def large_copy(corecraft_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(corecraft_bundle, tmp_path_factory.mktemp("tampering") / "large"))


def files_of(bundle: Path) -> list[Path]:
    return sorted(path for path in bundle.rglob("*") if path.is_file())


def held(bundle: Path) -> tuple[Held, Seal]:
    files = Held({p.relative_to(bundle).as_posix(): p.read_bytes() for p in files_of(bundle)})
    return files, read_seal(files, bundle)


def changed_in(files: Held, seal: Seal, name: str) -> tuple[str, ...]:
    """The files that differ, of the named one alone."""
    return compare(files, seal, lambda each: each == name).changed


def flip(data: bytes, position: int, mask: int) -> bytes:
    changed = bytearray(data)
    changed[position] ^= mask
    return bytes(changed)


@contextmanager
def flipped(*where: tuple[Path, int, int]) -> Iterator[None]:
    """One byte changed in each of some files, until the end."""
    kept = {path: path.read_bytes() for path, _, _ in where}
    for path, position, mask in where:
        path.write_bytes(flip(kept[path], position, mask))
    try:
        yield
    finally:
        for path, data in kept.items():
            path.write_bytes(data)


def assert_found(bundle: Path, path: Path) -> None:
    name = path.relative_to(bundle).as_posix()
    report = verify(bundle)
    assert not report.is_intact
    assert report.changed == (name,) or (name == MANIFEST and MANIFEST in report.problem)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), mask=st.integers(1, 255))
def test_any_byte_of_any_file_is_covered(
    data: st.DataObject, mask: int, library_copy: Path
) -> None:
    path = data.draw(st.sampled_from(files_of(library_copy)))
    position = data.draw(st.integers(0, path.stat().st_size - 1))
    with flipped((path, position, mask)):
        assert_found(library_copy, path)


def test_every_byte_of_the_manifest_is_covered(library_copy: Path) -> None:
    """All of them: nothing else guards the manifest."""
    files, _ = held(library_copy)
    for position in range(len(files.files[MANIFEST])):
        with pytest.raises(BundleError, match=MANIFEST):
            read_seal(files.flipped(MANIFEST, position, 1 << position % 8), "it")
    path = library_copy / MANIFEST
    for position in range(0, path.stat().st_size, 97):
        with flipped((path, position, 1)), pytest.raises(BundleError):
            Bundle.open(library_copy)


def test_every_byte_of_every_small_file_is_covered(library_copy: Path) -> None:
    files, seal = held(library_copy)
    small = {n for n, data in files.files.items() if len(data) <= SMALL_BYTES} - {MANIFEST}
    assert len(small) > 20
    for name in sorted(small):
        for position in range(len(files.files[name])):
            changed = files.flipped(name, position, 1 << position % 8)
            assert changed_in(changed, seal, name) == (name,)


def test_a_server_finds_any_byte_too(library_copy: Path) -> None:
    """At once in what it serves, a moment later in the rest."""
    for path in files_of(library_copy):
        name = path.relative_to(library_copy).as_posix()
        with flipped((path, path.stat().st_size // 3, 4)):
            if is_served(name) or name == MANIFEST:
                with pytest.raises(BundleError, match=name):
                    ServedBundle.open(library_copy)
                continue
            opened = ServedBundle.open(library_copy)
            with pytest.raises(BundleError, match=name):
                opened.check_rest()


def test_every_file_of_a_large_bundle_is_covered(large_copy: Path) -> None:
    """A byte of each file at a time, at other places each round."""
    paths = [path for path in files_of(large_copy) if path.name != MANIFEST]
    sampled = random.Random(2026)
    for _ in range(NUM_ROUNDS):
        places = [
            (p, sampled.randrange(p.stat().st_size), 1 << sampled.randrange(8)) for p in paths
        ]
        with flipped(*places):
            report = verify(large_copy)
        assert report.changed == tuple(p.relative_to(large_copy).as_posix() for p in paths)
        assert (report.missing, report.extra, report.problem) == ((), (), "")
    with flipped(places[0]):
        assert_found(large_copy, paths[0])
    assert verify(large_copy).is_intact


def test_a_sample_of_a_large_bundle_is_covered(corecraft_bundle: Path) -> None:
    """Positions over all its bytes, so that large files have their share."""
    files, seal = held(corecraft_bundle)
    sizes = {name: len(data) for name, data in files.files.items() if name != MANIFEST}
    sampled = random.Random(2026)
    for name in sampled.choices(list(sizes), weights=list(sizes.values()), k=NUM_POSITIONS):
        changed = files.flipped(name, sampled.randrange(sizes[name]), 1 << sampled.randrange(8))
        assert changed_in(changed, seal, name) == (name,)


def test_any_byte_of_a_tar_is_covered(bundle: Bundle, tmp_path: Path) -> None:
    """Headers, contents, what fills up blocks, and the end: at random, and all of one header."""
    path = pack(bundle, tmp_path / "library.tar")
    whole = path.read_bytes()
    sampled = random.Random(2026)
    positions = [*range(BLOCK), *sampled.sample(range(len(whole)), 700)]
    for position in positions:
        path.write_bytes(flip(whole, position, 1 << sampled.randrange(8)))
        report = verify(path)
        if report.is_intact:
            assert position % BLOCK in CHECKSUM_END, position
            assert Bundle.open(path).files() == bundle.files()
    path.write_bytes(whole)
    assert verify(path).is_intact


def test_a_byte_of_a_large_tar_is_found_and_its_file_named(
    corecraft_bundle: Path, tmp_path: Path
) -> None:
    path = pack(Bundle.open(corecraft_bundle), tmp_path / "large.tar")
    whole = path.read_bytes()
    name = "entities/product.json"
    position = whole.index((corecraft_bundle / name).read_bytes())
    for shift in (0, 1000, (corecraft_bundle / name).stat().st_size - 1):
        path.write_bytes(flip(whole, position + shift, 16))
        assert verify(path).changed == (name,)
