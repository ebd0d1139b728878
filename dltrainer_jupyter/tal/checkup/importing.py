"""Importing a package in a process of its own: one that is broken may raise, hang, or end the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from dltrainer_jupyter.executors.process import search_path

PATIENCE = 120.0
"""Seconds that an import may take; from a cold disk a framework takes tens."""
_CONSIDERATE = {
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_ANSWER = "dltrainer-found:"
_PROGRAM = f"""
import importlib, json, sys
try:
    module = importlib.import_module(sys.argv[1])
    found = getattr(module, "found", dict)()
except BaseException as error:
    found = {{"error": f"{{type(error).__name__}}: {{error}}"}}
print("\\n{_ANSWER}" + json.dumps(found), flush=True)
"""


@dataclass(frozen=True)
class Imported:
    """What became of an import."""

    error: str | None = None
    """Why it failed, in one line."""
    found: dict[str, Any] = field(default_factory=dict)
    """What the module's function ``found`` gives, if it has one."""


def imported(module: str, patience: float = PATIENCE) -> Imported:
    """Import a module elsewhere.

    Parameters
    ----------
    module : str
        Its name. What its function ``found`` gives, JSON types by name, comes back.
    patience : float, default 120
        Seconds after which it is given up.

    Examples
    --------
    >>> imported("there_is_no_such_module").error
    "ModuleNotFoundError: No module named 'there_is_no_such_module'"
    """
    try:
        done = subprocess.run(  # noqa: S603 - our program, no shell
            [sys.executable, "-P", "-c", _PROGRAM, module],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience,
            env=os.environ | _CONSIDERATE | {"PYTHONPATH": search_path()},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Imported(f"importing it took more than {patience:.0f} s")
    answers = [line for line in done.stdout.decode(errors="replace").splitlines() if line.startswith(_ANSWER)]
    if not answers:
        return Imported(f"importing it ends the process ({_ended(done.returncode)})")
    found = json.loads(answers[-1].removeprefix(_ANSWER))
    error = found.get("error")
    return Imported(None if error is None else " ".join(str(error).split()), found)


def _ended(code: int) -> str:
    try:
        return signal.Signals(-code).name if code < 0 else f"exit status {code}"
    except ValueError:
        return f"signal {-code}"
