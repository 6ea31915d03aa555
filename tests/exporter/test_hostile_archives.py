"""Archives by people who mean harm: refused in bounded time and space, with a reason."""

import gzip
import io
import os
import tarfile
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.archive import gzip_bytes, tar_bytes, write_tar
from exporter.bundle import Bundle, verify
from exporter.errors import ArchiveError, BundleError
from exporter.files import FolderFiles, TarFiles
from exporter.names import MAX_DEPTH, MAX_LENGTH, name_fault, names_fault
from exporter.tar_stream import DEFAULT_LIMITS, Limits, open_tar
from exporter.writer import pack

SMALL = Limits(num_files=10, num_headers=40, total_bytes=1 << 20, file_bytes=1 << 16, ratio=10)


def member(name: str, size: int = 0, **changes: object) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    for key, value in changes.items():
        setattr(entry, key, value)
    return entry


def tar_of(*entries: tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar of entries, each full of zeros."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for entry in entries:
            tar.addfile(entry, io.BytesIO(bytes(entry.size)))
    return buffer.getvalue()


def listed(data: bytes, folder: Path, limits: Limits = DEFAULT_LIMITS) -> frozenset[str]:
    path = folder / "hostile.tar"
    path.write_bytes(data)
    return TarFiles(path, limits).names


BAD_NAMES = {
    "../outside": "relative name",
    "/absolute": "relative name",
    "a/../../b": "relative name",
    "a//b": "relative name",
    "a/./b": "relative name",
    "C:\\windows": "letters, digits",
    "a\\..\\b": "letters, digits",
    "a:stream": "letters, digits",
    "line\nfeed": "letters, digits",
    "bell\a": "letters, digits",
    "spa ce": "letters, digits",
    "é": "letters, digits",
    "e\u0301": "letters, digits",
    "\u212a": "letters, digits",
    "\u202egnp.exe": "letters, digits",
    "dot.": "ends in",
    "x" * (MAX_LENGTH + 1): "longer than",
    "/".join(["d"] * (MAX_DEPTH + 1)): "deeper than",
}


@pytest.mark.parametrize("name", BAD_NAMES, ids=range(len(BAD_NAMES)))
def test_a_name_that_could_lead_astray_is_refused(name: str, tmp_path: Path) -> None:
    assert BAD_NAMES[name] in name_fault(name)
    with pytest.raises(BundleError, match=BAD_NAMES[name]):
        listed(tar_of(member(name), member("bundle.json")), tmp_path)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("tasks/a.json", "tasks/A.json"), "the same name on some file systems"),
        (("Tasks/a.json", "tasks/b.json", "tasks"), "a file and a folder"),
        (("a", "a/b"), "a file and a folder"),
        (("a/b", "a/b"), "occurs twice"),
        (("./a/b", "a/b"), "occurs twice"),
    ],
)
def test_names_that_clash_are_refused(names: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=reason):
        listed(tar_of(member("bundle.json"), *map(member, names)), tmp_path)


def test_a_manifest_may_not_name_what_no_tar_may(bundle_path: Path, tmp_path: Path) -> None:
    """Also when the manifest agrees with itself: a name is refused before anything is read."""
    from exporter.encoding import pretty_model

    manifest = Bundle.open(bundle_path).manifest
    for name in ("../outside", "tasks/Lend-Emma.json"):
        files = {**manifest.files, name: "0" * 64}
        forged = manifest.model_copy(update={"files": files}).sealed()
        path = write_tar({"bundle.json": pretty_model(forged)}, tmp_path / "forged.tar")
        with pytest.raises(BundleError, match=r"bundle\.json cannot be read"):
            Bundle.open(path)


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
     tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE, b"Z"],
)  # fmt: skip
def test_what_is_no_plain_file_is_refused(kind: bytes, tmp_path: Path) -> None:
    odd = member("bundle.json", type=kind, linkname="/etc/passwd", devmajor=1, devminor=3)
    with pytest.raises(BundleError, match="is no plain file"):
        listed(tar_of(odd, form=tarfile.GNU_FORMAT), tmp_path)


def test_a_sparse_file_in_a_pax_header_is_refused(tmp_path: Path) -> None:
    odd = member("a", pax_headers={"GNU.sparse.realsize": "999999999999"})
    with pytest.raises(BundleError, match="sparse"):
        listed(tar_of(odd), tmp_path)


def test_folders_and_what_common_tools_write_are_read(tmp_path: Path) -> None:
    long = "tasks/" + "x" * 94 + ".json"
    folder = member("./top/", type=tarfile.DIRTYPE)
    entries = [folder, member("./top/bundle.json", 700), member(f"./top/{long}", 3, mtime=1.5)]
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        kept = [member(e.name, e.size, type=e.type, mtime=0) for e in entries]
        assert listed(tar_of(*kept, form=form), tmp_path) == {"bundle.json", long}
    assert listed(tar_of(*entries), tmp_path) == {"bundle.json", long}
    files = TarFiles(tmp_path / "hostile.tar").contents({"bundle.json"})
    assert files == {"bundle.json": bytes(700)}


def test_limits_are_kept(tmp_path: Path) -> None:
    def refused(data: bytes) -> str:
        with pytest.raises(BundleError) as caught:
            listed(data, tmp_path, SMALL)
        return str(caught.value)

    many = tar_of(*(member(f"f{n}") for n in range(11)))
    assert "more than 10 files" in refused(many)
    folders = tar_of(*(member(f"d{n}", type=tarfile.DIRTYPE) for n in range(41)))
    assert "more than 40 headers" in refused(folders)
    assert "more than 65,536 bytes" in refused(tar_of(member("big", (1 << 16) + 1)))
    large = tar_of(*(member(f"f{n}", 1 << 16) for n in range(10)), member("z/", 1 << 19, type=b"5"))
    assert "unpacks to more" in refused(large)


def test_a_bomb_is_put_out(tmp_path: Path) -> None:
    """A gigabyte of zeros in a megabyte: refused for its ratio, in little memory."""
    path = tmp_path / "bomb.tar.gz"
    zeros = bytes(1 << 20)
    with gzip.open(path, "wb", compresslevel=9) as packed:
        for number in range(4):
            packed.write(member(f"f{number}", 1 << 28).tobuf())
            for _ in range(1 << 8):
                packed.write(zeros)
    assert path.stat().st_size < 1 << 21
    tracemalloc.start()
    try:
        with pytest.raises(BundleError, match="unpacks to more"):
            TarFiles(path)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def header(size: bytes, kind: bytes = b"0", name: bytes = b"a") -> bytes:
    """A header whose checksum is right, whatever the rest says."""
    data = bytearray(member("a").tobuf(tarfile.USTAR_FORMAT))
    data[0:100] = name.ljust(100, b"\0")
    data[124:136] = size.ljust(12, b"\0")
    data[156:157] = kind
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        header(b"\xff" * 12),  # minus one, as GNU writes negative numbers
        header(b"\x80" + b"\0" * 7 + b"\x7f" * 4),  # a binary number
        header(b"-1"),
        header(b"8"),
        header(b"77777777777"),  # more than follows
        header(b"17777777", b"x"),
        header(b"17777777", b"L"),
        header(b"3", b"x") + b"9 a".ljust(512, b"\0"),
        header(b"4", b"x") + b"0 a\n".ljust(512, b"\0"),
        header(b"11", b"x") + b"9 size=x\n".ljust(512, b"\0"),
        header(b"1", b"L") + b"\xff".ljust(512, b"\0") + header(b""),
        header(b"0", name=b"\xff\xfe"),
        header(b"0")[:-1],
        b"x" * 512,
        gzip_bytes(b"x" * 512),
        gzip_bytes(tar_bytes({"a": b"b"}))[:-4],
        tar_bytes({"a": b"b"}) + b"more",
        b"\x1f\x8b" + b"x" * 100,
    ],
    ids=range(18),
)
def test_broken_headers_are_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be read as a tar"):
        listed(data, tmp_path)


def test_a_flood_of_extended_headers_ends(tmp_path: Path) -> None:
    """Each describes the next; Python's own reader recurses on them."""
    flood = (header(b"0", b"x") + header(b"0", b"g")) * 2000 + header(b"0")
    assert listed(flood, tmp_path) == {"a"}
    with pytest.raises(BundleError, match="more than 40 headers"):
        listed(flood, tmp_path, SMALL)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=3000))
def test_no_bytes_do_anything_but_fail_or_list(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with suppress(BundleError):
        listed(data, folder)
    assert [p.name for p in folder.iterdir()] == ["hostile.tar"]


blocks = st.builds(
    lambda size, kind, name, body: header(size, kind, name) + body.ljust(512, b"\0"),
    size=st.integers(0, 2000).map(lambda n: b"%o" % n) | st.binary(max_size=12),
    kind=st.sampled_from([b"0", b"\0", b"5", b"x", b"g", b"L", b"1", b"2", b"S", b"K"]),
    name=st.binary(max_size=100),
    body=st.binary(max_size=512)
    | st.sampled_from([b"9 path=a\n", b"9 size=1\n", b"11 path=../x\n"]),
)


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(blocks, max_size=6), is_packed=st.booleans())
def test_no_headers_do_anything_but_fail_or_list(
    parts: list[bytes], is_packed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = b"".join(parts)
    with suppress(BundleError):
        for name in listed(gzip_bytes(data) if is_packed else data, tmp_path_factory.mktemp("h")):
            assert not name_fault(name)


names = st.from_regex(r"[a-z0-9_-]{1,9}(/[a-z0-9_-]{1,9}){0,3}", fullmatch=True)
trees = st.dictionaries(names, st.binary(max_size=1500), max_size=6).filter(
    lambda files: not names_fault(files)
)


@settings(max_examples=60, deadline=None)
@given(files=trees, is_packed=st.booleans())
def test_what_is_written_is_read(
    files: dict[str, bytes], is_packed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("round") / ("a.tar.gz" if is_packed else "a.tar")
    write_tar(files, path, prefix="top-1.0.0/")
    opened = TarFiles(path)
    assert opened.names == files.keys()
    assert opened.contents(files) == files


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_changed_tar_of_a_bundle_opens_as_the_same_or_not_at_all(
    data: st.DataObject, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("changed")
    packed = bytearray(pack(bundle, folder / "b.tar", with_solutions=False).read_bytes())
    position = data.draw(st.integers(0, len(packed) - 1))
    packed[position] ^= data.draw(st.integers(1, 255))
    (folder / "b.tar").write_bytes(packed)
    with suppress(BundleError):
        opened = Bundle.open(folder / "b.tar")
        assert opened.files() == {
            n: d for n, d in bundle.files().items() if not n.startswith("solutions/")
        }


def test_the_manifest_is_verified_before_anything_else_is_read(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []
    read = TarFiles.contents

    def recorded(self: TarFiles, wanted: set[str]) -> dict[str, bytes]:
        asked.append(set(wanted))
        return read(self, wanted)

    monkeypatch.setattr(TarFiles, "contents", recorded)
    files = {**bundle.files(), "bundle.json": bundle.files()["bundle.json"] + b" "}
    path = write_tar(files, tmp_path / "b.tar")
    assert "bundle.json" in verify(path).problem
    assert asked == [{"bundle.json"}]


def test_a_folder_has_limits_too(bundle_path: Path, tmp_path: Path) -> None:
    (tmp_path / "deep" / "/".join("d" * 40)).mkdir(parents=True)
    with pytest.raises(BundleError, match="deeper than 12 folders"):
        FolderFiles(tmp_path / "deep")
    with pytest.raises(BundleError, match="more than 10 files"):
        FolderFiles(bundle_path, SMALL)
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "a").write_bytes(bytes((1 << 16) + 1))
    with pytest.raises(BundleError, match="more than 65,536 bytes"):
        FolderFiles(tmp_path / "big", SMALL).contents({"a"})
    os.mkfifo(tmp_path / "big" / "pipe")
    with pytest.raises(BundleError, match="something that is no file, pipe"):
        FolderFiles(tmp_path / "big")


def test_a_stream_is_read_once_and_in_order(tmp_path: Path) -> None:
    path = write_tar({"a": b"1" * 600, "b": b"2"}, tmp_path / "a.tar")
    with open_tar(path) as tar:
        assert [(m.name, tar.read()) for m in tar] == [("a", b"1" * 600), ("b", b"2")]
    with pytest.raises(ArchiveError, match="cannot be read"), open_tar(tmp_path):
        pass
