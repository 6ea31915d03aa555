"""The same code builds a shipped world once; whatever is wrong with its file only costs time."""

from pathlib import Path

import pytest

import world_builder
from exporter import built_worlds
from exporter.built_worlds import built_world
from exporter.contents import bundle_files
from world_builder.errors import UnknownName
from world_builder.world import World
from world_builder.worlds import build_world

Built = list[str]


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Built:
    """The worlds that were built, in order."""
    done: Built = []

    def watched(name: str) -> World:
        done.append(name)
        return build_world(name)

    monkeypatch.setattr(built_worlds, "build_world", watched)
    return done


def test_a_kept_world_is_the_world_to_the_byte(tmp_path: Path, built: Built) -> None:
    first, second = built_world("tutorial", tmp_path), built_world("tutorial", tmp_path)
    assert built == ["tutorial"]
    assert second == first == build_world("tutorial")
    assert bundle_files(second, "1.0.0") == bundle_files(first, "1.0.0")


def test_other_code_builds_anew_and_replaces_the_file(
    tmp_path: Path, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_world("tutorial", tmp_path)
    [old] = tmp_path.iterdir()
    monkeypatch.setattr(built_worlds, "_builder", lambda: "another")
    built_world("tutorial", tmp_path)
    assert len(built) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["tutorial-another.json"]
    assert old.name != "tutorial-another.json"


def test_every_source_of_a_world_names_its_builder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "world_builder"
    (package / "worlds").mkdir(parents=True)
    monkeypatch.setattr(world_builder, "__file__", str(package / "__init__.py"))
    names = set()
    for name, text in (("__init__.py", ""), ("worlds/a.md", "1"), ("worlds/a.md", "2")):
        (package / name).write_text(text)
        names.add(built_worlds._builder())
    assert len(names) == 3


@pytest.mark.parametrize("damage", ["cut", "changed", "empty"])
def test_a_damaged_file_is_built_anew(tmp_path: Path, built: Built, damage: str) -> None:
    whole = built_world("tutorial", tmp_path)
    [path] = tmp_path.iterdir()
    data = path.read_bytes()
    changed = {"cut": data[:-9], "changed": data.replace(b"tutorial", b"tutoriel"), "empty": b""}
    path.write_bytes(changed[damage])
    assert built_world("tutorial", tmp_path) == whole
    assert path.read_bytes() == data
    assert len(built) == 2


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path, built: Built) -> None:
    (tmp_path / "file").write_text("")
    assert built_world("tutorial", tmp_path / "file") == build_world("tutorial")


def test_an_unknown_world_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no shipped world 'atlantis'"):
        built_world("atlantis", tmp_path)
