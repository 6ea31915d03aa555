"""What the parts of `corecraft bench train` tell each other, and the figures that come of it.

Data alone: the processes that compute are `trainer_side` (ours) and `trl_peer` (TRL's), which read
the same `TrainAsked` and the same batch, and answer with `Ready`, `Update` and `Scoring`.
"""

from typing import Final

from pydantic import Field as Declared

from world_builder.frozen import Frozen

ASKED_FILE: Final = "asked.json"
BATCH_FILE: Final = "batch.npz"
MODEL_FOLDER: Final = "model"
LOSS_TOLERANCE: Final = 1e-3


class BatchShape(Frozen):
    """A batch of groups: rows of a group begin with the same prompt, those of two groups do not."""

    num_groups: int = Declared(default=8, ge=1)
    group_size: int = Declared(default=16, ge=2)
    prompt_tokens: int = Declared(default=430, ge=4)
    """Of a group's prompt, on average."""
    response_tokens: int = Declared(default=230, ge=4)
    """After the prompt, tool results included, on average."""
    sampled_tokens: int = Declared(default=90, ge=1)
    """Of these, how many the policy sampled and is trained on, on average."""
    num_turns: int = Declared(default=3, ge=1)
    """Pieces that the sampled tokens come in, with tool results between them."""
    spread: float = Declared(default=0.15, ge=0, lt=1)
    """By which share lengths differ from their average, up and down."""

    @property
    def num_rows(self) -> int:
        return self.num_groups * self.group_size


class TrainAsked(Frozen):
    """What both sides shall compute."""

    shape: BatchShape = BatchShape()
    seed: int = 1
    num_threads: int = Declared(default=2, ge=1)
    temperature: float = 0.8
    clip_low: float = 0.2
    clip_high: float = 0.28
    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.95)
    """Of Adam, with epsilon 1e-8 and no decay of weights: what our trainer has built in."""
    max_grad_norm: float = 1.0
    old_logprob_noise: float = 0.2
    """Deviation of the noise on the old log-probabilities, so that the clip has work to do."""
    max_tokens_per_microbatch: int = 8192
    """Ours."""
    rows_per_microbatch: int = Declared(default=16, ge=1)
    """TRL's `per_device_train_batch_size`."""


class Ready(Frozen):
    """A side has loaded the model."""

    packages: tuple[str, ...]
    """With their versions."""
    what: str
    """Which code computes an update."""


class TrainerReady(Ready):
    """Ours has, and it has looked at the batch."""

    num_parameters: int
    num_packed_tokens: int
    """Of the batch, shared beginnings once where they are shared."""
    cut_s: float
    """Seconds of an update that go into cutting and packing the batch."""


class Update(Frozen):
    """One update on the whole batch."""

    seconds: float
    cpu_s: float
    """Processor time of all threads: a busy machine disturbs it least."""
    loss: float
    grad_norm: float


class Scoring(Frozen):
    """The log-probabilities of the whole batch, without gradients."""

    seconds: float
    cpu_s: float


class SideFigures(Frozen):
    """One side: medians over the rounds, and every update's loss, the unmeasured first included."""

    ready: Ready
    update_s: float
    update_cpu_s: float
    scoring_s: float
    scoring_cpu_s: float
    losses: tuple[float, ...]
    grad_norms: tuple[float, ...]


class TrainFigures(Frozen):
    """Our trainer and TRL's on the same batch in the same run."""

    num_parameters: int
    num_rows: int
    num_row_tokens: int
    """Of all rows, prompts included; padding is nobody's token."""
    num_packed_tokens: int
    """Of these, how many go through our model, shared beginnings once."""
    num_sampled_tokens: int
    cut_s: float
    """Seconds of an update of ours that go into cutting and packing the batch."""
    num_threads: int
    num_cores: int
    load: float
    """Processes that wanted a core, on average of the last minute, when the run began."""
    num_rounds: int
    ours: SideFigures
    unshared: SideFigures
    """Ours with every row computed whole."""
    trl: SideFigures

    @property
    def loss_gap(self) -> float:
        """Largest difference of the two losses over all updates."""
        return max(abs(a - b) for a, b in zip(self.ours.losses, self.trl.losses, strict=True))

    @property
    def grad_norm_gap(self) -> float:
        """Largest difference of the two gradient norms over all updates, as a share."""
        pairs = zip(self.ours.grad_norms, self.trl.grad_norms, strict=True)
        return max(abs(a - b) / max(abs(b), 1e-12) for a, b in pairs)

    @property
    def is_same_loss(self) -> bool:
        return self.loss_gap <= LOSS_TOLERANCE

    def tokens_per_s(self, side: SideFigures) -> float:
        """Row tokens of an update per second."""
        return self.num_row_tokens / side.update_s
