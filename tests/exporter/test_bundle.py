"""Opening a bundle: every kind of tampering is refused, and the file at fault is named."""

import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from exporter.bundle import Bundle, verify
from exporter.errors import BundleError
from exporter.writer import pack
from tests.exporter.small_world import library
from world_builder.errors import UnknownName


@pytest.fixture
def copy(bundle_path: Path, tmp_path: Path) -> Path:
    """A bundle to tamper with."""
    return Path(shutil.copytree(bundle_path, tmp_path / "copy"))


def assert_named(path: Path, name: str, kind: str) -> None:
    """Opening refuses, verifying reports, and both name the file."""
    with pytest.raises(BundleError, match=name.replace(".", r"\.")) as caught:
        Bundle.open(path)
    report = verify(path)
    assert not report.is_intact
    assert any(kind in fault and name in fault for fault in report.faults())
    if kind != "digest":
        assert name in caught.value.files


def test_an_untouched_bundle_opens(bundle_path: Path) -> None:
    opened = Bundle.open(bundle_path)
    assert opened.world == library()
    assert (opened.name, opened.version) == ("library", "1.0.0")
    assert opened.task("lend-emma").title == "Lend Emma"
    with pytest.raises(UnknownName, match="no task 'nothing'"):
        opened.task("nothing")
    report = verify(bundle_path)
    assert report.is_intact
    assert report.has_solutions
    assert report.num_files == len(opened.manifest.files)


@pytest.mark.parametrize(
    "name",
    [
        "tasks/lend-emma.json",
        "entities/book.json",
        "system-prompts/desk.md",
        "mcp-tools.json",
        "server/tools.json",
        "server/exporter/server/app.py",
        "solutions/lend-emma.json",
        "Dockerfile",
        "README.md",
        ".dockerignore",
    ],
)
def test_a_changed_file_is_named(copy: Path, name: str) -> None:
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    assert_named(copy, name, "changed")


@pytest.mark.parametrize("name", ["tasks/lend-emma.json", "solutions/lend-emma.json", "Dockerfile"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert_named(copy, name, "missing")


@pytest.mark.parametrize(
    "name", ["tasks/extra.json", "server/extra.py", "entities/__pycache__/a.pyc", "notes.txt"]
)
def test_an_extra_file_is_named(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(exist_ok=True)
    (copy / name).write_text("{}")
    assert_named(copy, name, "extra")


def test_a_link_is_named(copy: Path) -> None:
    (copy / "tasks" / "link.json").symlink_to(copy / "README.md")
    with pytest.raises(BundleError, match=r"tasks/link\.json"):
        Bundle.open(copy)


def test_every_fault_is_told_at_once(copy: Path) -> None:
    (copy / "README.md").unlink()
    (copy / "mcp-tools.json").write_text("[]")
    (copy / "notes.txt").write_text("")
    with pytest.raises(BundleError) as caught:
        Bundle.open(copy)
    assert caught.value.files == ("README.md", "mcp-tools.json", "notes.txt")


def test_a_manifest_of_other_bytes_is_found(copy: Path) -> None:
    manifest = copy / "bundle.json"
    manifest.write_bytes(manifest.read_bytes() + b" ")
    assert "changed file: bundle.json" in verify(copy).problem
    with pytest.raises(BundleError, match=r"bundle\.json"):
        Bundle.open(copy)


def test_a_changed_manifest_is_found_by_its_digest(copy: Path) -> None:
    manifest = json.loads((copy / "bundle.json").read_text())
    manifest["splits"]["train"] = []
    (copy / "bundle.json").write_text(json.dumps(manifest))
    assert_named(copy, "bundle.json", "digest")


def test_a_manifest_of_the_wrong_shape_is_refused(copy: Path) -> None:
    (copy / "bundle.json").write_text('{"format_version": 99}')
    with pytest.raises(BundleError, match=r"bundle\.json cannot be read"):
        Bundle.open(copy)
    assert not verify(copy).is_intact


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="does not exist"):
        Bundle.open(tmp_path / "nothing")
    with pytest.raises(BundleError, match=r"no bundle; make one with `corecraft bundle export"):
        Bundle.open(tmp_path)
    (tmp_path / "text.tar").write_text("no tar")
    with pytest.raises(BundleError, match="cannot be read as a tar"):
        Bundle.open(tmp_path / "text.tar")


def test_without_solutions_it_opens_and_tasks_have_none(copy: Path) -> None:
    shutil.rmtree(copy / "solutions")
    opened = Bundle.open(copy)
    assert not opened.has_solutions
    assert opened.task("lend-emma").reference_solution is None
    assert opened.task("lend-emma").rubric == library().task("lend-emma").rubric


def test_byte_code_of_a_server_that_ran_is_no_part_of_it(copy: Path, bundle: Bundle) -> None:
    cache = copy / "server" / "exporter" / "__pycache__"
    cache.mkdir()
    (cache / "bundle.cpython-311.pyc").write_bytes(b"")
    opened = Bundle.open(copy)
    assert opened.digest == bundle.digest
    assert not [name for name in opened.files() if "__pycache__" in name]


def test_an_environment_knows_no_task_and_no_policy(bundle: Bundle) -> None:
    environment = bundle.environment
    assert environment.tasks == ()
    assert environment.policies == ()
    assert environment.entities == library().entities
    assert environment.tools == library().tools


def test_a_tampered_tar_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    packed = pack(bundle, tmp_path / "bundle.tar")
    with tarfile.open(packed, "a") as tar:
        entry = tarfile.TarInfo("library-1.0.0/notes.txt")
        tar.addfile(entry, io.BytesIO(b""))
    assert_named(packed, "notes.txt", "extra")


@pytest.mark.parametrize("name", ["../outside", "/absolute", "a/../../b"])
def test_a_tar_cannot_reach_outside(name: str, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO(b""))
    with pytest.raises(BundleError, match="no plain file with a relative name"):
        Bundle.open(tmp_path / "bad.tar")


def test_a_tar_may_not_hold_links(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        link = tarfile.TarInfo("bundle.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(BundleError, match="no plain file"):
        Bundle.open(tmp_path / "bad.tar")
