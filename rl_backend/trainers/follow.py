"""A further rank of a trainer as a process: `python -m rl_backend.trainers.follow`.

Imports nothing heavy by itself: saving a checkpoint starts a process that imports the main module
again.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from rl_backend.trainers.follower import follow

    sys.exit(follow())
