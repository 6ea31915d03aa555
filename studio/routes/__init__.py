"""The pages and the REST API: one module per resource, each with a `router`.

A route reads the request, calls the repository or one service, and renders a typed page. It holds
no query and no rule.
"""

from fastapi import APIRouter

from studio.routes import (
    bundle_versions,
    bundles,
    comparisons,
    coverage,
    design,
    entities,
    entity_types,
    gates,
    health,
    history,
    imports,
    policies,
    preview,
    review,
    review_notes,
    review_pairs,
    runs,
    tasks,
    tools,
    worlds,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    imports.router,
    worlds.router,
    coverage.router,
    entities.router,
    entity_types.router,
    tools.router,
    policies.router,
    history.router,
    tasks.router,
    preview.router,
    gates.router,
    comparisons.router,
    bundles.router,
    bundle_versions.router,
    runs.router,
    review.router,
    review_pairs.router,
    review_notes.router,
    design.router,
)
