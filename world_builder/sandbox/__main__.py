"""`python -m world_builder.sandbox`: says which layers of the sandbox hold on this machine."""

import sys

from world_builder.errors import SandboxError
from world_builder.sandbox.process import Sandbox


def main() -> int:
    """1 when Python tools cannot run here."""
    try:
        sandbox = Sandbox()
    except SandboxError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"Python tools run here, behind {', '.join(sandbox.layers)}.\n")
    sandbox.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
