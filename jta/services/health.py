"""Whether the installation is fit to work."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import structlog
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from jta.db import db

log = structlog.get_logger()
MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


@dataclass(frozen=True)
class Health:
    """State of the two things the site cannot work without."""

    database: bool
    migrations: bool

    @property
    def ok(self) -> bool:
        """Whether both are in order."""
        return self.database and self.migrations

    def as_dict(self) -> dict[str, bool]:
        """Return the state as plain values."""
        return asdict(self) | {"ok": self.ok}


@cache
def newest_migration() -> str | None:
    """Return the id of the newest migration that the program carries."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(settings).get_current_head()


def check_health() -> Health:
    """Ask the database for its migration and compare it with the program's."""
    try:
        with db.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        log.exception("database_unreachable", error=type(error).__name__)
        return Health(database=False, migrations=False)
    return Health(database=True, migrations=current == newest_migration())
