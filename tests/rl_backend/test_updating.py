"""What an update hands to the engine."""

from pathlib import Path

import pytest

from rl_backend.config import RunConfig
from rl_backend.updating import weights_of
from tests.rl_backend.loop_doubles import CountingTrainer


def test_a_server_with_another_working_directory_finds_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = weights_of(CountingTrainer(), RunConfig(), Path("policy"))
    assert weights.directory() == tmp_path / "policy"
