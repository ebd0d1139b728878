"""Plug-ins, and files beside a person's work that would like to be some."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from dltrainer_jupyter import tal
from tests.hostile.artefact import HUGE, Place, hostile

NET = """
from dltrainer_jupyter import register
from pydantic import BaseModel


@register('models')
class Evil:
    class Config(BaseModel):
        pass
"""


def own_folder(place: Place) -> Path:
    """Make a plug-in folder as it should be."""
    folder = place.folder / "plugins"
    folder.mkdir(mode=0o700)
    return folder


def put(path: Path, text: str | bytes) -> Path:
    """Write a file that is its owner's alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)
    return path


def used(folder: Any) -> None:
    """Train by the model of a plug-in folder."""
    os.environ["DLTRAINER_PLUGINS"] = str(folder)
    tal.train(model="evil", data="digits", epochs=1, executor="inline", verbose=False)


def checked_by_its_author(path: Any) -> str:
    """Check a plug-in."""
    return " ".join(tal.check_plugin(path).findings)


def beside(folder: Any) -> None:
    """Work in a folder, without plug-ins."""
    os.chdir(folder)
    tal.train(model="evil", data="digits", epochs=1, executor="inline", verbose=False)


def _in_place(folder: Any) -> None:
    os.chdir(folder)
    used(folder)


def _imported(folder: Any, module: str) -> None:
    subprocess.run([sys.executable, "-c", f"import {module}"], cwd=folder, check=False, capture_output=True)


def _process(folder: Any) -> str:
    os.chdir(folder)
    run = tal.train(model="mlp", data="digits", epochs=1, batch_size=512, executor="process", verbose=False)
    return run.wait(60).state


@hostile(
    "plug-in: a model in the current directory",
    beside,
    "Unknown model 'evil'",
    naive=lambda path: _imported(path, "model"),
)
def _(place: Place) -> Path:
    for name in ("model.py", "evil.py", "plugins/evil.py", "sitecustomize.py", "conftest.py"):
        put(place.folder / "work" / name, f"{place.code}\n{NET}")
    return place.folder / "work"


@hostile("plug-in: the current directory as the folder", _in_place, "current directory")
def _(place: Place) -> Path:
    put(place.folder / "work" / "evil.py", f"{place.code}\n{NET}")
    return place.folder / "work"


@hostile(
    "plug-in: numpy.py where a trainer is started",
    _process,
    "completed",
    naive=lambda path: _imported(path, "numpy"),
)
def _(place: Place) -> Path:
    for name in ("numpy", "sitecustomize", "usercustomize", "json", "torch", "sqlalchemy", "dltrainer_jupyter"):
        put(place.folder / "work" / f"{name}.py", place.code)
    return place.folder / "work"


@hostile("plug-in: a folder that anybody may write to", used, "others may write to it")
def _(place: Place) -> Path:
    folder = own_folder(place)
    put(folder / "evil.py", f"{place.code}\n{NET}")
    folder.chmod(0o777)
    return folder


@hostile("plug-in: a link to a file elsewhere", used, "it is a link")
def _(place: Place) -> Path:
    folder = own_folder(place)
    (folder / "evil.py").symlink_to(put(place.folder / "elsewhere.py", f"{place.code}\n{NET}"))
    return folder


@hostile("plug-in: a package with a link in it", used, "it is a link")
def _(place: Place) -> Path:
    folder = own_folder(place)
    put(folder / "evil" / "__init__.py", f"from .more import *\n{NET}")
    (folder / "evil" / "more.py").symlink_to(put(place.folder / "elsewhere.py", place.code))
    return folder


@hostile("plug-in: a pipe that nobody writes to", used, "expected an ordinary file")
def _(place: Place) -> Path:
    folder = own_folder(place)
    os.mkfifo(folder / "evil.py", 0o600)
    return folder


@hostile("plug-in: a file of four terabytes", used, "larger than 16 MiB")
def _(place: Place) -> Path:
    folder = own_folder(place)
    os.truncate(put(folder / "evil.py", NET), HUGE)
    return folder


@hostile("plug-in: two of one name", used, "evil.*(two|twice|both|several)|Two")
def _(place: Place) -> Path:
    folder = own_folder(place)
    for name in ("one.py", "two.py"):
        put(folder / name, f"{place.code}\n{NET}")
    return folder


@hostile("plug-in: brackets that the parser can't count", used, "Evil|evil|SyntaxError|MemoryError|RecursionError")
def _(place: Place) -> Path:
    folder = own_folder(place)
    put(folder / "evil.py", NET + "x = " + "-" * 1_000_000 + "1\n")
    return folder


@hostile("plug-in: a chain of attributes without an end", used, "RecursionError|MemoryError|SyntaxError|evil")
def _(place: Place) -> Path:
    folder = own_folder(place)
    put(folder / "evil.py", NET + f"@a{'.a' * 500_000}\nclass B:\n    pass\n")
    return folder


@hostile("plug-in: one that raises", used, "can't be imported from .*ZeroDivisionError")
def _(place: Place) -> Path:
    folder = own_folder(place)
    put(folder / "evil.py", f"{NET}\n1 / 0\n{place.code}\n")
    return folder


@hostile("plug-in: one that leaves", used, "can't be imported from .*SystemExit")
def _(place: Place) -> Path:
    folder = own_folder(place)
    put(folder / "evil.py", f"{NET}\nraise SystemExit(3)\n")
    return folder


@hostile("check-plugin: one that raises", checked_by_its_author, "can't be imported from .*ValueError: no")
def _(place: Place) -> Path:
    return put(place.folder / "evil.py", f"{NET}\nraise ValueError('no')\n")


@hostile("check-plugin: one that leaves", checked_by_its_author, "can't be imported from .*SystemExit")
def _(place: Place) -> Path:
    return put(place.folder / "evil.py", f"import sys\n{NET}\nsys.exit('bye')\n")


@hostile("check-plugin: one whose settings call", checked_by_its_author, "Config|can't")
def _(place: Place) -> Path:
    return put(place.folder / "evil.py", NET.replace("pass", "x: 'raise_this()' = 1"))


# --- a run's own copy -------------------------------------------------------------------------------------


def packed(place: Place, parts: list[Any], files: dict[str, bytes], more: Any = None) -> Path:
    """Write the archive of a run's plug-ins."""
    folder = place.folder / "run"
    folder.mkdir(mode=0o700)
    with zipfile.ZipFile(folder / "plugins.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "plugins.json", json.dumps({"plug_ins": parts, "classes": [] if more is None else [["models", "evil"]]})
        )
        for name, data in files.items():
            archive.writestr(f"files/{name}", data)
        if more is not None:
            archive.writestr("registered.pkl", more)
    (folder / "plugins.zip").chmod(0o600)
    return folder


def listed(files: dict[str, bytes], name: str = "evil") -> list[Any]:
    """List a plug-in as a run does."""
    from dltrainer_jupyter.core.registry.folder import checksum

    mine = {one: data for one, data in files.items() if one.partition("/")[0] == name}
    return [{"path": f"/somewhere/{name}", "sha256": checksum(mine), "parts": []}]


def loaded(folder: Any) -> None:
    """Load what a run has kept, as whoever trains or predicts does."""
    from dltrainer_jupyter.executors import plug_ins

    plug_ins.load(Path(folder))


@hostile("plugins.zip: a member that climbs out", loaded, "would lie outside of its folder")
def _(place: Place) -> Path:
    files = {"evil/__init__.py": b"", f"evil/../../../{place.canary.name}": b"x"}
    return packed(place, listed(files), files)


@hostile("plugins.zip: zeros that become a gigabyte", loaded, "larger than 64 MiB")
def _(place: Place) -> Path:
    files = {"evil/__init__.py": b"", "evil/weights": bytes(1 << 28)}
    return packed(place, listed(files), files)


@hostile("plugins.zip: other code than the run was started with", loaded, "the checksum of evil does not fit")
def _(place: Place) -> Path:
    files = {"evil/__init__.py": b""}
    return packed(place, listed(files), {"evil/__init__.py": place.code.encode()})


@hostile("plugins.zip: classes that somebody else may have written", loaded, "may have been written by somebody else")
def _(place: Place) -> Path:
    folder = packed(place, [], {}, pickle.dumps(place.evil()))
    (folder / "plugins.zip").chmod(0o666)
    return folder


@hostile("plugins.zip: a list a hundred thousand deep", loaded, "is damaged")
def _(place: Place) -> Path:
    folder = packed(place, [], {})
    with zipfile.ZipFile(folder / "plugins.zip", "w") as archive:
        archive.writestr("plugins.json", "[" * 100_000)
    return folder
