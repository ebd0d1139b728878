"""Says in a line that a build needs Node.js, before the build of the front end fails without it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NodeIsThere(BuildHookInterface):  # type: ignore[type-arg] # of hatchling's own plug-ins
    """Looks for Node.js where the front end has yet to be built; runs before the hook that builds it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """End the build unless the front end is there, can be built, or is done without.

        Raises
        ------
        SystemExit
            If Node.js is missing or too old.
        """
        root = Path(self.root)
        building = self.build_config.hook_config["jupyter-builder"]
        built = all((root / path).exists() for path in building["skip-if-exists"])
        if (version == "standard" and built) or _done_without(version):
            return
        wanted = json.loads((root / "labextension" / "package.json").read_text(encoding="utf-8"))["engines"]["node"]
        oldest = wanted.removeprefix(">=")
        found = _found()
        if _numbers(found) >= _numbers(oldest):
            return
        self.app.abort(
            f"An installation from the sources builds panel and sidebar, which needs Node.js {oldest} or newer; found: "
            f"{found}. Install Node.js, or install a wheel, which needs none; to train without panel and sidebar, "
            "HATCH_JUPYTER_BUILDER_SKIP_NPM=1 pip install --editable ."
        )


def _done_without(version: str) -> bool:
    """Tell whether somebody goes without the front end, as only those who work in the sources can."""
    skipped = os.environ.get("HATCH_JUPYTER_BUILDER_SKIP_NPM") == "1"
    return "SKIP_JUPYTER_BUILDER" in os.environ or (skipped and version == "editable")


def _found() -> str:
    node = shutil.which("node")
    if node is None:
        return "none"
    return subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip() or "none"  # noqa: S603 - the one on the path


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
