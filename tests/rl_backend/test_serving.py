"""What the settings of a run make of the server that it starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rl_backend.config import load_preset
from rl_backend.engines.sglang_server import ServerOptions, SGLangServer, command
from rl_backend.errors import EngineError
from rl_backend.serving import server_options

SEED, DETERMINISTIC = "--random-seed", "--enable-deterministic-inference"


def line(*settings: str, has_cuda: bool = False) -> list[str]:
    """The command line of a run's server."""
    options = server_options(load_preset("smoke", settings))
    return command(Path("/model"), 20000, replace(options, has_cuda=has_cuda))


def seed_of(words: list[str]) -> int:
    return int(words[words.index(SEED) + 1])


def test_the_same_run_starts_its_server_with_the_same_seed() -> None:
    seeds = [seed_of(line(f"seed={seed}")) for seed in (0, 0, 1, 2**70)]
    assert seeds[0] == seeds[1]
    assert len(set(seeds)) == 3
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_without_a_seed_sglang_draws_one() -> None:
    assert SEED not in command(Path("/model"), 20000, ServerOptions(has_cuda=False))


def test_deterministic_sampling_is_asked_for_only_when_wanted() -> None:
    assert DETERMINISTIC in line("engine.deterministic=true", has_cuda=True)
    assert DETERMINISTIC not in line(has_cuda=True)
    assert DETERMINISTIC not in line()


def test_deterministic_sampling_is_refused_on_a_cpu(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    options = ServerOptions(is_deterministic=True, has_cuda=False)
    server = SGLangServer(tmp_path, tmp_path / "server.log", options)
    with pytest.raises(EngineError, match="deterministically on a CPU"):
        server.start()
    assert server.pid is None
