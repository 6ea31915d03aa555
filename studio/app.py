"""Builds the web application: the one place where its parts are chosen."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from studio import __version__, error_pages
from studio.csrf import CsrfMiddleware, SecurityHeadersMiddleware
from studio.database import Database
from studio.deps import Studio
from studio.jobs import Jobs
from studio.pages import STATIC, make_environment
from studio.repository.worlds import import_world, list_worlds
from studio.routes import ROUTERS
from studio.services.gate_checks import gates, keep_runs
from studio.services.tallies import tally
from studio.services.world_work import give_up, prepare
from studio.settings import Settings
from world_builder.worlds import build_world


def create_app(settings: Settings | None = None) -> FastAPI:
    """The studio over a data directory; its schema and sample worlds are made at start-up."""
    chosen = settings or Settings()
    studio = Studio(
        settings=chosen,
        database=Database(chosen.url),
        templates=make_environment(),
        jobs=Jobs(chosen.jobs),
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        studio.database.migrate()
        import_samples(studio.database, chosen.sample_worlds)
        keep_runs(chosen.url, chosen.data_dir / "task-runs.db")
        prepare(gates, tally)
        yield
        give_up(chosen.url)
        studio.database.close()

    app = FastAPI(
        title="CoreCraft Studio",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(SecurityHeadersMiddleware),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(chosen.allowed_hosts)),
            Middleware(CsrfMiddleware),
        ],
    )
    app.state.studio = studio
    app.mount("/static", CachedFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router)
    error_pages.install(app)
    return app


def import_samples(database: Database, names: tuple[str, ...]) -> None:
    """Imports the shipped worlds that are not there yet."""
    with database.read() as session:
        known = {world.name for world in list_worlds(session)}
    for name in names:
        if name not in known:
            with database.write() as session:
                import_world(session, build_world(name))


class CachedFiles(StaticFiles):
    """Static files: kept for good when asked for by content hash, else asked anew."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        query: Any = scope.get("query_string", b"")
        is_hashed = query.startswith(b"v=")
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        )
        return response
