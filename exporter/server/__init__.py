"""The environment server of a bundle: its world over MCP, and control for a trainer.

Copied with what it imports into `server/` of each bundle. It reads entities and tools, never tasks,
rubrics or solutions, and never writes a bundle.
"""
