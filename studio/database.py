"""The database: connections, transactions and migrations.

`repository` and `history` work inside the sessions opened here. Leaving `Database.write` commits,
raising rolls back. SQLite runs in WAL mode with `synchronous=FULL`: what `write` has committed
survives `kill -9` of the process and a power cut.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session

from studio.errors import Conflict

MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Sessions over one engine."""

    def __init__(self, url: str) -> None:
        self.engine = _sqlite_engine(url) if url.startswith("sqlite") else create_engine(url)
        self._writer = self.engine.execution_options(is_writer=True)

    def migrate(self) -> None:
        """Brings the schema to the newest version."""
        with self.engine.begin() as connection:
            command.upgrade(alembic_config(connection), "head")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading: one snapshot."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are committed together at the end.

        Raises Conflict when somebody else changed or took the same row meanwhile.
        """
        with Session(self._writer) as session:
            try:
                yield session
                session.commit()
            except (StaleDataError, IntegrityError) as error:
                raise Conflict(
                    "Somebody else saved this meanwhile; nothing was changed."
                ) from error

    def close(self) -> None:
        self.engine.dispose()


def alembic_config(connection: Connection) -> Config:
    """The migration settings over an open connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _sqlite_engine(url: str) -> Engine:
    path = url.removeprefix("sqlite:///")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 10})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _record: object) -> None:
    # The driver's own transaction handling is off: `_begin` says when one starts.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: a read that turns into a write could fail as "locked".
    is_writer = connection.get_execution_options().get("is_writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")
