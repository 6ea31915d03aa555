"""What a model, a layout and a run cost on paper: parameters, memory, time.

Arithmetic on published sizes; it starts nothing, reads no weights and imports no heavy package.
docs/scale.md holds its formulas and compares them with published figures.
"""
