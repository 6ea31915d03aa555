"""Figures of a run for experiment trackers, through their own libraries.

Each follows the run's `metrics.jsonl` in a thread of its own. Nothing here is needed by a run, and
nothing that fails here ends or delays one.
"""
