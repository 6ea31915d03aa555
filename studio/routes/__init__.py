"""The pages and the REST API: one module per resource, each with a `router`.

A route reads the request, calls the repository or one service, and renders a typed page. It holds
no query and no rule.
"""

from fastapi import APIRouter

from studio.routes import bundles, entities, health, history, preview, tasks, worlds

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    worlds.router,
    entities.router,
    history.router,
    tasks.router,
    preview.router,
    bundles.router,
)
