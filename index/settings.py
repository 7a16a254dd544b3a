"""Settings of the archive, from `BAODA_*` environment variables and `.env`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.errors import ArchiveError


def _home(variable: str, fallback: str) -> Path:
    """Folder `baoda` in the XDG base directory that `variable` names (XDG Base Directory Specification 0.8)."""
    return Path(os.environ.get(variable) or Path.home() / fallback) / "baoda"


def cache_folder() -> Path:
    """Where prepared models and dictionaries are kept; can be deleted at any time."""
    return _home("XDG_CACHE_HOME", ".cache")


class Settings(BaseSettings):
    """What the archive needs to know. The README's table documents each field."""

    model_config = SettingsConfigDict(env_prefix="BAODA_", env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(default_factory=lambda: _home("XDG_DATA_HOME", ".local/share"))
    embedding_model: str | None = Field(None, min_length=1)
    engine: Literal["local", "milvus"] = "local"
    milvus_uri: str | None = Field(None, min_length=1)

    @property
    def milvus_address(self) -> str | None:
        """Where Milvus is, if that is what searches.

        Raises:
            ArchiveError: It is, but no address is set.
        """
        if self.engine == "milvus" and not self.milvus_uri:
            raise ArchiveError("BAODA_ENGINE=milvus needs BAODA_MILVUS_URI: an address, or a file *.db for Milvus Lite")
        return self.milvus_uri if self.engine == "milvus" else None
