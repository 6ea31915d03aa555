"""Benchmarks of training and sampling, each beside a peer measured in the same run."""
