"""Asking the keeper: artefacts are written, fed in and judged."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.hostile.artefact import CANARY, Artefact
from tests.pace import times_slower

MOST_MEMORY = 512 << 20
"""Bytes that an artefact may take beside what its process had."""


class Keeper:
    """Gives artefacts to a process that keeps them away from everybody else.

    Parameters
    ----------
    folder : path
        Where everything is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DLTRAINER_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.keeper"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hugging_face")},
        )
        assert self._process.stdin
        assert self._process.stdout
        if self._process.stdout.readline() != "ready\n":
            msg = "the keeper ended before it began"
            raise AssertionError(msg)
        (folder / "prepared").mkdir()
        self._found: dict[str, dict[str, Any]] = {}
        prepared = self._ask("prepare", "", folder / "prepared")
        assert prepared.get("error") is None, prepared
        assert "died" not in prepared, prepared

    def close(self) -> None:
        """Let the process end."""
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def fed(self, name: str) -> dict[str, Any]:
        """Write an artefact, feed it in, and give what came of it."""
        folder = self._written(name)
        return self._ask("feed", name, folder)

    def does_harm(self, name: str) -> bool:
        """Give an artefact to the loader that it was made for; tell whether it did what it says."""
        folder = self._written(name)
        canaries = self._ask("naive", name, folder).get("canaries") or []
        return any(Path(it).name == CANARY for it in canaries)

    @staticmethod
    def problems(artefact: Artefact, found: dict[str, Any]) -> list[str]:
        """Say what isn't as it should be."""
        if "died" in found:
            return [found["died"]]
        said = found["error"] if found["error"] is not None else found["told"]
        problems = []
        if found["error"] is not None and "DLTrainerError" not in found["kinds"]:
            problems.append(f"expected an error of ours, got {found['kinds'][0]}")
        if not isinstance(said, str) or not re.search(artefact.says, said):
            problems.append(f"expected {artefact.says!r}")
        if found["error"] is not None and "\n" in found["error"]:
            problems.append("expected one line")
        if found["seconds"] > artefact.cpu and found["seconds"] > artefact.cpu * times_slower():
            problems.append(f"it took {found['seconds']:.1f} s")
        if found["memory"] > MOST_MEMORY:
            problems.append(f"it took {found['memory'] >> 20} MiB")
        problems += [f"it ran: {it}" for it in (*found["heard"], *found["canaries"])]
        return problems

    def _written(self, name: str) -> Path:
        folder = self._folder / f"{len(list(self._folder.iterdir())):04}"
        folder.mkdir()
        written = self._ask("write", name, folder)
        assert written.get("error") is None, written
        assert "died" not in written, written
        (folder / "given.json").write_text(json.dumps(written["told"]))
        return folder

    def _ask(self, do: str, name: str, folder: Path) -> dict[str, Any]:
        task = {"do": do, "id": name, "folder": str(folder), "home": str(self._folder / "prepared" / "home")}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
