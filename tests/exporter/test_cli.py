"""`corecraft bundle` as a person and a program use it."""

import gc
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exporter.bundle import Bundle
from exporter.cli import app
from tests.exporter.small_world import LEND_TASK, YEAR_TASK, library

runner = CliRunner()


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    result = runner.invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def world_file(tmp_path: Path) -> Path:
    path = tmp_path / "world.json"
    path.write_text(library().model_dump_json())
    return path


def test_export_gives_digest_and_path_and_the_same_twice(world_file: Path, tmp_path: Path) -> None:
    told = []
    for name in ("a", "b"):
        code, out, _ = run(
            "export", world_file, "--version", "1.0.0", "--out", tmp_path / name, "--json"
        )
        assert code == 0
        told.append(json.loads(out))
        assert told[-1].keys() == {"digest", "path"}
        assert Bundle.open(told[-1]["path"]).digest == told[-1]["digest"]
    assert told[0]["digest"] == told[1]["digest"]
    code, out, _ = run("export", tmp_path, "--version", "1.0.0", "--out", tmp_path / "a")
    assert code == 0
    assert "reference_solutions" in out


def test_a_broken_world_gives_every_problem_at_once(tmp_path: Path) -> None:
    data = library().model_dump(mode="json")
    data["entities"]["loan"][0]["book"] = "bk-99"
    data["tools"][0]["operation"]["where"] = "it.year >"
    data["entities"]["book"].append(data["entities"]["book"][0])
    del data["tasks"][0]["prompt"]
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(data))
    code, out, problems = run("export", path, "--version", "1.0.0", "--out", tmp_path / "out")
    assert code == 1
    assert out == ""
    for place in (
        "entities.loan",
        "bk-99",
        "tools.find_books",
        "bk-01",
        "tasks.year-of-dune.prompt",
    ):
        assert place in problems
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [("nothing-here", "Give a shipped world (tutorial"), ("no.json", "is no JSON")],
)
def test_what_is_no_world_is_refused(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "no.json").write_text("{")
    source = tmp_path / name if name.endswith(".json") else name
    code, _, problem = run("export", source, "--version", "1.0.0", "--out", tmp_path)
    assert code == 1
    assert text in problem


def test_shut_gates_are_told_with_hints_and_can_be_overridden(tmp_path: Path) -> None:
    data = library().model_dump(mode="json")
    data["tasks"][0]["reference_solution"]["response"] = "I don't know."
    path = tmp_path / "world.json"
    path.write_text(json.dumps(data))
    export = ("export", path, "--version", "1.0.0", "--out", tmp_path / "out")
    code, _, problem = run(*export)
    assert code == 1
    assert "tasks.year-of-dune.reference_solution: year is unmet" in problem
    assert "mend the answer or the criterion" in problem
    code, out, _ = run(*export, "--override-reason", "a pilot", "--json")
    assert code == 0
    assert Bundle.open(json.loads(out)["path"]).manifest.gates.override_reason == "a pilot"


def test_verify_names_a_changed_file(bundle_path: Path, tmp_path: Path) -> None:
    code, out, _ = run("verify", bundle_path)
    assert code == 0
    assert out.startswith("intact: ")
    for name, data in Bundle.open(bundle_path).files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "tasks" / "lend-emma.json").write_text("{}")
    code, _, problem = run("verify", tmp_path)
    assert (code, problem.strip()) == (1, "changed file: tasks/lend-emma.json")
    code, out, _ = run("verify", tmp_path, "--json")
    assert code == 1
    assert json.loads(out)["changed"] == ["tasks/lend-emma.json"]
    code, _, problem = run("show", tmp_path)
    assert code == 1
    assert "tasks/lend-emma.json" in problem


def test_show_pack_and_diff(bundle_path: Path, world_file: Path, tmp_path: Path) -> None:
    code, out, _ = run("show", bundle_path)
    assert code == 0
    assert "held out" in out
    code, out, _ = run("show", bundle_path, "--json")
    assert json.loads(out)["world"] == "library"

    packed = tmp_path / "library.tar.gz"
    assert run("pack", bundle_path, packed, "--no-solutions")[0] == 0
    assert run("verify", packed)[1].split(",")[1] == " without solutions"

    assert run("diff", bundle_path, world_file)[1] == "calls for: none\n"
    world_file.write_text(library(title="Other").model_dump_json())
    code, out, _ = run("diff", bundle_path, world_file, "--json")
    told = json.loads(out)
    assert told["bump"] == "patch"
    assert told["reasons"] == [{"bump": "patch", "path": "title", "message": "wording changed"}]
    assert told["counts"] == {"world": {"added": 0, "removed": 0, "changed": 1, "bump": "patch"}}
    assert told["items"][0]["fields"][0]["after"] == "Other"


def test_diff_tells_a_person_what_changed(bundle_path: Path, world_file: Path) -> None:
    tasks = (YEAR_TASK.model_copy(update={"prompt": "In which year did Dune appear?"}), LEND_TASK)
    world_file.write_text(library(tasks=tasks, surfaces=()).model_dump_json())
    code, out, _ = run("diff", bundle_path, world_file)
    assert code == 0
    assert out.splitlines()[:2] == ["major  1 tool surface removed", "patch  1 task changed"]
    assert "- surfaces.reading  major: which tools agents see changed" in out
    assert "[-When-]{+In which year+} did Dune appear?" in out
    assert out.splitlines()[-1] == "calls for: major"
    code, out, _ = run("diff", bundle_path, world_file, "--only", "tasks", "--brief")
    assert out.splitlines() == [
        "patch  1 task changed",
        "~ tasks.year-of-dune  patch: only wording changed",
        "calls for: patch",
    ]


def test_serve_refuses_what_it_cannot_serve(bundle_path: Path, tmp_path: Path) -> None:
    assert run("serve", tmp_path)[0] == 1
    assert run("serve", bundle_path, "--surface", "none")[0] == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_image_without_an_engine_says_what_to_do(
    bundle_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    code, _, problem = run("image", bundle_path)
    assert code == 1
    assert "no Docker Engine answers" in problem
    gc.collect()  # the docker package drops the socket that could not connect without closing it


def test_every_command_teaches() -> None:
    code, out, _ = run("--help")
    assert code == 0
    for command in ("export", "verify", "show", "pack", "serve", "image", "diff"):
        assert command in out
        assert run(command, "--help")[0] == 0
