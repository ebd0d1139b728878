"""Whether trackers that this machine is set up for can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import DLTrainerError, brief
from dltrainer_jupyter.core.finding import Finding, fault, note
from dltrainer_jupyter.core.protocols import Reachable


def trackers() -> Iterator[Finding]:
    """Ask each tracker whether what it would send to, with the settings it has by default, answers."""
    for name in registry.names("trackers"):
        try:
            found = registry.find("trackers", name)
        except DLTrainerError as error:
            yield note(f"{name}: {error}")
            continue
        if issubclass(found, Reachable):
            try:
                yield from found(found.Config()).reached()
            except (DLTrainerError, ValueError) as error:
                yield fault(f"{name}: {brief(str(error))}.", f"dltrain trackers {name}, which lists its settings")
