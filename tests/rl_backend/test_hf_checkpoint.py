"""Model directories are read in both layouts, and replaced whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from huggingface_hub import save_torch_state_dict

from rl_backend.hf_checkpoint import read_weights, write_hf_checkpoint

WEIGHTS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1.5])}


WHOLE = torch.zeros(3)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    directory = tmp_path / "source"
    directory.mkdir()
    (directory / "config.json").write_text("{}\n")
    (directory / "tokenizer.json").write_text("tokens\n")
    (directory / "pytorch_model.bin").write_text("old weights\n")
    return directory


def test_a_directory_gets_new_weights_and_the_old_surroundings(
    tmp_path: Path, source: Path
) -> None:
    directory = tmp_path / "versions" / "1"
    write_hf_checkpoint(directory, WEIGHTS, like=source)
    assert sorted(file.name for file in directory.iterdir()) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    ]
    assert all(torch.equal(x, WEIGHTS[name]) for name, x in read_weights(directory).items())


def test_writing_again_replaces_the_directory_and_leaves_nothing_beside_it(
    tmp_path: Path, source: Path
) -> None:
    directory = tmp_path / "policy"
    write_hf_checkpoint(directory, WEIGHTS, like=source)
    write_hf_checkpoint(directory, {"a": torch.zeros(1)}, like=source)
    assert read_weights(directory).keys() == {"a"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["policy", "source"]


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, source: Path) -> None:
    directory = tmp_path / "policy"
    write_hf_checkpoint(directory, WEIGHTS, like=source)
    overlapping = {"a": WHOLE[:2], "b": WHOLE[1:]}
    with pytest.raises(RuntimeError, match="save"):
        write_hf_checkpoint(directory, overlapping, like=source)
    assert read_weights(directory).keys() == WEIGHTS.keys()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["policy", "source"]


def test_what_a_killed_writer_left_is_removed(tmp_path: Path, source: Path) -> None:
    (tmp_path / ".policy.abc.partial").mkdir()
    (tmp_path / ".policy.abc.old").mkdir()
    write_hf_checkpoint(tmp_path / "policy", WEIGHTS, like=source)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["policy", "source"]


def test_weights_in_several_files_are_read_together(tmp_path: Path) -> None:
    save_torch_state_dict(WEIGHTS, tmp_path, max_shard_size=24)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    assert read_weights(tmp_path).keys() == WEIGHTS.keys()


def test_a_directory_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"neither model\.safetensors"):
        read_weights(tmp_path)
