"""Settings of the copy at Weights & Biases, and whether it is kept there or in files."""

from __future__ import annotations

import configparser
import netrc
import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from dltrainer_jupyter.core.places import without_secrets
from dltrainer_jupyter.trackers.settings import TrackerSettings
from dltrainer_jupyter.trackers.tokens import revealed

PUBLIC = "https://api.wandb.ai"
"""The service of Weights & Biases itself."""
_OFFLINE = {"offline", "dryrun", "disabled"}
"""What ``WANDB_MODE`` may say where nothing is to be sent."""


class WandBSettings(TrackerSettings):
    """Settings of ``wandb``."""

    project: str = Field(default="dltrainer", min_length=1, description="The project at W&B.")
    entity: str | None = Field(default=None, description="The person or team it belongs to; your own if left out.")
    mode: Literal["online", "offline"] | None = Field(
        default=None,
        description="Where the copy is kept: online, or in files (offline). If left out, what WANDB_MODE or "
        "`wandb offline` says; else online if an API key is found.",
    )
    api_key: SecretStr | None = Field(default=None, description="If left out, WANDB_API_KEY, or what .netrc holds.")
    base_url: str | None = Field(default=None, description="A W&B server of your own; WANDB_BASE_URL if left out.")
    tags: tuple[str, ...] = Field(default=(), description="Short words to find the run by.")
    notes: str | None = Field(default=None, description="What the run is about.")
    folder: Path | None = Field(default=None, description="Where its files lie; beside the run if left out.")
    patience: float = Field(default=30, gt=0, description="Seconds to wait for W&B before it counts as out of reach.")

    @field_validator("base_url")
    @classmethod
    def _base_url_shows_no_secret(cls, url: str | None) -> str | None:
        try:
            return None if url is None else without_secrets(url)
        except ValueError as error:
            msg = (
                "expected a URL such as https://HOST, without a password or query: what the server asks for is given "
                "as api_key, or in the environment as WANDB_API_KEY or by the whole URL as WANDB_BASE_URL"
            )
            raise ValueError(msg) from error

    def server(self) -> str:
        """Give the address of the server."""
        return (self.base_url or os.environ.get("WANDB_BASE_URL") or _saved("base_url") or PUBLIC).rstrip("/")

    def key(self) -> str | None:
        """Find the API key: here, in the environment, or in ``.netrc``."""
        return (
            revealed(self.api_key) or os.environ.get("WANDB_API_KEY") or _key_in_netrc(urlsplit(self.server()).hostname)
        )

    def kept(self) -> Literal["online", "offline"]:
        """Tell where the copy is kept."""
        if self.mode is not None:
            return self.mode
        said = (os.environ.get("WANDB_MODE") or _saved("mode") or "").lower()
        if said in _OFFLINE:
            return "offline"
        return "online" if said == "online" or self.key() else "offline"


def _saved(name: str) -> str | None:
    """Give what ``wandb login --host`` and ``wandb offline`` have saved."""
    place = Path(os.environ.get("WANDB_CONFIG_DIR") or "~/.config/wandb").expanduser() / "settings"
    saved = configparser.ConfigParser(interpolation=None)
    try:
        saved.read(place, encoding="utf-8")
        return saved.get("default", name, fallback=None)
    except (configparser.Error, OSError, UnicodeDecodeError):
        return None


def _key_in_netrc(host: str | None) -> str | None:
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(host or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return found[2] if found else None
