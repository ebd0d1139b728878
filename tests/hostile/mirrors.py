"""Copies of runs at a place where somebody else can write, and reports."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dltrainer_jupyter import tal
from tests.hostile.artefact import CANARY, HUGE, Place, hostile
from tests.hostile.pickles import load


def copied(place: Place) -> Path:
    """Copy the prepared run's mirror; give the run's folder in it."""
    shutil.copytree(Path(os.environ["DLTRAINER_HOME"]) / "mirror", place.folder / "mirror")
    return next(it for it in (place.folder / "mirror").iterdir() if it.is_dir())


def indexed(place: Place, change: Callable[[dict[str, Any]], Any]) -> Path:
    """Change the newest index, and let it vouch for itself again; the others are gone."""
    run = copied(place)
    *others, newest = sorted(run.glob("index-*.json"))
    for other in others:
        other.unlink()
    fields = json.loads(json.loads(newest.read_text())["index"])
    change(fields)
    body = json.dumps(fields, sort_keys=True)
    newest.write_text(json.dumps({"checksum": hashlib.sha256(body.encode()).hexdigest(), "index": body}))
    return place.folder / "mirror"


def restored(mirror: Any) -> str:
    """Bring the runs back; give what their events say."""
    os.environ["DLTRAINER_HOME"] = str(Path(mirror).parent / "home")
    return " ".join(str(event.message) for run in tal.restore(mirror) for event in run.store.events(run.id))


def put(place: Place, folder: str, name: str, data: bytes) -> dict[str, str]:
    """Write a file at the place; give what an index says of it."""
    run = next(it for it in (place.folder / "mirror").iterdir() if it.is_dir())
    (run / folder / name).write_bytes(data)
    return {"name": name, "sha256": hashlib.sha256(data).hexdigest()}


@hostile("mirror: a checkpoint that climbs out", restored, "is no name of a checkpoint")
def _(place: Place) -> Path:
    def change(fields: dict[str, Any]) -> None:
        name, row = fields["checkpoints"].popitem()
        fields["checkpoints"][f"../../../{name}"] = row

    return indexed(place, change)


@hostile("mirror: objects that lie elsewhere", restored, "expected letters, digits, dots and dashes")
def _(place: Place) -> Path:
    return indexed(place, lambda it: it.update(objects={"name": f"../../{CANARY}", "sha256": "0" * 64}))


@hostile("mirror: plug-ins that lie at an absolute path", restored, "expected letters, digits, dots and dashes")
def _(place: Place) -> Path:
    return indexed(place, lambda it: it.update(parts={"name": "/etc/passwd", "sha256": "0" * 64}))


@hostile("mirror: history that lies elsewhere", restored, "expected letters, digits, dots and dashes")
def _(place: Place) -> Path:
    def change(fields: dict[str, Any]) -> None:
        fields["history"][0]["blob"]["name"] = "../../../etc/passwd"

    return indexed(place, change)


@hostile("mirror: a checkpoint's row that names another folder", restored, "passed over")
def _(place: Place) -> Path:
    def change(fields: dict[str, Any]) -> None:
        for row in fields["checkpoints"].values():
            row["path"] = "/etc"

    return indexed(place, change)


@hostile("mirror: an index a hundred thousand lists deep", restored, "holds no run|is damaged")
def _(place: Place) -> Path:
    run = copied(place)
    for path in run.glob("index-*.json"):
        path.write_text('{"index": ' + "[" * 100_000)
    return place.folder / "mirror"


@hostile("mirror: an index of four terabytes", restored, "expected at most|holds no run")
def _(place: Place) -> Path:
    run = copied(place)
    for path in run.glob("index-*.json"):
        os.truncate(path, HUGE)
    return place.folder / "mirror"


@hostile("mirror: history that becomes gigabytes", restored, "a piece of history is larger than")
def _(place: Place) -> Path:
    def change(fields: dict[str, Any]) -> None:
        packed = gzip.compress(b'{"a":"' + bytes(1200 << 20), 9)
        fields["history"][0]["blob"] = put(place, "history", "x-1234.json.gz", packed)

    return indexed(place, change)


@hostile("mirror: history a hundred thousand lists deep", restored, "does not hold what a run")
def _(place: Place) -> Path:
    def change(fields: dict[str, Any]) -> None:
        packed = gzip.compress(b"[" * 100_000)
        fields["history"][0]["blob"] = put(place, "history", "x-1234.json.gz", packed)

    return indexed(place, change)


@hostile(
    "mirror: objects that run when they are unpickled",
    restored,
    "Brought back",
    naive=lambda it: load(next(Path(it).glob("*/objects-*"))),
)
def _(place: Place) -> Path:
    def change(fields: dict[str, Any]) -> None:
        fields["objects"] = put(place, "", "objects-1234abcd.pkl", pickle.dumps(place.evil()))

    return indexed(place, change)


@hostile("mirror: a run without what a run has", restored, "does not hold what a run")
def _(place: Place) -> Path:
    return indexed(place, lambda it: it.update(run={"run": {"name": "x", "created_at": "x", "spec": {}}}))


@hostile("mirror: a checkpoint with a pipe in it", restored, "passed over|can't be reached|ordinary")
def _(place: Place) -> Path:
    run = copied(place)
    for path in run.glob("checkpoints/*/weights.safetensors"):
        path.unlink()
        os.mkfifo(path)
    return place.folder / "mirror"


# --- reports ----------------------------------------------------------------------------------------------


@hostile("report: a document a hundred thousand lists deep", tal.load_report, "is no report")
def _(place: Place) -> Path:
    (place.folder / "x.ipynb").write_text('{"metadata": ' + "[" * 100_000)
    return place.folder / "x.ipynb"


@hostile("report: a file of four terabytes", tal.load_report, "Expected a report of at most")
def _(place: Place) -> Path:
    (place.folder / "x.html").write_text("<html>")
    os.truncate(place.folder / "x.html", HUGE)
    return place.folder / "x.html"


@hostile("report: a pipe that nobody writes to", tal.load_report, "is no report")
def _(place: Place) -> Path:
    os.mkfifo(place.folder / "x.md")
    return place.folder / "x.md"
