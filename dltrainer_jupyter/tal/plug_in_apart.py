"""Checking a plug-in in a process of its own, which its code may end or keep busy for ever."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.registry import plug_ins
from dltrainer_jupyter.executors.process import search_path
from dltrainer_jupyter.tal.plug_in_check import PlugInCheck

_PATIENCE = 180.0
"""Seconds; a model that is built for three frameworks has them imported first."""
_TAIL = 300
"""Characters of what the process said last that a finding shows."""


def check_plugin(path: str | Path, *, timeout: float = _PATIENCE) -> PlugInCheck:
    """Check a plug-in as its author: what is missing, in which file and class.

    Parameters
    ----------
    path : path
        A file, or a package's folder, wherever it lies; its code is run, in a process of its own.
    timeout : float, default 180
        Seconds after which it is given up, since its code waits or loops for ever.

    Returns
    -------
    PlugInCheck
        ``findings`` are empty if all is well.

    Raises
    ------
    ConfigurationError
        If there is no such file, or the timeout is none.

    Examples
    --------
    >>> tal.check_plugin("plugins/model.py")  # doctest: +SKIP
    ✓ model.py: TinyNet: built for pytorch, one step made, state saved and loaded.
    """
    if not 0 < timeout < float("inf"):
        msg = f"timeout: expected seconds above 0, got {brief(timeout)}."
        raise ConfigurationError(msg)
    given = Path(path).expanduser().resolve()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+b") as said:
        report = Path(folder) / "report"
        ended = _run(given, report, said, timeout)
        heard = _read(report)
        if heard.refused is not None:
            raise ConfigurationError(heard.refused)
        findings = heard.findings
        if not heard.is_whole:
            why = _why(ended, timeout, said)
            findings = [*findings, f"{heard.at or given.name}: {why}"]
        return PlugInCheck(given, tuple(findings), tuple(heard.tried))


def _run(given: Path, report: Path, said: IO[bytes], timeout: float) -> int | None:
    """Let another process examine a plug-in; give its exit code, or None if it was given up."""
    process = subprocess.Popen(  # noqa: S603 - our own module, no shell
        [sys.executable, "-P", "-m", "dltrainer_jupyter.tal.plug_in_main", str(given), str(report)],
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=os.environ | plug_ins.environment() | {"PYTHONPATH": search_path()},
    )
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        # With the processes that it has started, also where this one is interrupted.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
        process.wait()


def _why(code: int | None, timeout: float, said: IO[bytes]) -> str:
    """Say why a process didn't come to its end."""
    if code is None:
        return (
            f"not done after {timeout:g} s, so it was ended: expected code that comes to an end by itself; it waits or "
            "loops for ever, where it is imported, built or tried."
        )
    how = f"by signal {-code}" if code < 0 else f"with code {code}"
    said.seek(0)
    last = " ".join(said.read().decode(errors="replace").split())[-_TAIL:]
    return f"it ended the process {how}; a plug-in must leave that to others{f' (it said: {last})' if last else ''}."


@dataclass
class _Heard:
    """What a process has reported so far."""

    findings: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    at: str | None = None
    """The part it was looking at last."""
    refused: str | None = None
    is_whole: bool = False


def _read(report: Path) -> _Heard:
    heard = _Heard()
    lines = report.read_text("utf-8").splitlines(keepends=True) if report.exists() else []
    for line in lines:
        if not line.endswith("\n"):
            break  # it was ended within it
        what, text = json.loads(line)
        if what == "found":
            heard.findings.append(text)
        elif what == "tried":
            heard.tried.append(text)
        elif what == "begun":
            heard.at = text
        elif what == "refused":
            heard.refused = text
        else:
            heard.is_whole = True
    return heard
