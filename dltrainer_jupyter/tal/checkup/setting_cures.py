"""Where a setting that can't be used was said, and so what mends it."""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from pathlib import Path

from dltrainer_jupyter.core.errors import nearest
from dltrainer_jupyter.tal.settings import IN_FILE, settings

ANOTHER_HOME = "export DLTRAINER_HOME=FOLDER-OF-YOUR-OWN"


def of_setting(key: str, *, is_default: bool) -> str:
    """Say what takes a setting back, in the order in which the settings are asked.

    Parameters
    ----------
    key : str
        Its name.
    is_default : bool
        Whether it has the value that follows from the home folder, so that only another home changes it.
    """
    if is_default:
        return ANOTHER_HOME
    if os.environ.get(f"DLTRAINER_{key.upper()}"):
        return f"unset DLTRAINER_{key.upper()}"
    if not settings.is_assigned(key) and _is_in_file(key):
        return f"Edit {_line(_file(), key)}: {key}"
    return f"tal.settings.{key} = …, where your program sets it"


def of_error(said: str) -> str | None:
    """Say what of ``settings.toml``, or which variable, is to be changed for an error not to come again.

    Parameters
    ----------
    said : str
        The error's message, which names the file, or begins with the setting.

    Returns
    -------
    str or None
        None if it is about no setting.
    """
    key = said.partition(":")[0]
    if key in IN_FILE:
        return of_setting(key, is_default=False)
    path = _file()
    return _of_file(path) if str(path) in said else None


def _file() -> Path:
    return settings.home / "settings.toml"


def _is_in_file(key: str) -> bool:
    try:
        return key in tomllib.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Whoever has a value all the same has not got it there.
        return False


def _of_file(path: Path) -> str | None:
    """Look through the file as the settings do, for the first thing that they refuse."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        return f"Edit {f'line {at[1]} of ' if at else 'the end of '}{path}"
    except UnicodeDecodeError:
        return f"Save {path} as UTF-8"
    except OSError:
        return f"chmod u+r {shlex.quote(str(path))}"
    for key, value in values.items():
        if key not in IN_FILE:
            near = nearest(key, IN_FILE)
            return f"Edit {_line(path, key)}: {f'write {near} for {key}' if near else f'take out {key}'}"
        if not isinstance(value, str):
            return f'Edit {_line(path, key)}: put what follows {key} in quotes, {key} = "…"'
    return None


def _line(path: Path, key: str) -> str:
    """Name the line that sets a key, by its bare or quoted name or as a table; the file alone where none is seen to."""
    setting = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[]=.]""")
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next((number for number, line in enumerate(lines, 1) if setting.match(line)), None)
    return f"{path}" if at is None else f"line {at} of {path}"
