"""The start of a server, measured beside the MCP SDK's."""

import json

import pytest
from typer.testing import CliRunner

from exporter.bench.start import Start, bench_start
from studio.cli_bench import app
from tests.exporter.small_world import library


def test_both_servers_start_and_answer() -> None:
    figures = bench_start(library(), repeats=1)
    for start in (figures.ours, figures.peer):
        assert 0 < start.cpu_s < 60
        assert 0 < start.wall_s < 60
    assert figures.wall_ratio == figures.peer.wall_s / figures.ours.wall_s
    assert figures.cpu_ratio > 1


def test_the_figures_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = bench_start(library(), repeats=1)
    monkeypatch.setattr("studio.cli_bench.bench_start", lambda world, repeats: measured)
    result = CliRunner().invoke(app, ["start", "--world", "tutorial", "--json"])
    told = json.loads(result.stdout)
    assert Start(**told["ours"]) == measured.ours
    assert told["world"] == "tutorial"
    shown = CliRunner().invoke(app, ["start", "--world", "tutorial"]).stdout
    assert f"{measured.cpu_ratio:.1f}x" in shown
    assert CliRunner().invoke(app, ["start", "--world", "none"]).exit_code == 1
