"""Reads the text format of Prometheus, strictly: every sample belongs to a declared family."""

import re

_SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)")
_SUFFIXES = ("_bucket", "_sum", "_count")


def metric_values(text: str) -> dict[str, float]:
    """Values by name with labels, such as `workers` or `rollouts_ended_total{reason="idle"}`."""
    families: dict[str, str] = {}
    values: dict[str, float] = {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in families
            families[name] = kind
        elif not line.startswith("# HELP "):
            sample = _SAMPLE.fullmatch(line)
            assert sample, line
            name, labels, value = sample.groups()
            assert _family(name, families), name
            shown = name.removeprefix("corecraft_") + (f"{{{labels}}}" if labels else "")
            assert shown not in values
            values[shown] = float(value)
    return values


def _family(name: str, families: dict[str, str]) -> bool:
    stems = [name.removesuffix(s) for s in _SUFFIXES if name.endswith(s)]
    return name in families or any(families.get(stem) == "histogram" for stem in stems)
