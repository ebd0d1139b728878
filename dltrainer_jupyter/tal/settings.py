"""Where things lie: environment first, then what the program set, then a TOML file, then a default."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError, brief
from dltrainer_jupyter.core.places import is_remote, local_folder, without_secrets
from dltrainer_jupyter.core.registry import plug_ins

IN_FILE = ("store", "artifacts", "mirror", "plugins", "predict_timeout", "predict_idle", "measure_timeout")
"""What the file may hold. Where the home folder is has to be known before the file in it can be found."""

_LONGEST = 10.0**8
"""Seconds; clocks can't count without end."""


class Settings:
    """Folders and database of this process, and how long predictions elsewhere may take.

    Each can be set by an environment variable (``DLTRAINER_HOME``, ``DLTRAINER_STORE``, ``DLTRAINER_PREDICT_TIMEOUT``
    …), by assignment (``tal.settings.store = "postgresql://…"``) or, but for the home folder, in ``settings.toml`` in
    it.
    """

    __slots__ = ("_assigned",)

    def __init__(self) -> None:
        self._assigned: dict[str, str] = {}

    @property
    def home(self) -> Path:
        """Folder of everything that is kept; by default ``dltrainer`` in the folder that the system has for data.

        That is ``~/.local/share/dltrainer`` on Linux and ``~/Library/Application Support/dltrainer`` on macOS.
        """
        given = os.environ.get("DLTRAINER_HOME") or self._assigned.get("home")
        if given:
            return Path(given).expanduser().resolve()
        import platformdirs

        return Path(platformdirs.user_data_dir("dltrainer", appauthor=False))

    @home.setter
    def home(self, value: str | Path) -> None:
        self._assigned["home"] = str(value)

    @property
    def store(self) -> str:
        """URL of the database; by default an SQLite file in the home folder."""
        from dltrainer_jupyter.store.urls import sqlite_url

        return self._find("store") or sqlite_url(self.home / "dltrainer.db")

    @store.setter
    def store(self, value: str) -> None:
        self._assigned["store"] = value

    @property
    def artifacts(self) -> Path:
        """Folder of checkpoints and artifacts on this host, one for each run; by default ``runs`` in the home folder.

        Where a URL is given instead of a folder, runs are written here first, and copied there; see :attr:`mirror`.
        """
        given = self._find("artifacts")
        if not given or is_remote(given):
            return self.home / "runs"
        return local_folder(given).resolve()

    @artifacts.setter
    def artifacts(self, value: str | Path) -> None:
        self._assigned["artifacts"] = str(value)

    @property
    def mirror(self) -> str | None:
        """Folder or URL that gets a copy of each run: of a mounted drive, ``s3://BUCKET/FOLDER``; none by default.

        Where ``artifacts`` is a URL, it is that one.
        """
        artifacts = self._find("artifacts")
        key = "artifacts" if self._find("mirror") is None else "mirror"
        given = self._find("mirror") or (artifacts if artifacts and is_remote(artifacts) else None)
        try:
            return given and without_secrets(given)
        except ValueError as error:
            msg = f"{key}: {error}."
            raise ConfigurationError(msg) from None

    @mirror.setter
    def mirror(self, value: str | Path) -> None:
        self._assigned["mirror"] = str(value)

    @property
    def plugins(self) -> Path:
        """Folder of your own parts, each a file or a package; by default ``plugins`` in the home folder.

        Its files are run when their parts are used, so it has to be yours alone, and is never found by way of
        the current directory.
        """
        given = self._find("plugins")
        found = self.home / "plugins" if given is None else Path(given).expanduser()
        if not found.is_absolute():
            msg = f"plugins: expected a full path, which names the same folder wherever one is, got {brief(given)}."
            raise ConfigurationError(msg)
        return found

    @plugins.setter
    def plugins(self, value: str | Path) -> None:
        self._assigned["plugins"] = str(value)

    @property
    def predict_timeout(self) -> float:
        """Seconds a prediction may take in a process of its own, its start included; 60 by default."""
        return self._seconds("predict_timeout", 60.0)

    @predict_timeout.setter
    def predict_timeout(self, value: float) -> None:
        self._assigned["predict_timeout"] = str(value)

    @property
    def predict_idle(self) -> float:
        """Seconds a process that predicts stays warm for the next prediction; 300 by default."""
        return self._seconds("predict_idle", 300.0)

    @predict_idle.setter
    def predict_idle(self, value: float) -> None:
        self._assigned["predict_idle"] = str(value)

    @property
    def measure_timeout(self) -> float:
        """Seconds a test run may take in a process of its own, its start included; 3600 by default."""
        return self._seconds("measure_timeout", 3600.0)

    @measure_timeout.setter
    def measure_timeout(self, value: float) -> None:
        self._assigned["measure_timeout"] = str(value)

    def _seconds(self, key: str, default: float) -> float:
        given = self._find(key)
        try:
            seconds = default if given is None else float(given)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds <= _LONGEST:
            msg = f"{key}: expected a number of seconds above 0, got {brief(given)}."
            raise ConfigurationError(msg)
        return seconds

    def is_assigned(self, key: str) -> bool:
        """Tell whether the program set it."""
        return key in self._assigned

    def _find(self, key: str) -> str | None:
        return os.environ.get(f"DLTRAINER_{key.upper()}") or self._assigned.get(key) or self._from_file().get(key)

    def _from_file(self) -> dict[str, str]:
        path = self.home / "settings.toml"
        if not path.exists():
            return {}
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            msg = f"{path} can't be read: {str(error).rstrip('.')}."
            raise ConfigurationError(msg) from error
        for key, value in values.items():
            if key not in IN_FILE:
                kind = f"setting in {path}"
                raise UnknownNameError(kind, key, IN_FILE)
            if not isinstance(value, str):
                # Not shown: a URL may hold a password.
                msg = f"{path}: {key}: expected text, got something of type {type(value).__name__}."
                raise ConfigurationError(msg)
        return values


settings = Settings()
"""The settings of this process."""
plug_ins.found_by(lambda: settings.plugins)
