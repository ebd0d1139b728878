"""What was there when a run was submitted: code version, packages, machine."""

from __future__ import annotations

import getpass
import os
import platform
import socket
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = ("dltrainer-jupyter", "torch", "numpy", "scikit-learn", "safetensors", "ipykernel", "jupyterlab")
_PATIENCE = 0.2
"""Seconds git may take; in a huge or remote repository the cell doesn't wait for it."""


def environment() -> dict[str, Any]:
    """Describe the process that submits a run.

    Returns
    -------
    dict
        ``git`` (commit and whether files differ from it, where the current folder is in a repository), ``packages``,
        ``python``, ``platform``, ``host``, ``user``, ``argv``.
    """
    return {
        "git": _git(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name)) is not None},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "user": user(),
        "argv": sys.argv[:1],
    }


def user() -> str:
    """Say who asks, for the record; in a container the user may have a number only."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git() -> dict[str, Any] | None:
    commit = _run_git("rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _run_git("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "changed": None if changed is None else bool(changed)}


def _run_git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ["git", "--no-optional-locks", *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
