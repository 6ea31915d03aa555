"""Starts the stock SGLang server where there is no GPU: `python -m rl_backend.engines.cpu.serve`.

SGLang imports three packages that a CPU never uses: its compiled kernels, Triton (1 GB) and
torchvision (whose wheels do not load beside a CPU build of torch). `stand_ins/` takes their place,
in the server's own processes alone. SGLang's children start by importing this module again, so
what must hold in them too is at module level. On a GPU, `sglang.launch_server` is started as it is.
"""

import importlib
import runpy
import sys
from pathlib import Path

from torch.utils._triton import has_triton_package
from transformers.utils.import_utils import is_torchvision_available

STAND_INS = Path(__file__).parent / "stand_ins"


def activate() -> None:
    """Puts the stand-ins on the path, after torch and transformers looked for the real packages.

    Both remember the answer, so that neither takes a stand-in for the package. A child inherits
    the path of its parent, so the stand-ins are taken off it first.
    """
    sys.path[:] = [entry for entry in sys.path if entry != str(STAND_INS)]
    has_triton_package()
    importlib.import_module("torch._inductor.runtime.triton_compat")
    is_torchvision_available()
    sys.path.insert(0, str(STAND_INS))


activate()

if __name__ == "__main__":
    runpy.run_module("sglang.launch_server", run_name="__main__")
