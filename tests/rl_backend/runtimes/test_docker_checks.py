"""What people are told before a run, and the commands about containers, on a real engine."""

import json
from pathlib import Path

import docker
from typer.testing import CliRunner

from exporter.bundle import Bundle
from rl_backend.docker_config import DockerConfig, DockerHostConfig
from rl_backend.runtimes.containers import OWNER_LABEL
from rl_backend.runtimes.docker_checks import check_hosts, how_to_build
from rl_backend.runtimes.owners import Owner
from studio.cli import app
from tests.rl_backend.runtimes.conftest import DOUBLE


def test_hosts_are_good_or_say_what_to_do(
    container_engine: docker.DockerClient, double_image: Bundle, tmp_path: Path
) -> None:
    def checked(**settings: object) -> list[tuple[bool, str, str]]:
        config = DockerConfig.model_validate(settings)
        found = check_hosts(config, double_image.digest, double_image.path)
        return [(check.is_good, check.text, check.hint) for check in found]

    [(is_good, text, _)] = checked(image=DOUBLE)
    assert is_good
    assert "answers (version " in text
    [(is_good, text, hint)] = checked(image="nothing:1")
    assert not is_good
    assert "has no image nothing:1" in text
    assert hint == f"Build it: corecraft bundle image {double_image.path}"
    gone = DockerHostConfig(url=f"unix://{tmp_path}/gone")
    [(is_good, text, hint)] = checked(hosts=[gone])
    assert not is_good
    assert "does not answer" in text
    assert "DOCKER_HOST" in hint


def test_the_command_that_builds_names_the_host() -> None:
    url = "tcp://worlds-2:2376"
    assert how_to_build(Path("b"), url) == f"DOCKER_HOST={url} corecraft bundle image b"


def test_what_was_left_behind_is_listed_and_removed(
    container_engine: docker.DockerClient, double_image: Bundle
) -> None:
    me = Owner.of()
    dead = Owner(boot=me.boot, namespace=me.namespace, pid=me.pid, started=me.started + 1)
    names = {}
    for name, owner in (("kept", me), ("left", dead)):
        names[name] = container_engine.containers.create(
            DOUBLE, labels={OWNER_LABEL: owner.label}
        ).name
    try:
        listed = CliRunner().invoke(app, ["bundle", "containers"])
        assert listed.exit_code == 0, listed.output
        assert listed.output.count("left behind") == 1
        pruned = CliRunner().invoke(app, ["bundle", "containers", "--prune"])
        assert pruned.output == f"removed {names['left']}\n"
        everything = CliRunner().invoke(app, ["bundle", "containers", "--prune", "--all"])
        assert everything.output == f"removed {names['kept']}\n"
        assert CliRunner().invoke(app, ["bundle", "containers"]).output == "no containers\n"
    finally:
        for found in container_engine.containers.list(all=True, filters={"label": OWNER_LABEL}):
            found.remove(force=True)


def test_an_engine_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    args = ["bundle", "containers", "--host", f"unix://{tmp_path}/gone"]
    told = CliRunner().invoke(app, args)
    assert told.exit_code == 1
    assert "does not answer" in told.output
    assert told.output.startswith("Error: ")


def test_a_run_in_containers_is_not_started_where_none_can_run(
    double_image: Bundle, tmp_path: Path
) -> None:
    hosts = f'rollout.docker.hosts=[{{url="unix://{tmp_path}/gone"}}]'
    args = ["train", str(double_image.path), "--run-dir", str(tmp_path / "run")]
    told = CliRunner().invoke(app, [*args, "--set", "rollout.runtime=docker", "--set", hosts])
    assert told.exit_code == 1
    assert "Problem: Containers" in told.output
    assert "Start it, or point DOCKER_HOST" in told.output
    assert "The run was not started" in told.output
    assert not (tmp_path / "run").exists()


def test_the_benchmark_measures_containers_beside_a_server(tutorial_image: Bundle) -> None:
    args = ["bench", "containers", str(tutorial_image.path), "--group", "1", "--rounds", "1"]
    told = CliRunner().invoke(app, [*args, "--json"])
    assert told.exit_code == 0, told.output
    figures = json.loads(told.stdout)
    assert figures["warm_group_s"] < figures["cold_group_s"]
    assert figures["memory_mib"] > 1


def test_a_rollout_runs_in_a_container(tutorial_image: Bundle) -> None:
    task = tutorial_image.world.tasks[0].id
    args = ["rollout", str(tutorial_image.path), "--task", task, "--runtime", "docker", "--json"]
    told = CliRunner().invoke(app, args)
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["judgement"]["reward"] == 1.0
