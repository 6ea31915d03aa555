"""`python -m rl_backend.bench.policy DIR STEPS THREADS`: a policy that has learned to make calls.

The small Llama of the demonstration, taught the tutorial's reference solutions for a few minutes,
so that its rollouts have several turns. A process of its own: it holds Megatron-core. How good the
policy is does not matter to what is measured with it.
"""

import sys
from pathlib import Path
from typing import Final

import torch

from rl_backend.config import TrainerConfig, WarmStartConfig
from rl_backend.demonstrations import corpus, demonstrations
from rl_backend.objective import SupervisedObjective
from rl_backend.renderer import Renderer
from rl_backend.samples import to_batch
from rl_backend.seeding import generator
from rl_backend.tiny_model import TinyShape, make_tiny_model
from rl_backend.tiny_template import made_template
from rl_backend.trainers.megatron import MegatronTrainer
from rl_backend.updating import PAD_ID
from rl_backend.warm_start import scheduled_rate
from world_builder.state import WorldBase
from world_builder.worlds import build_world

WORLD: Final = "tutorial"
SHAPE: Final = TinyShape(context_length=1024)
BATCH_SIZE: Final = 16
LEARNING_RATE: Final = 3e-3
SEED: Final = 1


def make_policy(folder: Path, num_steps: int) -> None:
    """Writes the policy as a Hugging Face directory."""
    base = WorldBase(build_world(WORLD))
    untaught = folder.with_name(folder.name + "-untaught")
    make_untaught(untaught, base)
    renderer = Renderer.load(untaught)
    shown = demonstrations(base, base.world.tasks, renderer, context_length=SHAPE.context_length)
    schedule = WarmStartConfig(num_steps=num_steps, learning_rate=LEARNING_RATE)
    with MegatronTrainer(TrainerConfig(), untaught, seed=SEED) as trainer:
        for step in range(1, num_steps + 1):
            drawn = generator(SEED, "bench", step).sample(shown, min(BATCH_SIZE, len(shown)))
            update = trainer.train_step(
                to_batch(drawn, pad_id=PAD_ID),
                SupervisedObjective(),
                learning_rate=scheduled_rate(schedule, step),
            )
            sys.stderr.write(f"step {step} of {num_steps}: loss {update.loss}\n")
        trainer.export_hf(folder)


def make_untaught(folder: Path, base: WorldBase) -> None:
    """Writes the model with random weights and a tokenizer that knows the world's texts."""
    texts = corpus(base, base.world.tasks, made_template())
    make_tiny_model(folder, texts, seed=SEED, shape=SHAPE)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[3]))
    make_policy(Path(sys.argv[1]), int(sys.argv[2]))
