"""Asking every check, side by side: most of their time is other processes'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import DLTrainerError, UnknownNameError, brief
from dltrainer_jupyter.core.finding import Finding, fault
from dltrainer_jupyter.tal.checkup import setting_cures
from dltrainer_jupyter.views.summary import TextTable

_AT_ONCE = 4
"""Checks that look at the same time."""
_MARKS = {"good": "ok", "note": "note", "fault": "FAULT"}


@dataclass(frozen=True)
class Checkup:
    """What was found, by check."""

    findings: Mapping[str, tuple[Finding, ...]]

    @property
    def faults(self) -> list[Finding]:
        """What is broken."""
        return [it for found in self.findings.values() for it in found if it.level == "fault"]

    def document(self) -> dict[str, Any]:
        """Give it as JSON types."""
        found = [
            {"check": check, "level": it.level, "said": it.said, "cure": it.cure}
            for check, its in self.findings.items()
            for it in its
        ]
        return {"healthy": not self.faults, "findings": found}

    def table(self) -> TextTable:
        """Give it a row a finding."""
        rows = [(check, _MARKS[it.level], it.said, it.cure or "") for check, its in self.findings.items() for it in its]
        return TextTable(("check", "", "found", "mend it with"), rows)

    def sentence(self) -> str:
        """Say in one line how it stands."""
        count = len(self.faults)
        if not count:
            return "Everything that was looked at works."
        return (
            f"{count} {'fault' if count == 1 else 'faults'}: what mends {'it' if count == 1 else 'them'} stands above."
        )

    def __repr__(self) -> str:
        width = max(map(len, self.findings), default=0)
        lines = []
        for check, its in self.findings.items():
            for it in its:
                lines.append(f"{_MARKS[it.level]:<5}  {check:<{width}}  {it.said}")
                lines += [f"{'':<5}  {'':<{width}}  → {it.cure}"] if it.cure else []
        return "\n".join([*lines, "", self.sentence()])


def doctor(*checks: str) -> Checkup:
    """Look at what DLTrainer stands on: packages, frameworks, GPUs, memory, the store, JupyterLab, servers, trackers.

    Frameworks are imported in processes of their own, so that one that is broken breaks nothing here.

    Parameters
    ----------
    *checks : str
        Which to ask; by default all.

    Returns
    -------
    Checkup
        What was found. For each fault there is the command that mends it.

    Raises
    ------
    UnknownNameError
        If there is no such check.

    Examples
    --------
    >>> tal.doctor("store").faults  # doctest: +SKIP
    []
    """
    known = registry.names("checks")
    kind = "check"
    for name in checks:
        if name not in known:
            raise UnknownNameError(kind, name, known)
    asked: Sequence[str] = [name for name in known if name in checks or not checks]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="dltrain-doctor") as pool:
        return Checkup(dict(zip(asked, pool.map(_asked, asked), strict=True)))


def _asked(name: str) -> tuple[Finding, ...]:
    try:
        return tuple(registry.find("checks", name)())
    except DLTrainerError as error:
        # A sentence for people, whole as every other face shows it, and nothing to report.
        said = str(error)
        return (fault(said, setting_cures.of_error(said) or f"dltrain doctor {name}, once that is mended"),)
    except Exception as error:  # noqa: BLE001 - whatever is broken may break what looks at it, and the others still look
        told = f"{type(error).__name__}: {brief(str(error))}"
        return (fault(f"The check couldn't be made: {told}.", "Report this with what stands here."),)
