"""Annotations of pictures: COCO's JSON, YOLO's YAML and lines."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.hostile.archives import png
from tests.hostile.artefact import HUGE, Place, hostile
from tests.hostile.verbs import trained_on

coco = trained_on("coco", image_size=32)
yolo = trained_on("yolo", image_size=32)
OUT = "lies outside of|leads out of|no such folder or list"


def annotated(place: Place, change: Callable[[dict[str, Any]], Any] = lambda _: None) -> Path:
    """Write four pictures with a box each, changed."""
    images = place.folder / "images"
    images.mkdir()
    for number in range(4):
        (images / f"{number}.png").write_bytes(png())
    content: dict[str, Any] = {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 8, "height": 8} for n in range(4)],
        "annotations": [{"image_id": n, "category_id": 1, "bbox": [1, 1, 4, 4]} for n in range(4)],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    change(content)
    path = place.folder / "annotations.json"
    path.write_text(json.dumps(content))
    return path


def image(**values: Any) -> Callable[[dict[str, Any]], Any]:
    """Change the first picture's entry."""
    return lambda content: content["images"][0].update(values)


def annotation(**values: Any) -> Callable[[dict[str, Any]], Any]:
    """Change the first annotation."""
    return lambda content: content["annotations"][0].update(values)


def _unsafe(path: Any) -> Any:
    return yaml.unsafe_load(Path(path).read_text())


def _downloading(path: Any) -> None:
    exec(yaml.safe_load(Path(path).read_text())["download"])  # noqa: S102 - as Ultralytics does


@hostile("coco: a file name that climbs out", coco, OUT)
def _(place: Place) -> Path:
    return annotated(place, image(file_name="../../../../etc/passwd"))


@hostile("coco: an absolute file name", coco, OUT)
def _(place: Place) -> Path:
    return annotated(place, image(file_name="/etc/passwd"))


@hostile("coco: a picture that is a link to a file of the system", coco, OUT)
def _(place: Place) -> Path:
    path = annotated(place)
    (place.folder / "images" / "0.png").unlink()
    (place.folder / "images" / "0.png").symlink_to("/etc/passwd")
    return path


@hostile("coco: a file name with a null in it", coco, "data: ")
def _(place: Place) -> Path:
    return annotated(place, image(file_name="0.png\0.jpg"))


@hostile("coco: a hundred thousand lists in one another", coco, "is no JSON file")
def _(place: Place) -> Path:
    path = annotated(place)
    path.write_text('{"images":' + "[" * 100_000 + "]" * 100_000 + "}")
    return path


@hostile("coco: a category that is a list", coco, "data: ")
def _(place: Place) -> Path:
    return annotated(place, annotation(category_id=[1]))


@hostile("coco: a picture whose id is a mapping", coco, "data: ")
def _(place: Place) -> Path:
    return annotated(place, image(id={"a": 1}))


@hostile("coco: a box of a number with four hundred digits", coco, "data: ")
def _(place: Place) -> Path:
    return annotated(place, annotation(bbox=[0, 0, 10**400, 4]))


@hostile("coco: a picture of a million by a million", coco, "the annotations say 1000000×1000000 pixels")
def _(place: Place) -> Path:
    huge = {"size": [10**6, 10**6], "counts": [10**12]}
    path = annotated(place, image(width=10**6, height=10**6))
    content = json.loads(path.read_text())
    content["annotations"][0] |= {"segmentation": huge, "area": 1e12}
    path.write_text(json.dumps(content))
    return path


@hostile("coco: a file of four terabytes", coco, "data.*bytes|data.*memory|data.*GB")
def _(place: Place) -> Path:
    path = annotated(place)
    os.truncate(path, HUGE)
    return path


def labelled(
    place: Place, about: str = "train: images\nnames: [cat, dog]\n", labels: str = "0 0.5 0.5 0.5 0.5\n"
) -> Path:
    """Write four pictures with a line of labels each."""
    for name in ("images", "labels"):
        (place.folder / name).mkdir()
    for number in range(4):
        (place.folder / "images" / f"{number}.png").write_bytes(png())
        (place.folder / "labels" / f"{number}.txt").write_text(labels)
    (place.folder / "data.yaml").write_text(about)
    return place.folder / "data.yaml"


@hostile("yolo: a folder to train on that climbs out", yolo, OUT)
def _(place: Place) -> Path:
    return labelled(place, "train: ../../../../../../../../etc\nnames: [cat]\n")


@hostile("yolo: an absolute folder to train on", yolo, OUT)
def _(place: Place) -> Path:
    return labelled(place, "path: /etc\ntrain: /etc\nnames: [cat]\n")


@hostile("yolo: a list of pictures that leads out", yolo, OUT)
def _(place: Place) -> Path:
    path = labelled(place, "train: list.txt\nnames: [cat]\n")
    (place.folder / "list.txt").write_text("images/0.png\n/etc/passwd\n../../../etc/passwd\n")
    return path


@hostile("yolo: a call in data.yaml", yolo, "can't be read", naive=_unsafe)
def _(place: Place) -> Path:
    return labelled(place, f"train: images\nnames: !!python/object/apply:os.system [{place.command!r}]\n")


@hostile(
    "yolo: code that data.yaml would have run to download",
    yolo,
    "no such folder",
    naive=_downloading,
)
def _(place: Place) -> Path:
    return labelled(place, f"train: images/more\nnames: [cat]\ndownload: |\n  {place.code}\n")


@hostile("yolo: aliases that stand for billions of names", yolo, "data: .*can't be read|aliases")
def _(place: Place) -> Path:
    lines = ["a0: &a0 [cat, dog]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))]
    return labelled(place, "train: images\n" + "\n".join(lines) + "\nnames: *a9\n")


@hostile("yolo: ten thousand lists in one another", yolo, "data: .*can't be read")
def _(place: Place) -> Path:
    return labelled(place, "train: images\nnames: " + "[" * 10_000 + "]" * 10_000)


@hostile("yolo: a number of ten thousand digits", yolo, "data: .*can't be read|names")
def _(place: Place) -> Path:
    return labelled(place, f"train: images\nnames: {{0x{'f' * 20_000}: cat, {'9' * 10_000}: dog}}\n")


@hostile("yolo: an object of the ten trillionth class", yolo, "the number of a class below 100,000")
def _(place: Place) -> Path:
    path = labelled(place, "train: images\n")
    (place.folder / "labels" / "0.txt").write_text("9999999999999 0.5 0.5 0.5 0.5\n")
    return path


@hostile("yolo: labels of four terabytes", yolo, "labels can't be read|bytes")
def _(place: Place) -> Path:
    path = labelled(place)
    os.truncate(place.folder / "labels" / "0.txt", HUGE)
    return path


@hostile("yolo: labels that are a pipe", yolo, "labels can't be read|ordinary file")
def _(place: Place) -> Path:
    path = labelled(place)
    (place.folder / "labels" / "0.txt").unlink()
    os.mkfifo(place.folder / "labels" / "0.txt")
    return path
