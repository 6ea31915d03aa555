"""Where the code of Python tools runs: in processes of their own that can do next to nothing.

`pool` and `process` are this side, `child` and what it imports the other: it runs under a bare
interpreter and sees the standard library and this package alone. Nothing here knows tools or
worlds.
"""
