"""Pictures and a JSON file of annotations, as COCO has them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dltrainer_jupyter.core.errors import BadSampleError, ConfigurationError, brief
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.bounds import refuse_too_large
from dltrainer_jupyter.data.files.fetching import local_file
from dltrainer_jupyter.data.files.places import Place, given_places
from dltrainer_jupyter.data.lazy.assembly import Meaning, Told, assemble_read
from dltrainer_jupyter.data.pictures.boxed import NONE, Boxed, BoxedPictures, rows_for
from dltrainer_jupyter.data.pictures.listing import root_of
from dltrainer_jupyter.data.pictures.settings import PictureForm, PictureSettings, form_of

if TYPE_CHECKING:
    import numpy.typing as npt

_SUMS = 4
_FAR = 1e9
"""Pixels that no picture has along a side."""
_ENTRIES = {"images": "id and file_name", "annotations": "image_id and category_id", "categories": "id and name"}


class Coco:
    """Annotations of COCO's format: boxes around objects, or the class of each picture.

    The file has ``images`` (``id``, ``file_name``), ``annotations`` (``image_id``, ``category_id``, ``bbox`` as x, y,
    width and height in pixels) and ``categories`` (``id``, ``name``). Classes are in the order of their ids. Crowds
    (``iscrowd``) are passed over. For detection a picture without annotations shows what is no object; for
    classification each needs annotations of one category.

    Parameters
    ----------
    config : Coco.Config
        Settings.

    Notes
    -----
    T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context", ECCV (2014).

    Examples
    --------
    In a cell or a file::

        data:
          type: coco
          path: data/street/annotations.json
          images: data/street/images
          image_size: 256
          resize: pad
    """

    description: ClassVar[str] = "Pictures with COCO's annotations (JSON): boxes around objects, or a class for each."
    task: ClassVar[tuple[Task, ...]] = ("detection", "classification")

    class Config(PictureSettings, frozen=True, extra="forbid"):
        """Settings."""

        path: Place = setting(description="The JSON file with the annotations to train on.", examples=["FILE"])
        images: Place | None = setting(
            None, description="Folder of the pictures; left out, 'images' beside the file, or the file's own folder."
        )
        validation_path: Place | None = setting(None, description="The JSON file with the annotations to validate on.")
        validation_images: Place | None = setting(None, description="Folder of its pictures; left out, the same one.")
        task: Literal["detection", "classification"] = setting(
            "detection", description="What is asked for: boxes around objects, or the class of the picture."
        )
        most: int | None = setting(
            None,
            ge=1,
            le=1000,
            description="Objects in a picture, at most: the largest; left out, as many as there are.",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:  # noqa: ARG002 - lies in files
        """Read the annotations.

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
            If the files aren't of this format, or a picture can't be read.
        """
        config = self.config
        path, beside = given_places(spec, config.path)
        beside = config.validation_path or beside
        given = [(path, config.images)]
        if beside is not None:
            given.append((beside, config.validation_images or config.images))
        files = [_Annotations(local_file(path, "data.path"), images, config) for path, images in given]
        ids, labels = files[0].categories()
        for file in files[1:]:
            if file.categories() != (ids, labels):
                msg = f"data: {file.path} has other categories than {files[0].path}; both need the same ids and names."
                raise ConfigurationError(msg)
        parts = [file.pictures(ids) for file in files]
        form = form_of(config, [picture.path for picture in parts[0]])
        if config.task == "classification":
            return self._classified(spec, files, parts, labels, form)
        most = rows_for(parts, config.most)
        readers = [BoxedPictures(part, file.root, form, most) for file, part in zip(files, parts, strict=True)]
        return assemble_read(
            spec, readers, form.steps(), Meaning("detection", labels), settings=config, told=Told(raw=form.raw)
        )

    def _classified(
        self,
        spec: RunSpec,
        files: Sequence[_Annotations],
        parts: Sequence[Sequence[Boxed]],
        labels: tuple[str, ...],
        form: PictureForm,
    ) -> Dataset:
        readers = [_Classified(part, file.root, form) for file, part in zip(files, parts, strict=True)]
        classes = [np.array([_class_of(picture) for picture in part], np.int64) for part in parts]
        # A picture without a class is refused or left out when it is read.
        known = [np.maximum(part, 0) for part in classes]
        meaning = Meaning("classification", labels, known)
        return assemble_read(spec, readers, form.steps(), meaning, settings=self.config, told=Told(raw=form.raw))


def _class_of(picture: Boxed) -> int:
    found = set(picture.boxes[:, 4].astype(int).tolist())
    return found.pop() if len(found) == 1 else -1


class _Annotations:
    """A file of annotations."""

    def __init__(self, path: Path, images: str | None, config: Coco.Config) -> None:
        self.path = path
        self._boxes_count = config.task == "detection"
        beside = path.parent / "images"
        self.root = root_of(images) if images is not None else beside if beside.is_dir() else path.parent
        self._follows_links = config.follow_links
        # Python's objects take several times the bytes of their text.
        refuse_too_large(path.stat().st_size, f"data: {path}", "take a part of the annotations")
        try:
            content = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            msg = f"data: {path} is no JSON file: {error}."
            raise ConfigurationError(msg) from None
        for key, fields in _ENTRIES.items():
            entries = content.get(key) if isinstance(content, dict) else None
            wanted = fields.split(" and ")
            if not isinstance(entries, list) or not all(
                isinstance(entry, dict) and all(isinstance(entry.get(name), int | str) for name in wanted)
                for entry in entries
            ):
                msg = (
                    f"data: expected {path} to have a list '{key}' of entries with {fields}, numbers or text, as "
                    "COCO's files have."
                )
                raise ConfigurationError(msg)
        self._content: dict[str, list[dict[str, Any]]] = content
        if not content["images"]:
            msg = f"data: {path} names no image."
            raise ConfigurationError(msg)

    def categories(self) -> tuple[list[Any], tuple[str, ...]]:
        """Give ids and names of the categories, in the order of their ids."""
        names = {entry["id"]: str(entry["name"]) for entry in self._content["categories"]}
        if not names or not all(isinstance(key, int) for key in names):
            msg = f"data: expected categories with whole numbers as ids in {self.path}."
            raise ConfigurationError(msg)
        ids = sorted(names)
        return ids, tuple(names[key] for key in ids)

    def pictures(self, ids: Sequence[Any]) -> list[Boxed]:
        """Give the pictures with what is known of them."""
        number = {key: at for at, key in enumerate(ids)}
        of_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for annotation in self._content["annotations"]:
            if not annotation.get("iscrowd"):
                of_image[annotation["image_id"]].append(annotation)
        found = []
        for image in self._content["images"]:
            path = self._file(str(image["file_name"]))
            size: tuple[Any, Any] = (image.get("width"), image.get("height"))
            known = size if all(isinstance(side, int) and side > 0 for side in size) else None
            boxes, trouble = _boxes(of_image[image["id"]], number, needed=self._boxes_count)
            if known is None and self._boxes_count and trouble is None:
                trouble = "the annotations don't say its width and height."
            found.append(Boxed(str(path), boxes, known, trouble))
        return found

    def _file(self, name: str) -> Path:
        """Give a picture's path, which must lie in the folder of the pictures."""
        path = self.root / name
        # Links are looked at when they are asked to stay inside; a name that climbs out is refused in any case.
        inside = Path(*[part for part in Path(name).parts if part != "."])
        if inside.is_absolute() or ".." in inside.parts or "\\" in name:
            msg = f"data: {self.path} names the image {name!r}, which lies outside of {self.root}."
            raise ConfigurationError(msg)
        if not self._follows_links and path.is_symlink() and not path.resolve().is_relative_to(self.root.resolve()):
            msg = f"data: the image {name!r} is a link that leads out of {self.root}; follow_links: true follows it."
            raise ConfigurationError(msg)
        return path


def _boxes(
    annotations: Sequence[Mapping[str, Any]], number: Mapping[Any, int], *, needed: bool
) -> tuple[npt.NDArray[np.float64], str | None]:
    """Give the boxes of an image, and what is wrong with them."""
    rows = []
    for annotation in annotations:
        if annotation["category_id"] not in number:
            return NONE, f"an annotation has the category {annotation['category_id']!r}, which isn't in the file."
        box = annotation.get("bbox", (0, 0, 0, 0) if not needed else None)
        is_box = isinstance(box, list | tuple) and len(box) == _SUMS
        if not is_box or not all(isinstance(it, int | float) and abs(it) < _FAR for it in box):
            return NONE, f"expected a bbox of x, y, width and height, got {brief(box)}."
        x, y, width, height = map(float, box)
        if needed and (width <= 0 or height <= 0):
            return NONE, f"its bbox {list(box)} has no extent."
        rows.append((x, y, x + width, y + height, number[annotation["category_id"]]))
    return (np.array(rows, np.float64) if rows else NONE), None


class _Classified:
    """Reads pictures whose class is known."""

    def __init__(self, pictures: Sequence[Boxed], root: Path, form: PictureForm) -> None:
        self._pictures = pictures
        self._root = root
        self._form = form

    def __len__(self) -> int:
        return len(self._pictures)

    def read(self, index: int) -> tuple[npt.NDArray[np.uint8], None]:
        picture, name = self._pictures[index], self.name(index)
        trouble = picture.trouble
        if trouble is None and _class_of(picture) < 0:
            kinds = len(np.unique(picture.boxes[:, 4]))
            trouble = f"it has annotations of {kinds} categories, and a class is one." if kinds else "it has no label."
        if trouble is not None:
            msg = f"{name}: {trouble}"
            raise BadSampleError(msg)
        return self._form.read(picture.path, name), None

    def name(self, index: int) -> str:
        return str(Path(self._pictures[index].path).relative_to(self._root))
