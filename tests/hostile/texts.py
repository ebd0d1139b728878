"""Texts in files, and data sets of Hugging Face's library."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from tests.hostile.artefact import HUGE, Place, hostile
from tests.hostile.pickles import load
from tests.hostile.verbs import trained_on

texts = trained_on("text_files", length=8)
hugging_face = trained_on("huggingface")


def classes(place: Place) -> Path:
    """Write a folder of two classes with two texts each."""
    for kind in ("good", "bad"):
        (place.folder / "data" / kind).mkdir(parents=True)
        for number in range(1, 3):
            (place.folder / "data" / kind / f"{number}.txt").write_text(f"a {kind} text")
    return place.folder / "data"


def _script(path: Any) -> None:
    text = (Path(path) / "reviews.py").read_text()
    exec(compile(text, "reviews.py", "exec"), {})  # noqa: S102 - as the library did for long


@hostile("text: binary noise", texts, "expected text in utf-8")
def _(place: Place) -> Path:
    root = classes(place)
    noise = np.random.default_rng(0).integers(0, 256, 10_000, np.uint8).tobytes()
    (root / "good" / "0.txt").write_bytes(noise)
    return root


@hostile("text: a line of four terabytes", texts, "data.*bytes")
def _(place: Place) -> Path:
    path = place.folder / "x.tsv"
    path.write_text("good\ta text\nbad\tanother\n")
    os.truncate(path, HUGE)
    return path


@hostile("text: a pipe that nobody writes to", texts, "can't be read|ordinary file")
def _(place: Place) -> Path:
    root = classes(place)
    os.mkfifo(root / "good" / "0.txt")
    return root


@hostile("text: a file that is a link to one of the system", texts, "1 link leads out of")
def _(place: Place) -> Path:
    root = classes(place)
    (root / "good" / "0.txt").symlink_to("/etc/passwd")
    return root


@hostile("huggingface: a folder with a script", hugging_face, "can't be loaded", naive=_script)
def _(place: Place) -> Path:
    root = place.folder / "reviews"
    root.mkdir()
    (root / "reviews.py").write_text(
        f"import datasets\n{place.code}\nclass Reviews(datasets.GeneratorBasedBuilder): pass\n"
    )
    (root / "README.md").write_text("---\nconfigs: []\n---\n")
    return root


@hostile(
    "huggingface: a data frame's pickle, by the format pandas",
    hugging_face,
    "pandas",
    naive=lambda it: load(it["data_files"][0]),
)
def _(place: Place) -> dict[str, Any]:
    path = place.folder / "x.pkl"
    path.write_bytes(pickle.dumps(place.evil()))
    return {"path": "pandas", "data_files": [str(path)]}


@hostile("huggingface: lines of JSON a hundred thousand lists deep", hugging_face, "can't be loaded")
def _(place: Place) -> dict[str, Any]:
    path = place.folder / "x.jsonl"
    path.write_text(json.dumps({"text": "a", "label": 0}) + "\n" + "[" * 100_000 + "]" * 100_000)
    return {"path": "json", "data_files": [str(path)]}
