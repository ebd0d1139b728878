"""Pictures in folders, one folder a class."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.places import Place
from dltrainer_jupyter.data.lazy.assembly import Meaning, Told, assemble_read
from dltrainer_jupyter.data.pictures.listing import Listing, folders_of, look_for
from dltrainer_jupyter.data.pictures.opening import SUFFIXES
from dltrainer_jupyter.data.pictures.settings import PictureForm, PictureSettings, form_of

if TYPE_CHECKING:
    import numpy.typing as npt


class ImageFolder:
    """Pictures in folders, each folder a class: ``photos/cat/1.jpg``; or such folders within ``train`` and ``val``.

    A raw sample has shape (channels, height, width), from 0 to 255; the model sees it from 0 to 1. Listing 100,000
    pictures takes a second: none is opened before its batch is due. A picture that moves counts with its first frame,
    one with an EXIF orientation is turned, deeper ones are made 8 bits deep, and transparent ones lie on black.

    Parameters
    ----------
    config : ImageFolder.Config
        Settings.

    Examples
    --------
    In a cell or a file::

        data:
          type: image_folder
          path: data/photos
          image_size: 128
          resize: crop
    """

    description: ClassVar[str] = "Pictures in folders, one folder a class; read when their batch is due."
    task: ClassVar[tuple[Task, ...]] = ("classification",)

    class Config(PictureSettings, frozen=True, extra="forbid"):
        """Settings."""

        path: Place = setting(
            description="Folder with a folder for each class, or with train and val (valid, validation) in it.",
            examples=["FOLDER"],
        )
        empty_classes: Literal["leave_out", "keep"] = setting(
            "leave_out", description="Whether folders without a picture count as classes.", advanced=True
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def look(self, spec: RunSpec) -> None:
        """See that folders of this machine are there, before anything starts.

        Raises
        ------
        ConfigurationError
            If one isn't.
        """
        look_for(spec, self.config.path)

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:  # noqa: ARG002 - lies in a folder
        """List what there is.

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
            If there are no pictures in class folders, or a picture can't be read.
        """
        config = self.config
        root, folders = folders_of(spec, config.path)
        listing = Listing(root, SUFFIXES, config.follow_links, folders[1:])
        classes, files, empty = by_class(listing, folders, keeps_empty=config.empty_classes == "keep")
        notices = listing.notices()
        if empty:
            what = "counts as a class" if config.empty_classes == "keep" else "is left out"
            notices.append(f"A folder without pictures {what}: {few_of(empty)}.")
        paths = [[path for some in part.values() for path in some] for part in files]
        form = form_of(config, paths[0])
        readers = [_Pictures(part, root, form) for part in paths]
        meaning = Meaning("classification", classes, [numbers(classes, part) for part in files])
        return assemble_read(spec, readers, form.steps(), meaning, settings=config, told=Told(tuple(notices), form.raw))


def by_class(
    listing: Listing, folders: Sequence[Path], *, keeps_empty: bool, kind: str = "pictures"
) -> tuple[tuple[str, ...], list[dict[str, list[str]]], list[str]]:
    """List files by the folder they are in.

    Parameters
    ----------
    listing : Listing
        Lists them.
    folders : sequence of Path
        One to train on, and perhaps one to validate on: each with a folder a class.
    keeps_empty : bool
        Whether a folder without files is a class.
    kind : str
        What is looked for, for messages.

    Returns
    -------
    (tuple of str, list of dict, list of str)
        Names of the classes; files by class, part by part; and the folders of the first part without a file.

    Raises
    ------
    ConfigurationError
        If there are fewer than two classes, or the second part has others.
    """
    found = [{name: listing.files(folder / name) for name in listing.folders(folder)} for folder in folders]
    empty = [name for name, paths in found[0].items() if not paths]
    classes = tuple(name for name, paths in found[0].items() if paths or keeps_empty)
    with_files = sum(bool(paths) for paths in found[0].values())
    if with_files < 2:  # noqa: PLR2004 - as many are told apart
        loose = " Those that lie in it directly belong to no class." if not found[0] else ""
        msg = (
            f"data: expected at least two folders with {kind} ({', '.join(sorted(listing.suffixes))}) in {folders[0]}, "
            f"one for each class, found {with_files}.{loose}"
        )
        raise ConfigurationError(msg)
    for folder, part in zip(folders[1:], found[1:], strict=True):
        if unknown := [name for name, paths in part.items() if paths and name not in classes]:
            msg = f"data: {folder} has classes that aren't in {folders[0]}: {few_of(unknown)}."
            raise ConfigurationError(msg)
        if not any(part.values()):
            msg = f"data: expected {kind} in {folder}, found none."
            raise ConfigurationError(msg)
    return classes, [{name: part[name] for name in classes if part.get(name)} for part in found], empty


def numbers(classes: Sequence[str], part: Mapping[str, Sequence[str]]) -> npt.NDArray[np.int64]:
    """Give the class of each file."""
    number = {name: at for at, name in enumerate(classes)}
    return np.repeat(
        np.array([number[name] for name in part], np.int64), np.array([len(paths) for paths in part.values()])
    )


class _Pictures:
    """Reads pictures by number."""

    def __init__(self, paths: Sequence[str], root: Path, form: PictureForm) -> None:
        self._paths = paths
        self._root = os.path.join(root, "")  # noqa: PTH118 - 100,000 paths, as text
        self._form = form

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, index: int) -> tuple[npt.NDArray[np.uint8], None]:
        return self._form.read(self._paths[index], self.name(index)), None

    def name(self, index: int) -> str:
        return self._paths[index].removeprefix(self._root)
