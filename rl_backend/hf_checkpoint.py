"""Hugging Face model directories: read the weights, write them back whole or not at all.

The form in which weights leave the trainer: SGLang loads such a directory, and so does
transformers. Converts nothing; see `weights` for names.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import save_torch_state_dict
from pydantic import BaseModel, ConfigDict
from safetensors.torch import load_file
from torch import Tensor

_SINGLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_PARTIAL, _OLD = ".partial", ".old"
_WEIGHT_SUFFIXES = (".safetensors", ".safetensors.index.json", ".bin", ".pt", ".pth", ".gguf")


class _WeightIndex(BaseModel):
    model_config = ConfigDict(extra="ignore")
    weight_map: dict[str, str]


def read_weights(model_dir: Path) -> dict[str, Tensor]:
    """Every tensor of the directory's safetensors files, by Hugging Face name.

    Raises:
        ValueError: the directory holds no safetensors weights.
    """
    if (model_dir / _SINGLE).is_file():
        return load_file(model_dir / _SINGLE)
    if (model_dir / _INDEX).is_file():
        text = (model_dir / _INDEX).read_text(encoding="utf-8")
        files = sorted(set(_WeightIndex.model_validate_json(text).weight_map.values()))
        return {name: x for file in files for name, x in load_file(model_dir / file).items()}
    raise ValueError(f"{model_dir} holds neither {_SINGLE} nor {_INDEX}")


def write_hf_checkpoint(directory: Path, weights: Mapping[str, Tensor], *, like: Path) -> None:
    """Writes a model directory: these weights, and config and tokenizer copied from `like`.

    The directory appears complete or not at all; one of the same name is replaced.
    """
    with replaced_directory(directory) as staging:
        for file in sorted(like.iterdir()):
            if file.is_file() and not file.name.endswith(_WEIGHT_SUFFIXES):
                shutil.copyfile(file, staging / file.name)
        cpu_weights = {name: tensor.detach().cpu() for name, tensor in weights.items()}
        save_torch_state_dict(cpu_weights, staging)


@contextmanager
def replaced_directory(directory: Path) -> Iterator[Path]:
    """A staging directory that takes the place of `directory` when the block ends well."""
    staging = staging_directory(directory)
    try:
        yield staging
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    swap_directory(staging, directory)


def staging_directory(directory: Path) -> Path:
    """A new, empty directory beside `directory`, in which its next content is prepared.

    What writers of the same directory left behind when they died is removed.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{directory.name}."
    for suffix in (_PARTIAL, _OLD):
        for left in directory.parent.glob(f"{prefix}*{suffix}"):
            shutil.rmtree(left)
    staging = Path(tempfile.mkdtemp(prefix=prefix, suffix=_PARTIAL, dir=directory.parent))
    staging.chmod(0o755)
    return staging


def swap_directory(staging: Path, directory: Path) -> None:
    """Puts `staging` in the place of `directory`, removing what was there."""
    if not directory.exists():
        staging.rename(directory)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", suffix=_OLD, dir=directory.parent))
    directory.rename(old / directory.name)
    staging.rename(directory)
    shutil.rmtree(old)


def write_json(path: Path, value: object) -> None:
    """Writes indented, key-sorted JSON with a final newline."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
