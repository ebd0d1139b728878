"""Pictures in one folder, and in another a mask for each, which says what each pixel is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from PIL import Image
from pydantic import Field

from dltrainer_jupyter.core.errors import BadSampleError, ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.places import Place
from dltrainer_jupyter.data.lazy.assembly import Meaning, Told, assemble_read
from dltrainer_jupyter.data.pictures.fitting import fitted
from dltrainer_jupyter.data.pictures.listing import Listing, parts_of, root_of
from dltrainer_jupyter.data.pictures.opening import SUFFIXES, opened
from dltrainer_jupyter.data.pictures.settings import PictureForm, PictureSettings, form_of

if TYPE_CHECKING:
    import numpy.typing as npt

_LOOKED_THROUGH = 200
"""Masks that are read to see which values there are."""
_MOST_FOUND = 64
"""Classes that are found by looking; more have to be named."""
_BYTE = 256


class MaskFolder:
    """Pictures in ``images``, and in ``masks`` a picture of the same name whose values say what each pixel is.

    A mask has a palette or is grey: its values are the numbers of classes, 0 being the first. Masks of other values,
    such as 0 and 255, get a class for each value in ascending order, or as ``values`` says. Both are brought to one
    size together. With ``train`` and ``val`` in it, or in each of ``images`` and ``masks``, the folder says what to
    validate on.

    Parameters
    ----------
    config : MaskFolder.Config
        Settings.

    Examples
    --------
    In a cell or a file::

        data:
          type: mask_folder
          path: data/cells
          classes: [background, cell]
          image_size: 128
    """

    description: ClassVar[str] = "Pictures with a mask for each, of palettes or grey, for segmentation."
    task: ClassVar[tuple[Task, ...]] = ("segmentation",)

    class Config(PictureSettings, frozen=True, extra="forbid"):
        """Settings."""

        path: Place = setting(
            description="Folder with images and masks in it, or with train and val that have them.", examples=["FOLDER"]
        )
        images: str = setting("images", description="What the folder with the pictures is called.", advanced=True)
        masks: str = setting("masks", description="What the folder with the masks is called.", advanced=True)
        classes: tuple[str, ...] = setting(
            (), description="Names of the classes, the background among them; left out, they are numbered."
        )
        values: tuple[Annotated[int, Field(ge=0, le=255)], ...] = setting(
            (), description="Which value in a mask means which class, such as [0, 255]; left out, 0, 1, 2 and so on."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:  # noqa: ARG002 - lies in a folder
        """List what there is, and see what masks are like.

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
            If pictures have no masks, or masks other values than there are classes.
        """
        config, root = self.config, root_of(self.config.path)
        listing = Listing(root, SUFFIXES, config.follow_links)
        notices: list[str] = []
        parts = [self._pairs(listing, *folders, notices) for folders in self._folders(root)]
        form = form_of(config, [picture for picture, _ in parts[0]])
        values = self._values([mask for _, mask in parts[0] if mask is not None])
        names = config.classes or tuple(map(str, range(len(values))))
        if len(names) != len(values):
            msg = f"data: {len(names)} classes are named, and masks have {len(values)} values, {list(values)}."
            raise ConfigurationError(msg)
        readers = [_Masked(part, root, form, values) for part in parts]
        told = Told((*notices, *listing.notices()), form.raw)
        return assemble_read(spec, readers, form.steps(), Meaning("segmentation", names), settings=config, told=told)

    def _folders(self, root: Path) -> list[tuple[Path, Path]]:
        """Give the folders of pictures and masks, of each part."""
        config = self.config
        pairs = [(part / config.images, part / config.masks) for part in parts_of(root)]
        if (root / config.images).is_dir():
            pictures = parts_of(root / config.images)
            pairs = [(part, root / config.masks / part.relative_to(root / config.images)) for part in pictures]
        for folder in (folder for pair in pairs for folder in pair):
            if not folder.is_dir():
                msg = (
                    f"data: expected a folder {folder}; a mask folder has '{config.images}' and '{config.masks}' in "
                    "it, or says with images and masks what they are called."
                )
                raise ConfigurationError(msg)
        return pairs

    def _pairs(self, listing: Listing, pictures: Path, masks: Path, notices: list[str]) -> list[tuple[str, str | None]]:
        """Give each picture's file and its mask's; None where there is none."""
        found = listing.files(pictures)
        by_stem: dict[str, str] = {}
        for path in listing.files(masks):
            other = by_stem.setdefault(str(Path(path).relative_to(masks).with_suffix("")), path)
            if other != path:
                msg = f"data: two masks are of one name, {other} and {Path(path).name}; a picture has one."
                raise ConfigurationError(msg)
        pairs = [(path, by_stem.pop(str(Path(path).relative_to(pictures).with_suffix("")), None)) for path in found]
        if not found:
            msg = f"data: expected pictures in {pictures}, found none."
            raise ConfigurationError(msg)
        if all(mask is None for _, mask in pairs):
            msg = f"data: no picture in {pictures} has a mask in {masks}; a mask has its picture's name."
            raise ConfigurationError(msg)
        if by_stem:
            notices.append(
                f"{len(by_stem):,} masks have no picture and are left out: {few_of(list(by_stem.values()))}."
            )
        return pairs

    def _values(self, masks: Sequence[str]) -> tuple[int, ...]:
        """Tell which value means which class."""
        if self.config.values:
            if len(set(self.config.values)) < len(self.config.values):
                msg = f"data: values: expected each value once, got {list(self.config.values)}."
                raise ConfigurationError(msg)
            return self.config.values
        found: set[int] = set()
        for path in masks[:_LOOKED_THROUGH]:
            try:
                found.update(np.unique(_levels(path, path)[1]).tolist())
            except BadSampleError:
                continue  # told of when it is read
        highest = max(found, default=0)
        if self.config.classes and highest < len(self.config.classes):
            return tuple(range(len(self.config.classes)))
        if highest < _MOST_FOUND:
            return tuple(range(highest + 1))
        if len(found) > _MOST_FOUND:
            msg = (
                f"data: masks have {len(found)} values, which are hardly classes ({masks[0]}); masks are saved without "
                "loss, as PNG, and values says which are classes."
            )
            raise ConfigurationError(msg)
        return tuple(sorted(found))


def _levels(path: str, name: str) -> tuple[Image.Image, npt.NDArray[np.uint8]]:
    """Open a mask: the numbers of a palette's colours, or grey values."""
    image, _ = opened(Path(path), name)
    if image.mode == "1":
        image = image.point(lambda value: 1 if value else 0, "L")
    elif image.mode == "PA":
        image = image.getchannel("P")
    elif image.mode == "LA":
        image = image.getchannel("L")
    elif image.mode.startswith("I"):
        values = np.asarray(image)
        if values.size and (values.min() < 0 or values.max() >= _BYTE):
            msg = f"{name}: expected a mask with values from 0 to 255, got {values.min()} to {values.max()}."
            raise BadSampleError(msg)
        image = Image.fromarray(values.astype(np.uint8))
    elif image.mode in ("RGB", "RGBA"):
        levels = np.asarray(image)[..., :3]
        if not (levels == levels[..., :1]).all():
            msg = f"{name}: expected a mask with a palette or in grey, got one in colours; save it with a palette."
            raise BadSampleError(msg)
        image = Image.fromarray(np.ascontiguousarray(levels[..., 0]))
    elif image.mode not in ("P", "L"):
        msg = f"{name}: expected a mask with a palette or in grey, got {image.mode}."
        raise BadSampleError(msg)
    return image, np.asarray(image)


class _Masked:
    """Reads pictures with their masks."""

    def __init__(
        self, pairs: Sequence[tuple[str, str | None]], root: Path, form: PictureForm, values: Sequence[int]
    ) -> None:
        self._pairs = pairs
        self._root = root
        self._form = form
        self._values = values
        self._classes = np.full(_BYTE, -1, np.int64)
        self._classes[list(values)] = np.arange(len(values))

    def __len__(self) -> int:
        return len(self._pairs)

    def read(self, index: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        path, mask = self._pairs[index]
        if mask is None:
            msg = f"{self.name(index)}: there is no mask of this name."
            raise BadSampleError(msg)
        picture, _ = opened(Path(path), self.name(index))
        levels, _ = _levels(mask, str(Path(mask).relative_to(self._root)))
        if levels.size != picture.size:
            msg = (
                f"{self.name(index)}: its mask has {levels.width}×{levels.height} pixels, and the picture "
                f"{picture.width}×{picture.height}."
            )
            raise BadSampleError(msg)
        pixels, _ = self._form.pixels(picture)
        levels, _ = fitted(levels, self._form.height, self._form.width, self._form.way, smooth=False)
        classes = self._classes[np.asarray(levels)]
        if (unknown := classes < 0).any():
            value = int(np.asarray(levels)[unknown][0])
            msg = (
                f"{self.name(index)}: its mask holds the value {value}, which is no class; classes have the values "
                f"{', '.join(map(str, self._values))}, or others that the setting 'values' says."
            )
            raise BadSampleError(msg)
        return pixels, classes

    def name(self, index: int) -> str:
        return str(Path(self._pairs[index][0]).relative_to(self._root))
