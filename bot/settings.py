"""Settings of the bot, on top of the archive's."""

from __future__ import annotations

from pydantic import Field, SecretStr

from index.settings import Settings


class BotSettings(Settings):
    """What answering and Telegram need to know. The README's table documents each field."""

    strictness: float = Field(0.3, ge=0, le=1)
    telegram_token: SecretStr | None = None
    telegram_api: str = Field("https://api.telegram.org", pattern=r"^https?://\S+$")
