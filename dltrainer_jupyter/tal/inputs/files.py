"""Files, drawings and text of any kind, as samples that a model takes, with a sentence on what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dltrainer_jupyter.core import plain_files
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.structures import leaves
from dltrainer_jupyter.data.pictures.opening import SUFFIXES as PICTURES
from dltrainer_jupyter.data.prepared import prepared
from dltrainer_jupyter.data.preprocessing import Prepared
from dltrainer_jupyter.tal.inputs import arrays, images
from dltrainer_jupyter.tal.inputs.form import Form, form_of
from dltrainer_jupyter.tal.inputs.rows import DELIMITERS, read_rows

if TYPE_CHECKING:
    from PIL.Image import Image

TABLES = (".csv", ".tsv")
TEXTS = (".txt",)
SUFFIXES = (*PICTURES, *arrays.SUFFIXES, *TABLES, *TEXTS)
MOST_FILES = 1000
LARGEST_FILE = 256 << 20
_THUMBNAILS = 64
"""Pictures that are shown as the model saw them."""


class File(NamedTuple):
    """A file by its name and content."""

    name: str
    data: bytes


@dataclass
class Given:
    """Samples, ready for a model."""

    inputs: Any
    """Preprocessed, shape (n, *input_shape), or a structure of several such."""
    names: list[str]
    """Of each sample: its file, and the row in it."""
    notes: list[str]
    """What was done, in sentences."""
    thumbnails: list[str | None] | None
    """Of each sample, as a data URI; None where none are pictures, or a file has none."""
    merged: Callable[[Any], Any] = lambda outputs: outputs
    """Puts outputs together where samples were made several."""


@dataclass
class _Collected:
    """What comes together file by file."""

    signature: Signature
    form: Form
    parts: list[Prepared] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    thumbnails: list[str | None] = field(default_factory=list)

    def add(self, raw: Any, names: Sequence[str], notes: Iterable[str], thumbnail: str | None = None) -> None:
        """Preprocess raw samples and keep what is known of them."""
        self.parts.append(prepared(self.signature, raw))
        self.names += names
        self.notes += [(names[0].partition(",")[0], note) for note in notes]
        self.thumbnails += [thumbnail] * len(names)

    def given(self) -> Given:
        """Put all together."""
        shown = self.thumbnails if any(self.thumbnails) else None
        whole = Prepared.joined(self.parts)
        told = whole.answers()
        names = [name for name, count in zip(self.names, told, strict=True) for name in _numbered_pieces(name, count)]
        if shown is not None:
            shown = [one for one, count in zip(shown, told, strict=True) for _ in range(count)]
        return Given(whole.inputs, names, _told(self.notes), shown, whole.merged)


def from_paths(paths: Iterable[str | Path], signature: Signature) -> Given:
    """Read files of a disk; of a folder all those whose kind is known, in the order of their names.

    Raises
    ------
    ConfigurationError
        If one can't be read, or isn't what the model takes; the message names it.
    """
    found = [file for path in paths for file in _in(Path(path))]
    if len(found) > MOST_FILES:
        msg = f"Expected at most {MOST_FILES:,} files at a time, got {len(found):,}."
        raise ConfigurationError(msg)
    return from_files((File(str(path), _content(path)) for path in found), signature)


def from_files(files: Iterable[File], signature: Signature) -> Given:
    """Read files by their content.

    Parameters
    ----------
    files : iterable of File
        Pictures (PNG, JPEG, WebP, GIF, BMP, TIFF), ``.npy``, ``.npz``, ``.csv``, ``.tsv`` and ``.txt``.
    signature : Signature
        What the model takes.

    Raises
    ------
    ConfigurationError
        If one can't be read, or isn't what the model takes; the message names it.
    """
    collected = _Collected(signature, form_of(signature))
    for file in files:
        read = _reader(file)
        if signature.inputs and Path(file.name).suffix.lower() != arrays.ARCHIVE:
            raise _no_archive(signature, f"{file.name}: ")
        if not file.data:
            msg = f"{file.name}: the file is empty."
            raise ConfigurationError(msg)
        read(file, collected)
    if not collected.parts:
        msg = "Expected at least one file to predict, got none."
        raise ConfigurationError(msg)
    return collected.given()


def from_images(pictures: Sequence[Image], signature: Signature) -> Given:
    """Take pictures of Pillow's, of any size and mode."""
    if signature.inputs:
        raise _no_archive(signature)
    collected = _Collected(signature, form_of(signature))
    for number, picture in enumerate(pictures, 1):
        name = "picture" if len(pictures) == 1 else f"picture {number}"
        if collected.form.picture is None:
            raise _no_picture(name, collected.form)
        raw, _, note = images.taken(picture, (), collected.form.picture)
        collected.add(raw, [name], [note])
    return collected.given()


def from_text(text: str, signature: Signature) -> Given:
    """Read text: lines for a model of text, else comma-separated values."""
    if signature.inputs:
        raise _no_archive(signature)
    collected = _Collected(signature, form_of(signature))
    _read_text(text, "text", collected)
    return collected.given()


def from_drawing(uri: str, signature: Signature) -> Given:
    """Read a drawing from a data URI."""
    if signature.inputs:
        raise _no_archive(signature)
    collected, name = _Collected(signature, form_of(signature)), "drawing"
    picture = collected.form.picture
    if picture is None:
        raise _no_picture(name, collected.form)
    raw, image, note = images.read_drawing(uri, picture)
    collected.add(raw, [name], [note], images.thumbnail(image))
    return collected.given()


def _reader(file: File) -> Callable[[File, _Collected], None]:
    suffix = Path(file.name).suffix.lower()
    if suffix in arrays.SUFFIXES:
        return _read_array
    if suffix in (*TABLES, *TEXTS):
        return _read_table
    if suffix in PICTURES or suffix == "":
        return _read_image
    msg = f"{file.name}: expected a file that ends in {', '.join(SUFFIXES)}."
    raise ConfigurationError(msg)


def _read_image(file: File, collected: _Collected) -> None:
    picture = collected.form.picture
    if picture is None:
        raise _no_picture(file.name, collected.form)
    raw, image, note = images.read_image(file.data, file.name, picture)
    is_shown = len(collected.names) < _THUMBNAILS
    collected.add(raw, [file.name], [note], images.thumbnail(image) if is_shown else None)


def _read_array(file: File, collected: _Collected) -> None:
    several = collected.signature.inputs
    raw = arrays.read_several(file.data, file.name, several) if several else arrays.read_array(file.data, file.name)
    try:
        made = prepared(collected.signature, raw)
    except ConfigurationError as error:
        msg = f"{file.name}: {error}"
        raise ConfigurationError(msg) from None
    if not (count := len(made)):
        shape = next(leaves(raw)).shape
        msg = f"{file.name}: expected samples, got an array of shape {shape}, which holds none."
        raise ConfigurationError(msg)
    collected.parts.append(made)
    names = [file.name] if count == 1 else [f"{file.name}, {number}" for number in range(1, count + 1)]
    collected.names += names
    collected.thumbnails += [None] * len(names)


def _read_table(file: File, collected: _Collected) -> None:
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        kind = "a CSV file" if Path(file.name).suffix.lower() in TABLES else "text"
        msg = f"{file.name}: expected {kind} in UTF-8, and byte {error.start + 1:,} isn't; save it as UTF-8."
        raise ConfigurationError(msg) from None
    _read_text(text, file.name, collected)


def _read_text(text: str, name: str, collected: _Collected) -> None:
    if not text.strip():
        msg = f"{name}: expected {'a line of text' if collected.form.is_text else 'rows of numbers'}, found none."
        raise ConfigurationError(msg)
    if collected.form.is_text:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        collected.add(np.array(lines), _numbered(name, len(lines)), [])
        return
    try:
        raw, notes = read_rows(text, name, collected.form)
    except ConfigurationError as error:
        if not any(character.isdigit() or character in DELIMITERS for character in text):
            msg = f"{name}: the model takes {collected.form}, not text; give comma-separated numbers."
            raise ConfigurationError(msg) from error
        raise
    collected.add(raw, _numbered(name, len(raw)), notes)


def _numbered_pieces(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}, piece {number}" for number in range(1, count + 1)]


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}, row {number}" for number in range(1, count + 1)]


def _no_picture(name: str, form: Form) -> ConfigurationError:
    return ConfigurationError(f"{name}: the model takes {form}, not images; give .npy or .csv.")


def _no_archive(signature: Signature, where: str = "") -> ConfigurationError:
    names = ", ".join(arrays.names_of(signature.inputs))
    return ConfigurationError(f"{where}expected several inputs, an .npz file with the arrays {names}.")


def _told(notes: Sequence[tuple[str, str]]) -> list[str]:
    """Say what was done alike to several files once."""
    by_note: dict[str, list[str]] = {}
    for name, note in notes:
        by_note.setdefault(note, []).append(name)
    return [f"{names[0] if len(names) == 1 else f'{len(names)} files'}: {note}" for note, names in by_note.items()]


def _in(path: Path) -> list[Path]:
    if not path.is_dir() or path.suffix.lower() in SUFFIXES:
        return [path]
    found = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES and not one.name.startswith("."))
    if not found:
        msg = f"{path}: expected a folder with files that end in {', '.join(SUFFIXES)}, found none."
        raise ConfigurationError(msg)
    return found


def _content(path: Path) -> bytes:
    if path.suffix.lower() not in SUFFIXES:
        if not path.exists():
            msg = f"{path}: there is no such file or folder."
            raise ConfigurationError(msg)
        msg = f"{path}: expected a file that ends in {', '.join(SUFFIXES)}."
        raise ConfigurationError(msg)
    try:
        if (size := path.stat().st_size) > LARGEST_FILE:
            msg = f"{path}: expected a file of at most {LARGEST_FILE:,} bytes, got {size:,}; predict it from Python."
            raise ConfigurationError(msg)
        with plain_files.opened(path) as file:
            return file.read(LARGEST_FILE)
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror or error}."
        raise ConfigurationError(msg) from error
