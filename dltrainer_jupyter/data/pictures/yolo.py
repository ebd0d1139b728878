"""Pictures with a text file of boxes for each, as YOLO has them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import yaml

from dltrainer_jupyter.core import plain_files
from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.places import Place
from dltrainer_jupyter.data.files.yaml_text import constructed
from dltrainer_jupyter.data.lazy.assembly import Meaning, Told, assemble_read
from dltrainer_jupyter.data.lazy.reader import workers_for
from dltrainer_jupyter.data.pictures.boxed import NONE, Boxed, BoxedPictures, rows_for
from dltrainer_jupyter.data.pictures.listing import Listing, parts_of, root_of
from dltrainer_jupyter.data.pictures.opening import SUFFIXES
from dltrainer_jupyter.data.pictures.settings import PictureSettings, form_of

_BOX = 5
_LARGEST = 16 << 20
"""Bytes of what is said of a data set, or of a picture's labels."""
_LONGEST_LIST = 1 << 30
"""Bytes of a list of pictures."""
_MOST_CLASSES = 100_000
_SLACK = 1e-3
"""By how much a share may be off because somebody rounded it."""


class Yolo:
    """Annotations of YOLO's format: beside ``images/…/1.jpg`` a file ``labels/…/1.txt`` with a line for each object.

    A line holds class, middle (x, y), width and height as shares of the picture's; a line of more corners is taken as
    the box around them. The classes' names stand in ``data.yaml``, which also says what to validate on; without it,
    ``images`` may hold ``train`` and ``val``. A picture without a file of labels shows what is no object. What a
    ``data.yaml`` would have downloaded or run is not.

    Parameters
    ----------
    config : Yolo.Config
        Settings.

    Notes
    -----
    J. Redmon, S. Divvala, R. Girshick and A. Farhadi, "You Only Look Once: Unified, Real-Time Object Detection",
    CVPR (2016).

    Examples
    --------
    In a cell or a file::

        data:
          type: yolo
          path: data/street/data.yaml
          image_size: 256
          resize: pad
    """

    description: ClassVar[str] = "Pictures with YOLO's annotations: data.yaml, or folders images and labels."
    task: ClassVar[tuple[Task, ...]] = ("detection",)

    class Config(PictureSettings, frozen=True, extra="forbid"):
        """Settings."""

        path: Place = setting(
            description="A data.yaml, or the folder with images and labels in it.", examples=["FOLDER"]
        )
        classes: tuple[str, ...] = setting((), description="Names of the classes, where no data.yaml says them.")
        most: int | None = setting(
            None,
            ge=1,
            le=1000,
            description="Objects in a picture, at most: the largest; left out, as many as there are.",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:  # noqa: ARG002 - lies in files
        """List the pictures and read their labels.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            Not used.

        Returns
        -------
        Dataset

        Raises
        ------
        ConfigurationError
            If the folders aren't of this format, or a picture can't be read.
        """
        config = self.config
        path = Path(config.path).expanduser()
        layout = _by_file(path) if path.suffix.lower() in (".yaml", ".yml") else _by_folder(root_of(config.path))
        listing = Listing(layout.root, SUFFIXES, config.follow_links)
        names = config.classes or layout.names
        parts, missing = [], 0
        with ThreadPoolExecutor(workers_for(config.workers), thread_name_prefix="dltrainer-data") as pool:
            for places in layout.parts:
                files = [file for place in places for file in _pictures(place, listing)]
                if not files:
                    msg = f"data: expected pictures in {', '.join(map(str, places))}, found none."
                    raise ConfigurationError(msg)
                read = list(pool.map(lambda file: _labelled(file, len(names) or None), files, chunksize=64))
                parts.append([picture for picture, _ in read])
                missing += sum(not has_file for _, has_file in read)
        if not names:
            names = tuple(map(str, range(1 + max(int(it.boxes[:, 4].max(initial=0)) for part in parts for it in part))))
        notices = listing.notices()
        if missing:
            notices.append(
                f"{missing:,} of {sum(map(len, parts)):,} pictures have no file of labels: nothing is in them."
            )
        form = form_of(config, [picture.path for picture in parts[0]])
        most = rows_for(parts, config.most)
        readers = [BoxedPictures(part, layout.root, form, most) for part in parts]
        told = Told(tuple(notices), form.raw)
        return assemble_read(spec, readers, form.steps(), Meaning("detection", names), settings=config, told=told)


@dataclass(frozen=True)
class _Layout:
    """What lies where."""

    root: Path
    parts: tuple[tuple[Path, ...], ...]
    """Folders of pictures, or lists of them, to train on; and others to validate on."""
    names: tuple[str, ...] = ()


def _by_folder(root: Path) -> _Layout:
    parts = parts_of(root, "images")
    parts = [part / "images" if (part / "images").is_dir() else part for part in parts]
    for name in ("data.yaml", "data.yml", "dataset.yaml"):
        if (root / name).is_file():
            return _by_file(root / name)
    return _Layout(root, tuple((part,) for part in parts))


def _by_file(path: Path) -> _Layout:
    """Read a ``data.yaml``."""
    try:
        content = constructed(plain_files.read(path, _LARGEST, f"data: {path}").decode())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        msg = f"data: {path} can't be read: {' '.join(str(error).split())}."
        raise ConfigurationError(msg) from None
    if not isinstance(content, dict) or "train" not in content:
        msg = f"data: expected {path} to say where the pictures to train on are: train: images/train."
        raise ConfigurationError(msg)
    base = path.parent / str(content.get("path") or ".")
    if not base.is_dir():
        base = path.parent  # a place on the machine where the file was written
    parts = tuple(_places(content[key], base, path) for key in ("train", "val") if content.get(key))
    names = content.get("names") or ()
    if isinstance(names, dict):
        if set(names) != set(range(len(names))):
            msg = f"data: expected names in {path} to be numbered from 0 on, got {brief(list(names))}."
            raise ConfigurationError(msg)
        names = [names[key] for key in range(len(names))]
    if not isinstance(names, list | tuple):
        msg = f"data: expected a list of names in {path}, got {brief(names)}."
        raise ConfigurationError(msg)
    return _Layout(base, parts, tuple(map(str, names)))


def _places(given: Any, base: Path, file: Path) -> tuple[Path, ...]:
    """Give what one entry names; Roboflow's files say ``../train/images`` for a folder beside them."""
    found = []
    for name in given if isinstance(given, list) else [given]:
        tried = [base / str(name), file.parent / str(name), base / str(name).removeprefix("../")]
        place = next((place for place in tried if place.exists()), None)
        if place is None or not place.resolve().is_relative_to(file.parent.resolve().parent):
            msg = f"data: {file} names {str(name)!r}, and there is no such folder or list at {tried[0]}."
            raise ConfigurationError(msg)
        found.append(place.resolve() if ".." in place.parts else place)
    return tuple(found)


def _pictures(place: Path, listing: Listing) -> list[str]:
    """Give the pictures of a folder, or of a list with a path a line."""
    if place.is_dir():
        return listing.files(place)
    try:
        lines = plain_files.read(place, _LONGEST_LIST, f"data: {place}").decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"data: {place} can't be read as a list of pictures: {error}."
        raise ConfigurationError(msg) from None
    root = listing.root.resolve()
    paths = [(place.parent / line.strip()) for line in lines if line.strip()]
    for path in paths:
        if not listing.follows_links and not path.resolve().is_relative_to(root):
            msg = f"data: {place} names {path}, which lies outside of {listing.root}; follow_links: true takes it."
            raise ConfigurationError(msg)
    return [str(path) for path in paths]


def _labelled(picture: str, classes: int | None) -> tuple[Boxed, bool]:
    """Read the labels of a picture; say whether it has a file of them."""
    path = _labels_of(Path(picture))
    try:
        lines = plain_files.read(path, _LARGEST, path.name).decode().splitlines()
    except FileNotFoundError:
        return Boxed(picture, NONE), False
    except (OSError, ValueError) as error:
        return Boxed(picture, NONE, trouble=f"its labels can't be read: {error}."), True
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row, trouble = _box(line.split(), classes)
        if row is None:
            return Boxed(picture, NONE, trouble=f"{path.name}, line {number}: {trouble}"), True
        rows.append(row)
    return Boxed(picture, np.array(rows, np.float64) if rows else NONE), True


def _labels_of(picture: Path) -> Path:
    """Give the file of labels: in ``labels`` for the last folder called ``images``, else beside the picture."""
    parts = list(picture.parts)
    for at in range(len(parts) - 2, -1, -1):
        if parts[at] == "images":
            parts[at] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _box(fields: Sequence[str], classes: int | None) -> tuple[tuple[float, ...] | None, str]:
    """Read a line."""
    try:
        values = [float(field) for field in fields]
    except ValueError:
        return None, f"expected numbers, got {' '.join(fields)[:80]!r}."
    if len(values) < _BOX or (len(values) > _BOX and len(values) % 2 == 0):
        return None, f"expected class, x, y, width and height, or class and corners, got {len(values)} numbers."
    kind, places = values[0], values[1:]
    if not math.isfinite(kind) or kind != int(kind) or kind < 0 or kind >= (classes or _MOST_CLASSES):
        known = f"of {classes}" if classes is not None else f"below {_MOST_CLASSES:,}"
        return None, f"expected the number of a class {known}, got {fields[0]}."
    if not all(-_SLACK <= place <= 1 + _SLACK for place in places):
        return None, "expected shares of width and height, from 0 to 1; are these pixels?"
    if len(values) > _BOX:
        across, down = places[::2], places[1::2]
        x0, y0, x1, y1 = min(across), min(down), max(across), max(down)
    else:
        x, y, width, height = places
        x0, y0, x1, y1 = x - width / 2, y - height / 2, x + width / 2, y + height / 2
    if x1 <= x0 or y1 <= y0:
        return None, "its box has no extent."
    return (x0, y0, x1, y1, kind), ""
