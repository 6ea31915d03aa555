"""Measuring policies: reports on a split, and two policies compared task by task."""
