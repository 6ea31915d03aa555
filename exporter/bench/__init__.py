"""Measures what leaves the studio; the peer of each figure is timed in the same run."""
