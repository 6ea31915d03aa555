"""Starts `host_adam_cases`; imports nothing heavy, since saving a checkpoint starts a process that
imports the main module again."""

from __future__ import annotations

if __name__ == "__main__":
    from tests.rl_backend.trainers.host_adam_cases import main

    main()
