"""The one configuration of a training run: TOML in, JSON out, frozen.

A preset (`presets/<name>.toml`) plus overrides (`rollout.group_size=8`) make a `RunConfig`, which
the run directory keeps as `config.json`. No environment variable and no flag of the training
process changes it. The judge alone comes from the environment (`judges.settings`), and a run keeps
to the one that it began with (`judge_lock`). It reads no bundle and starts nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import Literal, Self

from pydantic import Field as Declared
from pydantic import ValidationError, model_validator

from rl_backend.config_section import Section
from rl_backend.docker_config import DockerConfig
from rl_backend.engine_config import EngineConfig
from rl_backend.objective_config import AdvantageConfig, ObjectiveConfig
from rl_backend.objective_kinds import ClipSignal
from rl_backend.plan_config import PlanConfig
from rl_backend.tracking_config import TrackingConfig
from world_builder.frozen import Json


class ConfigError(ValueError):
    """A configuration is wrong; `problems` lists everything to mend, each with its path."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("the run configuration is wrong:\n  " + "\n  ".join(self.problems))


class ModelConfig(Section):
    """The starting weights."""

    path: str | None = None
    """A Hugging Face directory (Llama, Qwen or GLM like) with its tokenizer. None makes a small
    model from scratch; the sizes below then apply."""
    vocab_size: int = Declared(default=768, ge=300)
    """Upper bound on tokens of the made tokenizer."""
    hidden_size: int = Declared(default=128, ge=16)
    """Width of the made model."""
    num_layers: int = Declared(default=4, ge=1)
    """Depth of the made model."""
    num_heads: int = Declared(default=4, ge=1)
    """Attention heads of the made model; must divide `hidden_size`."""
    tool_format: Literal["hermes", "glm", "qwen_coder", "llama_json"] | None = None
    """How the model writes tool calls; None finds it by its chat template."""
    context_length: int = Declared(default=1024, ge=64)
    """Tokens of one row at most, prompt included; a longer rollout stops as `context_full`, as does
    one for which the model or `engine.max_total_tokens` has no room."""

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.hidden_size % self.num_heads:
            raise ValueError(
                f"num_heads ({self.num_heads}) must divide hidden_size ({self.hidden_size})"
            )
        return self


class WarmStartConfig(Section):
    """Supervised steps on demonstrations, before the first rollout."""

    num_steps: int = Declared(default=0, ge=0)
    """Updates; 0 skips the warm start."""
    batch_size: int = Declared(default=16, ge=1)
    """Demonstrations per update."""
    learning_rate: float = Declared(default=1e-3, gt=0)
    """Peak step size; falls to a tenth along a cosine, after a tenth of the steps rising."""
    source: Literal["solutions", "rollouts"] = "solutions"
    """What is imitated: the training tasks' reference solutions, or the successful rollouts of an
    earlier run (rejection sampling)."""
    rollouts: str | None = None
    """With `rollouts`: the directory of that run, or one file of rollouts."""
    min_reward: float = Declared(default=1.0, ge=0, le=1)
    """Reward from which a rollout is successful; at 1 it must have passed, too."""
    max_per_task: int = Declared(default=4, ge=1)
    """Different successful rollouts of a task at most: the best, then the newest policy's."""
    context_weight: float = Declared(default=0.0, ge=0, le=1)
    """Loss weight of prompt and tool-result tokens; 0 trains on assistant tokens alone."""
    siblings_per_step: int = Declared(default=0, ge=0)
    """Sibling worlds (other seeds of the bundle's shipped world) that the demonstrations of a step
    are drawn from, new ones every step; 0 shows the training split's own solutions."""
    num_drill_steps: int = Declared(default=0, ge=0)
    """Of `num_steps`, how many come first and are exercises in copying alone: short rows of random
    facts, to be said again. Only with siblings."""
    drills_per_step: int = Declared(default=0, ge=0)
    """Exercises of each of those steps."""
    drills_beside: int = Declared(default=0, ge=0)
    """Exercises of each later step, beside `batch_size` demonstrations, so that copying is not
    forgotten."""
    careless_share: float = Declared(default=0.0, ge=0, le=1)
    """Share of the demonstrations from siblings that are careless: a fact is left out, or a change
    is claimed that was never made. The baseline then has something to unlearn."""
    num_careful_steps: int = Declared(default=0, ge=0)
    """Of the steps after the exercises, how many come first and show careful work alone."""
    checkpoint_every_num_steps: int = Declared(default=100, ge=1)
    """Steps between checkpoints of the warm start; its end always makes one."""
    num_cpu_threads: int | None = Declared(default=None, ge=1)
    """Threads of the trainer during the warm start, when no rollout wants the cores; None leaves
    it to torch, which takes all of them."""

    @model_validator(mode="after")
    def _rollouts_are_named(self) -> Self:
        if (self.source == "rollouts") != (self.rollouts is not None):
            raise ValueError('name the rollouts with source "rollouts", and only then')
        if self.source == "rollouts" and self.siblings_per_step:
            raise ValueError('siblings_per_step and source "rollouts" exclude each other')
        return self

    @model_validator(mode="after")
    def _drills_have_rows(self) -> Self:
        if self.num_drill_steps and not self.drills_per_step:
            raise ValueError("num_drill_steps needs drills_per_step, the exercises of such a step")
        if (self.drills_per_step or self.drills_beside) and not self.siblings_per_step:
            raise ValueError("drills go with siblings_per_step 1 or more")
        return self


class RolloutConfig(Section):
    """How rollouts are made."""

    tasks_per_step: int = Declared(default=16, ge=1)
    """Training tasks (groups) per step."""
    group_size: int = Declared(default=16, ge=2)
    """Rollouts per task. Source: paper section 4.2."""
    min_group_size: int = Declared(default=2, ge=2)
    """Scored rollouts a group needs; with fewer it is dropped and counted."""
    straggler_timeout_s: float | None = Declared(default=None, ge=0)
    """Seconds that a group with `min_group_size` scored rollouts waits for the others, which then
    end as `cancelled`; None waits for all. A short one favours short rollouts."""
    temperature: float = Declared(default=1.0, gt=0)
    """Sampling temperature; the trainer compares log-probabilities at the same one."""
    top_p: float = Declared(default=1.0, gt=0, le=1)
    """Nucleus of sampling; below 1 the sampled distribution is no longer the trained one."""
    max_new_tokens: int = Declared(default=256, ge=1)
    """Sampled tokens of one turn at most."""
    concurrency: int = Declared(default=32, ge=1)
    """Rollouts in flight at once."""
    max_replacements: int = Declared(default=2, ge=0)
    """Rollouts, one by one, in the place of one that engine or world failed, which never counts."""
    keep_tokens: bool = True
    """Whether the token ids of scored rollouts are kept beside them, for a later warm start."""
    runtime: str = Declared(default="in_process", pattern="^(in_process|server|docker)$")
    """Where worlds run: `in_process`, `server` (a bundle's environment server) or `docker` (one
    container per rollout)."""
    server_workers: int = Declared(default=1, ge=1)
    """Processes of the run's own environment server, where the runtime is `server`: one answers as
    many calls as one core can."""
    docker: DockerConfig = DockerConfig()

    @model_validator(mode="after")
    def _group_can_be_filled(self) -> Self:
        if self.min_group_size > self.group_size:
            raise ValueError(
                f"min_group_size ({self.min_group_size}) must not exceed "
                f"group_size ({self.group_size})"
            )
        return self


class TrainerConfig(Section):
    """The Megatron update."""

    learning_rate: float = Declared(default=1e-6, gt=0)
    """Step size of Adam in the reinforcement phase."""
    weight_decay: float = Declared(default=0.0, ge=0)
    """Decoupled decay of Adam."""
    adam_beta2: float = Declared(default=0.95, gt=0, lt=1)
    """Decay of Adam's mean of squared gradients; nearer to 1 it remembers more updates."""
    adam_epsilon: float = Declared(default=1e-8, gt=0)
    """What Adam adds to a gradient's size before it divides by it: weights whose gradients are far
    below it hardly move."""
    max_grad_norm: float = Declared(default=1.0, gt=0)
    """The gradient's norm is clipped to this."""
    num_minibatches: int = Declared(default=1, ge=1)
    """Updates that one step's samples are cut into; above 1 the later ones are off-policy and
    the clipping has work to do."""
    max_tokens_per_microbatch: int = Declared(default=8192, ge=1)
    """Packed tokens of one forward pass: bounds memory, never changes the update."""
    share_prefixes: bool = True
    """Whether what rows begin with in common, such as a group's prompt, is computed once. False is
    for measuring what that is worth."""
    tensor_parallel: int = Declared(default=1, ge=1)
    """Ranks that one layer is cut over."""
    pipeline_parallel: int = Declared(default=1, ge=1)
    """Ranks that the layers are cut over."""
    data_parallel: int = Declared(default=1, ge=1)
    """Copies of the model, each of which trains on its share of the rows. A run starts tensor x
    pipeline x data parallel processes, on a GPU each where there are GPUs."""
    expert_parallel: int = Declared(default=1, ge=1)
    """Ranks, of those of tensor x data parallel, that the experts of a layer are spread over."""
    sequence_parallel: bool = False
    """Whether tensor-parallel ranks also share out the tokens between their matrices."""
    recompute: Literal["none", "selective", "full"] = "none"
    """What the backward pass computes anew instead of keeping: nothing, the attention's inner part
    or whole layers."""
    dtype: str = Declared(default="float32", pattern="^(float32|bfloat16)$")
    """Number format of weights and activations."""
    optimizer_on_cpu: bool = False
    """Whether Adam's master weights and moments lie in the memory of the host, where Adam then
    computes; only with bfloat16, and with TransformerEngine on CUDA. On a CPU they do anyway."""
    num_cpu_threads: int | None = Declared(default=None, ge=1)
    """Threads of each of the trainer's processes on a CPU; None leaves it to torch, which takes all
    cores. On a shared machine fewer threads are faster: they wait for each other less."""

    @model_validator(mode="after")
    def _sequence_follows_tensor(self) -> Self:
        if self.sequence_parallel and self.tensor_parallel == 1:
            raise ValueError("sequence_parallel shares out tokens over tensor_parallel > 1 ranks")
        return self

    @model_validator(mode="after")
    def _host_keeps_master_weights(self) -> Self:
        if self.optimizer_on_cpu and self.dtype != "bfloat16":
            raise ValueError('optimizer_on_cpu goes with dtype = "bfloat16" alone')
        return self

    @property
    def num_ranks(self) -> int:
        """Processes of the trainer."""
        return self.tensor_parallel * self.pipeline_parallel * self.data_parallel


class EvaluationConfig(Section):
    """Held-out evaluation: before the first step, every n steps and after the last."""

    every_num_steps: int | None = Declared(default=10, ge=1)
    """Steps between evaluations; None evaluates only before and after."""
    rollouts_per_task: int = Declared(default=1, ge=1)
    """Rollouts of each held-out task."""
    temperature: float = Declared(default=0.0, ge=0)
    """Sampling temperature; 0 is greedy."""


class RunConfig(Section):
    """Everything that decides a training run, apart from its bundle and its judge."""

    preset: str = ""
    """Name of the preset it was made from; empty when from none."""
    description: str = ""
    """What the preset is for, shown where it is chosen."""
    seed: int = Declared(default=0, ge=0)
    """Tasks, their order, seeds of rollouts, the made model and the trainer's random numbers follow
    from it. What SGLang samples above temperature 0 repeats as far as its batches do, unless
    `engine.deterministic`."""
    num_steps: int = Declared(default=100, ge=0)
    """Reinforcement steps."""
    num_train_tasks: int | None = Declared(default=None, ge=1)
    """Tasks of the training split that rollouts are made of, drawn by the seed; None: all. The warm
    start always sees all of them."""
    max_policy_lag: int = Declared(default=0, ge=0)
    """Updates by which a sample's policy may be older than the trained one; 0: on-policy. From
    `trainer.num_minibatches` on, rollouts run while a step trains. Samples that grew older in the
    buffer are dropped and counted."""
    min_groups_per_step: int = Declared(default=1, ge=1)
    """Groups with a spread of rewards that a step wants before it updates."""
    max_rounds_per_step: int = Declared(default=1, ge=1)
    """Rounds of `tasks_per_step` tasks that a step may take to find them."""
    checkpoint_every_num_steps: int = Declared(default=10, ge=1)
    """Steps between checkpoints; the last step always makes one."""
    keep_num_checkpoints: int = Declared(default=2, ge=1)
    """Newest checkpoints that are kept."""
    max_restarts: int = Declared(default=3, ge=0)
    """Times in a row that a server of the run's own (SGLang, environment) is started again."""
    model: ModelConfig = ModelConfig()
    warm_start: WarmStartConfig = WarmStartConfig()
    rollout: RolloutConfig = RolloutConfig()
    advantage: AdvantageConfig = AdvantageConfig()
    objective: ObjectiveConfig = ObjectiveConfig()
    trainer: TrainerConfig = TrainerConfig()
    engine: EngineConfig = EngineConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    tracking: TrackingConfig = TrackingConfig()
    plan: PlanConfig = PlanConfig()

    @model_validator(mode="after")
    def _clip_fraction_can_be_measured(self) -> Self:
        signal, num = self.objective.adaptive_clip.signal, self.trainer.num_minibatches
        if signal is ClipSignal.CLIP_FRACTION and num == 1:
            raise ValueError(
                f'objective.adaptive_clip.signal "{signal}" needs trainer.num_minibatches 2 or '
                "more: the first update of a step clips nothing"
            )
        return self


def parse_config(text: str, overrides: Iterable[str] = (), *, preset: str = "") -> RunConfig:
    """The configuration that a TOML text and `path=value` overrides make.

    Raises:
        ConfigError: the TOML does not parse, an override is malformed, or values are wrong; all
            wrong values at once.
    """
    try:
        data: dict[str, Json] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"not TOML: {error}"]) from error
    problems = [p for item in overrides if (p := _override(data, item)) is not None]
    if preset:
        data["preset"] = preset
    try:
        config = RunConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError([*problems, *_problem_lines(error)]) from error
    if problems:
        raise ConfigError(problems)
    return config


def load_preset(name: str, overrides: Iterable[str] = ()) -> RunConfig:
    """A shipped preset with overrides. Raises ConfigError (also for an unknown name)."""
    if name not in preset_names():
        raise ConfigError([f"no preset {name!r}; there are: {', '.join(preset_names())}"])
    text = (_presets() / f"{name}.toml").read_text(encoding="utf-8")
    return parse_config(text, overrides, preset=name)


def preset_names() -> tuple[str, ...]:
    """Names of the shipped presets, sorted."""
    files = (entry.name for entry in _presets().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


def _presets() -> resources.abc.Traversable:
    return resources.files("rl_backend") / "presets"


def _override(data: dict[str, Json], item: str) -> str | None:
    """Sets one `path=value` in place; the problem when it cannot."""
    path, equals, value = item.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        return f"override {item!r}: write it as path=value, such as rollout.group_size=8"
    for key in keys[:-1]:
        inner = data.setdefault(key, {})
        if not isinstance(inner, dict):
            return f"override {item!r}: {key} is a value, not a section"
        data = inner
    data[keys[-1]] = _toml_value(value.strip())
    return None


def _toml_value(text: str) -> Json:
    """The value a TOML file would have there; bare words are text."""
    try:
        value: Json = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    return value


def _problem_lines(error: ValidationError) -> list[str]:
    return [
        f"{'.'.join(str(part) for part in item['loc']) or 'config'}: "
        f"{_hint(item['type'], item['msg'])}"
        for item in error.errors(include_url=False)
    ]


def _hint(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "no such setting; look for a spelling mistake"
    return message.removeprefix("Value error, ")
