"""Recorded sequences of tool calls that every runtime must answer with the same bytes.

`drawing` makes them from the tasks of a world, with the mistakes of `mistakes`; `replaying` makes
the calls in a runtime; `recording` keeps them in a file with a hash of whatever was seen.
`python -m tests.conformance` says what differs from the file, and renews it.
"""
