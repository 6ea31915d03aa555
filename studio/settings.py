"""The settings of a studio process, from `CORECRAFT_*` environment variables or given in code.

Read once at start-up by `app` and `cli`; no other module looks at the environment.
"""

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from world_builder.worlds import WORLD_NAMES


class Settings(BaseSettings):
    """Where data lives, where to listen and which judge to ask."""

    model_config = SettingsConfigDict(env_prefix="CORECRAFT_", frozen=True, extra="ignore")

    data_dir: Path = Path("var")
    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in `data_dir`."""
    runs_dir: Path | None = None
    """Run directories; None means `data_dir/runs`."""
    bundles_dir: Path | None = None
    """Published bundles; None means `data_dir/bundles`."""
    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    """Host names that requests may carry (guards against DNS rebinding); `*` allows all."""
    user: str = "author"
    """Who edits, in single-user mode."""
    anthropic_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("CORECRAFT_ANTHROPIC_API_KEY", "anthropic_api_key"),
    )
    """Also `ANTHROPIC_API_KEY`; None leaves criteria for a judge unscored, with the reason."""
    anthropic_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("CORECRAFT_ANTHROPIC_BASE_URL", "anthropic_base_url"),
    )
    """Also `ANTHROPIC_BASE_URL`; None is the service itself."""
    judge_model: str = "claude-sonnet-5-5"
    sample_worlds: tuple[str, ...] = WORLD_NAMES
    """The shipped worlds to import at start-up when they are not there."""
    is_checking_pages: bool = False
    """True checks each rendered template against its page's declared fields (tests)."""

    @property
    def url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'studio.db'}"

    @property
    def runs(self) -> Path:
        return self.runs_dir or self.data_dir / "runs"

    @property
    def bundles(self) -> Path:
        return self.bundles_dir or self.data_dir / "bundles"

    @property
    def jobs(self) -> Path:
        return self.data_dir / "jobs"
