"""The command line where the training backend is not installed, as right after `make studio`."""

import subprocess
import sys

import pytest

CODE = """
import sys
for name in ("megatron", "numpy", "safetensors", "sglang", "tokenizers", "torch", "transformers"):
    sys.modules[name] = None
from studio.cli import app
app(sys.argv[1:])
"""


@pytest.mark.parametrize(
    "command", ["--help", "bench --help", "bundle --help", "world check tutorial"]
)
def test_commands_that_train_nothing_need_no_training_package(command: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", CODE, *command.split()], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
