"""The figures of docs/scale.md are what the estimate says."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl_backend.config import load_preset
from rl_backend.estimate.fit import smallest
from rl_backend.estimate.known import find_decoder
from rl_backend.estimate.layout import Layout
from rl_backend.estimate.memory import trainer_memory
from rl_backend.estimate.plan import plan

TEXT = (Path(__file__).parents[3] / "docs/scale.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("model", "gpu"),
    [
        ("Qwen3-0.6B", "h100"), ("Qwen3-8B", "h100"), ("Qwen3-32B", "h100"), ("Qwen3-32B", "b200"),
        ("Qwen3-30B-A3B", "h100"), ("Qwen3-30B-A3B", "b200"), ("GLM-4.6", "h100"),
        ("GLM-4.6", "h200"), ("GLM-4.6", "b200"),
    ],
)  # fmt: skip
def test_the_table_of_layouts_is_computed(model: str, gpu: str) -> None:
    changes = [f"model.path={model}", f"plan.gpu={gpu}"]
    decoder = find_decoder(model)
    config = smallest(load_preset("8xH100-30B", changes), decoder)
    assert config is not None
    found = plan(config, decoder)
    cut = found.layout
    assert found.device_bytes is not None
    assert found.step is not None
    cells = (
        model,
        f"{found.num_gpus} x {found.gpu}",
        f"{cut.tensor_parallel}, {cut.pipeline_parallel}, {cut.expert_parallel}, "
        f"{cut.data_parallel}",
        "yes" if cut.is_recomputed else "no",
        "host" if cut.is_optimizer_on_cpu else "device",
        str(config.engine.tensor_parallel),
        f"{found.trainer.total / 1e9:.0f}",
        f"{found.engine.total / 1e9:.0f}",
        f"{found.used_bytes / 1e9:.0f} of {found.device_bytes / 1e9:.0f}",
        f"{found.step.total:.0f}",
    )
    assert f"| {' | '.join(cells)} |" in TEXT


@pytest.mark.parametrize(
    ("preset", "text"),
    [
        ("gpu", "| `gpu` | 1 H100 | {used} of 80 GB"),
        ("8xH100-30B", "| 8 H100 | Qwen3-30B-A3B, {used} of 80 GB, trainer and engines on the"),
        ("8xH100-30B", "same devices, {host} GB of host memory a rank"),
        ("paper-glm-4.6", "| 128 H100 | {used} of 80 GB, {host} GB of host memory a rank"),
    ],
)
def test_what_is_said_of_presets_is_computed(preset: str, text: str) -> None:
    found = plan(load_preset(preset))
    used, host = f"{found.used_bytes / 1e9:.0f}", f"{found.trainer.host / 1e9:.0f}"
    assert text.format(used=used, host=host) in TEXT


@pytest.mark.parametrize(
    ("model", "cut", "num_tokens"),
    [("Qwen3-30B-A3B", (4, 1, 8), 20_480), ("GLM-4.6", (8, 4, 16), 16_384)],
)
def test_what_is_said_of_recipes_is_computed(
    model: str, cut: tuple[int, int, int], num_tokens: int
) -> None:
    def total(*, is_on_cpu: bool) -> str:
        layout = Layout(
            tensor_parallel=cut[0], pipeline_parallel=cut[1], expert_parallel=cut[2],
            data_parallel=2, is_recomputed=True, is_sequence_parallel=True,
            is_optimizer_on_cpu=is_on_cpu,
        )  # fmt: skip
        found = trainer_memory(
            find_decoder(model), layout, dtype="bfloat16", num_tokens=num_tokens, trained_share=0.5
        )
        return f"{found.total / 1e9:.0f} GB"

    assert f"trainer {total(is_on_cpu=False)} without, {total(is_on_cpu=True)} with" in TEXT
