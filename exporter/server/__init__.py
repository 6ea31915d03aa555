"""The environment server of a bundle: MCP and control over HTTP.

It is copied, with `world_builder`, into `server/` of each bundle, so it imports only those two
and the MCP SDK.
"""
