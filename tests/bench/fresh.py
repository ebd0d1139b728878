"""A function in a fresh process, with a home of its own: nothing that came before can help or hinder it."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a module in a fresh process.

    Parameters
    ----------
    function : callable
        One that its module can be asked for.
    *arguments
        For it, in JSON types.

    Returns
    -------
    object
        What it gives, in JSON types.

    Raises
    ------
    RuntimeError
        If it breaks off; with its last words.
    """
    with tempfile.TemporaryDirectory(dir=os.environ["DLTRAINER_HOME"]) as home:
        command = [sys.executable, "-m", __name__, function.__module__, function.__name__, json.dumps(arguments)]
        environment = os.environ | {"DLTRAINER_HOME": home, "TF_CPP_MIN_LOG_LEVEL": "3"}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        msg = f"{function.__name__}{arguments} broke off:\n{ended.stderr}"
        raise RuntimeError(msg)
    return json.loads(ended.stdout.splitlines()[-1])


def main() -> None:
    """Call what the command line says, and print what it gives as the last line."""
    _, module, name, arguments = sys.argv
    given = getattr(importlib.import_module(module), name)(*json.loads(arguments))
    print(json.dumps(given), flush=True)  # noqa: T201 - what the process is asked for


if __name__ == "__main__":
    main()
