"""Trainers: what turns a batch into a new policy version."""
