"""Writing a bundle: the same bytes everywhere, whole or not at all, never twice differently."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.bundle import Bundle
from exporter.contents import bundle_files, server_files
from exporter.errors import ExporterError, VersionTaken
from exporter.gates import run_gates
from exporter.manifest import GateReport, Manifest
from exporter.writer import GatesShut, build_manifest, pack, write_bundle
from tests.exporter.small_world import LEND_TASK, YEAR_TASK, library
from world_builder.entities import EntityType, Field, FieldKind
from world_builder.tasks import Split
from world_builder.world import Policy, World

ROOT = Path(__file__).parents[2]

EXPORT = """
import os, sys
os.umask(int(sys.argv[2], 8))
from pathlib import Path
from exporter.bundle import Bundle
from exporter.writer import pack, write_bundle
from tests.exporter.small_world import library
out = Path(sys.argv[1])
bundle = Bundle.open(write_bundle(library(), "1.2.3", out))
pack(bundle, out / "bundle.tar")
pack(bundle, out / "bundle.tar.gz")
"""


def tree(folder: Path) -> dict[str, tuple[str, int]]:
    """SHA-256 and mode of every file under a folder."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            stat.S_IMODE(path.stat().st_mode),
        )
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".tar", ".gz"}
    }


def test_two_machines_write_the_same_bytes(tmp_path: Path) -> None:
    outs = []
    for seed, umask, zone in (("1", "022", "Asia/Tokyo"), ("2", "077", "America/St_Johns")):
        out, cwd = tmp_path / f"out-{seed}", tmp_path / f"cwd-{seed}"
        cwd.mkdir()
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(ROOT),
            "TZ": zone,
        }
        command = [sys.executable, "-B", "-c", EXPORT, str(out), umask]
        subprocess.run(command, cwd=cwd, env=environment, check=True)
        outs.append(out)
    first, second = outs
    assert tree(first) == tree(second)
    assert len(tree(first)) > 40
    for name in ("bundle.tar", "bundle.tar.gz"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert (
        Bundle.open(first / "bundle.tar.gz").digest == Bundle.open(second / "library-1.2.3").digest
    )


def test_the_command_gives_one_digest_everywhere(tmp_path: Path) -> None:
    """Other paths, folders to work in, time zones, hash seeds; nothing known before, or all."""
    digests, trees = set(), []
    machines = (("a", "1", "Asia/Tokyo"), ("b", "2", "America/St_Johns"), ("a", "3", "UTC"))
    for number, (machine, seed, zone) in enumerate(machines):
        cwd = tmp_path / machine / f"cwd-{number}"
        cwd.mkdir(parents=True)
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(ROOT),
            "TZ": zone,
            "CORECRAFT_CACHE_DIR": str(tmp_path / machine / "cache"),
        }
        command = ["bundle", "export", "tutorial", "--version", "1.2.3", "--out", "out", "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "studio.cli", *command],
            cwd=cwd, env=environment, check=True, capture_output=True,
        )  # fmt: skip
        digests.add(json.loads(done.stdout)["digest"])
        trees.append(tree(cwd / "out"))
    assert len(digests) == 1
    assert trees[0] == trees[1] == trees[2]


def test_writing_again_changes_nothing_and_another_world_is_refused(tmp_path: Path) -> None:
    path = write_bundle(library(), "1.0.0", tmp_path)
    before = (path / "bundle.json").stat().st_mtime_ns
    assert write_bundle(library(), "1.0.0", tmp_path) == path
    assert (path / "bundle.json").stat().st_mtime_ns == before
    with pytest.raises(VersionTaken, match="publish under the next one"):
        write_bundle(library(title="Another library"), "1.0.0", tmp_path)
    assert Bundle.open(path).world == library()
    assert [entry.name for entry in tmp_path.iterdir()] == ["library-1.0.0"]


def test_a_damaged_bundle_is_not_taken_for_the_same(tmp_path: Path) -> None:
    path = write_bundle(library(), "1.0.0", tmp_path)
    (path / "mcp-tools.json").write_text("[]")
    with pytest.raises(VersionTaken, match=r"damaged.*mcp-tools\.json"):
        write_bundle(library(), "1.0.0", tmp_path)


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        write_bundle(library(), "1.0.0", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "01.0.0", "1.0.0+build", "../1.0.0", ""])
def test_a_version_is_semantic(version: str, tmp_path: Path) -> None:
    with pytest.raises(ExporterError, match=r"write one like 1\.0\.0"):
        write_bundle(library(), version, tmp_path)


def test_shut_gates_need_a_reason_which_the_manifest_carries(tmp_path: Path) -> None:
    world = library(tasks=(YEAR_TASK, LEND_TASK.model_copy(update={"reference_solution": None})))
    with pytest.raises(GatesShut, match=r"tasks\.lend-emma\.reference_solution") as caught:
        write_bundle(world, "1.0.0", tmp_path, override_reason="  ")
    shut = [gate.name for gate in caught.value.report.shut()]
    assert shut == ["reference_solutions", "mutation_score", "tool_coverage"]
    path = write_bundle(world, "1.0.0", tmp_path, override_reason="pilot with one open task")
    gates = Bundle.open(path).manifest.gates
    assert gates.override_reason == "pilot with one open task"
    assert not gates.is_met


def test_no_reason_publishes_a_broken_world(tmp_path: Path) -> None:
    with pytest.raises(GatesShut, match="no reason overrides errors of the world itself") as caught:
        write_bundle(library(policies=()), "1.0.0", tmp_path, override_reason="in a hurry")
    assert [gate.name for gate in caught.value.report.must_mend()] == ["validation"]
    assert list(tmp_path.iterdir()) == []


def test_the_digest_is_the_hash_of_the_manifest_without_it(bundle_path: Path) -> None:
    manifest = json.loads((bundle_path / "bundle.json").read_text())
    digest = manifest.pop("digest")
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_the_manifest_counts_what_is_there(bundle: Bundle) -> None:
    counts = bundle.manifest.counts
    assert (counts.entity_types, counts.entities, counts.tools, counts.tasks) == (2, 4, 3, 2)
    assert (counts.criteria, counts.solutions, counts.policies, counts.surfaces) == (8, 2, 1, 1)
    splits = bundle.manifest.splits
    assert splits.seed == 7
    assert splits.of(Split.TRAIN) == ("year-of-dune",)
    assert splits.of(Split.HELD_OUT) == ("lend-emma",)


def test_the_files_of_table_1_are_there(bundle: Bundle) -> None:
    names = bundle.files()
    for name in (
        "tasks/lend-emma.json",
        "server/exporter/server/__main__.py",
        "server/exporter/server/healthcheck.py",
        "server/world_builder/engine.py",
        "server/tools.json",
        "entities/book.json",
        "entities/schema.json",
        "system-prompts/desk.md",
        "mcp-tools.json",
        "solutions/lend-emma.json",
        "Dockerfile",
        "README.md",
    ):
        assert name in names
    assert b"reference_solution" not in names["tasks/lend-emma.json"]
    assert names["system-prompts/desk.md"] == b"# Desk\nBe brief.\r\nBe right.\n"


def test_the_copied_server_holds_no_writer_and_no_world() -> None:
    names = server_files()
    for part in ("writer", "image", "gates", "cli", "worlds", "validation", "checking"):
        assert not [name for name in names if f"/{part}" in name]


def test_a_pack_may_leave_the_solutions_out(bundle: Bundle, tmp_path: Path) -> None:
    whole = Bundle.open(pack(bundle, tmp_path / "whole.tgz"))
    bare = Bundle.open(pack(bundle, tmp_path / "bare.tar", with_solutions=False))
    assert whole.world == bundle.world
    assert whole.has_solutions
    assert not bare.has_solutions
    assert bare.digest == bundle.digest
    assert [task.reference_solution for task in bare.world.tasks] == [None, None]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | texts
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
slugs = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True).filter(lambda name: name != "schema")


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Worlds of any content, valid or not: their types alone are kept."""
    names = draw(st.lists(slugs, unique=True, max_size=3))
    notes = Field(name="notes", kind=FieldKind.LONG_TEXT)
    types = tuple(
        EntityType(name=n, title=draw(texts), plural=n, id_format="x-{n}", fields=(notes,))
        for n in names
    )
    records = st.lists(st.dictionaries(texts, json_values, max_size=3), max_size=3).map(tuple)
    task_ids = draw(st.lists(slugs, unique=True, max_size=3))
    policies = draw(st.lists(slugs, unique=True, max_size=2))
    return library(
        name=draw(slugs),
        title=draw(texts),
        description=draw(texts),
        now=draw(st.integers(0, 2**32).map(lambda s: datetime.fromtimestamp(s, UTC))),
        seed=draw(st.integers(0, 2**53)),
        entity_types=types,
        entities={name: draw(records) for name in names},
        policies=tuple(Policy(name=n, title=draw(texts), text=draw(texts)) for n in policies),
        tasks=tuple(
            draw(st.sampled_from([YEAR_TASK, LEND_TASK])).model_copy(
                update={"id": task_id, "prompt": draw(texts.filter(bool))}
            )
            for task_id in task_ids
        ),
    )


def opened(world: World, path: Path) -> Bundle:
    files = bundle_files(world, "1.0.0")
    manifest: Manifest = build_manifest(world, "1.0.0", files, GateReport(gates=()))
    return Bundle(path=path, manifest=manifest, _files=files)


@settings(max_examples=60, deadline=None)
@given(world=worlds())
def test_export_then_open_is_identity(world: World) -> None:
    assert opened(world, Path()).world == world


@settings(max_examples=5, deadline=None)
@given(world=worlds())
def test_export_then_open_is_identity_on_disk(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("identity")
    path = write_bundle(world, "0.1.0", folder, gates=run_gates(library()))
    assert Bundle.open(path).world == world
