"""Starts the stock SGLang server where there is no GPU: `python -m rl_backend.engines.cpu.serve`.

SGLang imports three packages that a CPU never uses: its compiled kernels, Triton (1 GB) and
torchvision (whose wheels do not load beside a CPU build of torch). `stand_ins/` takes their place,
in a server's own processes alone. SGLang's children begin as copies of the server's process: on
a CPU nothing forbids that, and importing everything three times would take most of a start. Its
attention takes whole batches (`backend`). On a GPU, `sglang.launch_server` is started as it is.
"""

import importlib
import multiprocessing
import runpy
import sys
from functools import partial
from pathlib import Path

from torch.utils._triton import has_triton_package
from transformers.utils.import_utils import is_torchvision_available

STAND_INS = Path(__file__).parent / "stand_ins"


def activate() -> None:
    """Puts the stand-ins on the path, after torch and transformers looked for the real packages.

    Both remember the answer, so that neither takes a stand-in for the package.
    """
    has_triton_package()
    importlib.import_module("torch._inductor.runtime.triton_compat")
    is_torchvision_available()
    sys.path.insert(0, str(STAND_INS))


def fork_children() -> None:
    """Makes a fork of what SGLang wants to spawn."""
    set_start_method = partial(multiprocessing.set_start_method, "fork", force=True)
    multiprocessing.set_start_method = lambda *_args, **_options: set_start_method()


activate()

if __name__ == "__main__":
    fork_children()
    importlib.import_module("rl_backend.engines.cpu.backend").register()
    runpy.run_module("sglang.launch_server", run_name="__main__")
