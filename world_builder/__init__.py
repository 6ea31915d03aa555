"""What a world is: entities, tools, policies, tasks, rubrics, and the engine that runs them.

First station on the path. Pure: standard library, pydantic, jsonschema-rs and the CEL binding only.
"""
