"""Alembic runs these files; pytest cannot import them when it collects doctests."""

collect_ignore = ["env.py"]
