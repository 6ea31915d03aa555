"""`/health`: whether the studio and its database answer."""

from fastapi import APIRouter
from sqlmodel import text

from studio import __version__
from studio.deps import Db

router = APIRouter(tags=["health"])


@router.get("/health")
def health(db: Db) -> dict[str, str]:
    """`{"status": "ok"}` when the database answers."""
    with db.read() as session:
        session.connection().execute(text("SELECT 1"))
    return {"status": "ok", "version": __version__}
