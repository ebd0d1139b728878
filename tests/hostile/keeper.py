"""A process that has imported what is needed and does nothing itself: each task is done by a fork of it.

So an artefact is alone with the product: what it takes of memory and time is its own, and one that kills or stops its
process harms no other. Tasks come as lines of JSON; the answer to each is a line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.artefact import CANARY, Place

LONGEST = 30.0
"""Seconds after which a fork is killed; the machine may be busy."""
_ADDRESSES = 4 << 30
"""Bytes of addresses that a fork may take beside what it has, so that a failure harms nobody else."""
_WATCHED = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen", "open", "exec")
_HARMLESS = ("numpy", "_codecs", "copyreg", "collections")
"""Packages whose words a pickle that is loaded may use."""


def main() -> None:
    """Do tasks until there are none."""
    from tests.hostile import preloaded

    artefacts = preloaded.ARTEFACTS
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        task = json.loads(line)
        folder = Path(task["folder"])
        place = Place(folder / "artefact")
        if task["do"] == "prepare":
            answer = _forked(preloaded.prepare, folder, {"home": task["home"]})
        else:
            artefact = artefacts[task["id"]]
            answer = _forked(lambda: _done(artefact, task["do"], place), folder, task)  # noqa: B023 - done at once
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _done(artefact: Any, do: str, place: Place) -> Any:
    if do == "write":
        place.folder.mkdir(parents=True)
        given = artefact.write(place)
        return str(given) if isinstance(given, Path) else given
    given = json.loads((place.folder.parent / "given.json").read_text())
    if do == "feed":
        return artefact.feed(given)
    artefact.naive(given)
    return None


def _forked(call: Callable[[], Any], folder: Path, task: dict[str, Any]) -> dict[str, Any]:
    """Do something in a fork; give what came of it."""
    answer = folder / "answer.json"
    answer.unlink(missing_ok=True)
    pid = os.fork()
    if pid == 0:
        try:
            _in_fork(call, folder, task, answer)
        finally:
            os._exit(0)
    done = threading.Event()
    killer = threading.Timer(LONGEST, lambda: done.is_set() or os.kill(pid, signal.SIGKILL))
    killer.start()
    _, status, _ = os.wait4(pid, 0)
    done.set()
    killer.cancel()
    if not answer.exists():
        return {"died": f"its process ended with {os.waitstatus_to_exitcode(status)}"}
    return json.loads(answer.read_text())


def _in_fork(call: Callable[[], Any], folder: Path, task: dict[str, Any], answer: Path) -> None:
    os.setsid()
    os.environ["DLTRAINER_HOME"] = task["home"]
    here = folder / "here"
    here.mkdir(exist_ok=True)
    os.chdir(here)
    limit = _of_process("VmSize") + _ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    heard: list[str] = []
    if task.get("do") == "feed":
        sys.addaudithook(_ear(heard))
    Path("/proc/self/clear_refs").write_text("5")  # the peak is told from now on
    before, began = _of_process("VmRSS"), time.process_time()
    found: dict[str, Any] = {"told": None, "error": None}
    try:
        found["told"] = call()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        names = [it.__name__ for it in type(error).__mro__]
        found |= {"error": str(error), "kinds": names, "traceback": traceback.format_exc()[-4000:]}
    found |= {
        "seconds": time.process_time() - began,
        "memory": _of_process("VmHWM") - before,
        "heard": heard,
        "canaries": sorted(str(it) for it in folder.rglob(f"*{CANARY}")),
    }
    part = answer.with_suffix(".part")
    part.write_text(json.dumps(found))
    part.rename(answer)


def _ear(heard: list[str]) -> Callable[[str, tuple[Any, ...]], None]:
    """Listen to what Python tells of itself: whatever a payload would have to do."""

    def hear(event: str, given: tuple[Any, ...]) -> None:
        if event == "pickle.find_class":
            if str(given[0]).partition(".")[0] not in _HARMLESS:
                heard.append(f"{event} {given[0]}.{given[1]}")
        elif event in _WATCHED and CANARY in repr(given[:1]):
            heard.append(f"{event} {given[0]!r}"[:200])

    return hear


def _of_process(key: str) -> int:
    """Read a size of this process, in bytes."""
    with open("/proc/self/status") as file:  # noqa: PTH123 - without what pathlib takes of memory
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key + ":"))


if __name__ == "__main__":
    main()
