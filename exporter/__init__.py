"""Freeze a world into a bundle, read it back, serve it.

Second station on the path: `writer` takes a `World`, `bundle` gives it back, `server` serves it to
policies over MCP. It runs no rollout and judges nothing.
"""
