"""The parts of a run that no package brings: kept beside it, so that whoever goes on with it finds the very same code.

Of the plug-in folder the files are kept as they were; of a notebook the classes, pickled as the user's own objects are.
Only a process of the same user loads them, to train or to predict; a server never does.
"""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import private, registry
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.registry.declaring import Declared
from dltrainer_jupyter.core.registry.entry import Entry
from dltrainer_jupyter.core.registry.folder import FromFolder, PlugIn, checksum, read_plug_in
from dltrainer_jupyter.core.registry.notebook import Registered
from dltrainer_jupyter.core.registry.own import Parts
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.executors import objects
from dltrainer_jupyter.loop.checking import named_parts
from dltrainer_jupyter.loop.stacks import layers_of

FILE = "plugins.zip"
"""Files of plug-ins, classes of the notebook, and a list of both, in the run's folder."""
_LIST, _CLASSES, _FILES = "plugins.json", "registered.pkl", "files/"
_LARGEST = 64 << 20
_HELD: dict[str, Parts] = {}
"""Classes that can't be pickled, by run, for trainers of this process."""


@dataclass(frozen=True)
class Brought:
    """What a run needs besides installed packages."""

    plug_ins: tuple[PlugIn, ...] = ()
    classes: Mapping[tuple[registry.Kind, str], Registered] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return bool(self.plug_ins or self.classes)

    def document(self) -> list[dict[str, Any]]:
        """Say for the run's record where its parts are from."""
        files = [
            {
                "path": str(one.path),
                "sha256": one.sha256,
                "version": next((it.version for it, _ in one.parts if it.version), None),
                "parts": [f"{it.kind}/{it.full_name}" for it, _ in one.parts],
            }
            for one in self.plug_ins
        ]
        return files + [
            {"class": part.place, "parts": [f"{kind}/{name}"]} for (kind, name), part in self.classes.items()
        ]

    @property
    def parts(self) -> Parts:
        """All of them, to be used before those of the same names."""
        found: dict[tuple[registry.Kind, str], Entry] = dict(self.classes)
        found |= {(it.kind, it.full_name): FromFolder(one, it, file) for one in self.plug_ins for it, file in one.parts}
        return found


def brought(spec: RunSpec) -> Brought:
    """Find out which parts of a run no package brings; imports none of them."""
    plug_ins: dict[Path, PlugIn] = {}
    classes: dict[tuple[registry.Kind, str], Registered] = {}
    settings = dict(spec)
    framework: tuple[str, registry.Kind, Any, str | None] = ("framework", "adapters", spec.framework, None)
    for _, kind, part, of in (framework, *named_parts(settings), *layers_of(settings)):
        if isinstance(part, Part) and part.is_user_object:
            continue
        name = part.type if isinstance(part, Part) else str(part)
        entry = registry.entry_of(kind, name, of)
        if isinstance(entry, FromFolder):
            plug_ins[entry.plug_in.path] = entry.plug_in
        elif isinstance(entry, Registered):
            classes[kind, f"{of}.{name}" if of else name] = entry
    return Brought(tuple(plug_ins.values()), classes)


def packed(found: Brought) -> bytes:
    """Put files and classes into one archive.

    Raises
    ------
    NotRebuildableError
        If a class of the notebook can't be pickled; says which and why.
    """
    listed = {
        "plug_ins": [
            {"path": str(one.path), "sha256": one.sha256, "parts": [[asdict(it), file] for it, file in one.parts]}
            for one in found.plug_ins
        ],
        "classes": [[kind, name] for kind, name in found.classes],
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_LIST, json.dumps(listed))
        for one in found.plug_ins:
            for name, data in one.files.items():
                archive.writestr(f"{_FILES}{name}", data)
        if found.classes:
            named = {f"the {registry.SINGULAR[kind]} '{name}'": it.part for (kind, name), it in found.classes.items()}
            archive.writestr(_CLASSES, objects.pack(named))
    return buffer.getvalue()


def save(folder: Path, data: bytes) -> None:
    """Write what :func:`packed` made into the run's folder, readable by its owner alone; whole or not at all."""
    private.write(folder / FILE, data)


def hold(run_id: str, found: Brought) -> None:
    """Keep for trainers of this process what can't be written."""
    _HELD[run_id] = found.parts


@contextmanager
def of_run(run: RunRecord, here: Path, only: Collection[tuple[registry.Kind, str]] | None = None) -> Iterator[None]:
    """Let this thread find the run's own parts first.

    Parameters
    ----------
    run : RunRecord
        Whose.
    here : pathlib.Path
        A folder of this host with the run's :data:`FILE` in it, if it has one.
    only : collection, optional
        Of these alone; of all by default.

    Raises
    ------
    NotRebuildableError
        If they aren't to be had, or somebody else may have written them.
    CheckpointError
        If they are damaged.
    """
    if not run.environment.get("plugins"):
        yield
        return
    kept = _HELD[run.id] if run.id in _HELD else load(here)
    with registry.using(kept if only is None else {key: entry for key, entry in kept.items() if key in only}):
        yield


def gone(run: RunRecord) -> frozenset[tuple[registry.Kind, str]]:
    """Name those of the run's own parts that nobody registers any more, by kind and name."""
    listed = [part.split("/", 1) for one in run.environment.get("plugins") or () for part in one["parts"]]
    return frozenset((kind, name) for kind, name in listed if name not in registry.names(kind))


def load(folder: Path) -> Parts:
    """Read a run's parts; runs no plug-in's file yet.

    Raises
    ------
    NotRebuildableError
        If they aren't there, or somebody else may have written them.
    CheckpointError
        If they are damaged.
    """
    path = folder / FILE
    try:
        file = path.open("rb")
    except FileNotFoundError:
        msg = f"The run's own copy of its plug-ins and classes is gone ({path}), so nobody can go on with it here."
        raise objects.NotRebuildableError(msg) from None
    with file:
        status = os.fstat(file.fileno())
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
            msg = f"{path} holds code and may have been written by somebody else; it is not run."
            raise objects.NotRebuildableError(msg)
        try:
            with zipfile.ZipFile(file) as archive:
                return _read(archive, folder)
        except (zipfile.BadZipFile, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, ConfigurationError):
                raise
            msg = f"{path} is damaged ({error}), so nobody can go on with the run here."
            raise CheckpointError(msg) from error


def changed_since(run: RunRecord) -> list[str]:
    """Say which plug-ins of a run have become others in their folder, or are gone from it."""
    notes = []
    for one in run.environment.get("plugins") or ():
        if "path" not in one:
            continue
        path = Path(one["path"])
        try:
            is_same = read_plug_in(path).sha256 == one["sha256"]
            what = "has changed since the run was started"
        except (ConfigurationError, OSError):
            is_same, what = False, "is gone, or can't be read any more"
        if not is_same:
            notes.append(f"The plug-in {path} {what}; the run goes on with its own copy of it.")
    return notes


def _read(archive: zipfile.ZipFile, folder: Path) -> Parts:
    if sum(info.file_size for info in archive.infolist()) > _LARGEST:
        msg = f"larger than {_LARGEST >> 20} MiB"
        raise zipfile.BadZipFile(msg)
    listed = json.loads(archive.read(_LIST))
    files = {name: archive.read(name) for name in archive.namelist() if name.startswith(_FILES)}
    plug_ins = []
    for one in listed["plug_ins"]:
        path = Path(one["path"])
        mine = {
            name.removeprefix(_FILES): data
            for name, data in files.items()
            if name.removeprefix(_FILES).partition("/")[0] == path.name
        }
        if checksum(mine) != one["sha256"]:
            msg = f"the checksum of {path.name} does not fit its content"
            raise zipfile.BadZipFile(msg)
        parts = tuple((Declared(**it), file) for it, file in one["parts"])
        plug_ins.append(PlugIn(_unpacked(path, mine, folder), mine, one["sha256"], parts))
    classes = objects.unpack(archive.read(_CLASSES)).values() if listed["classes"] else ()
    keys = [(kind, name) for kind, name in listed["classes"]]
    return Brought(tuple(plug_ins), dict(zip(keys, map(Registered, classes), strict=True))).parts


def _unpacked(path: Path, files: Mapping[str, bytes], folder: Path) -> Path:
    """Say where a plug-in's files lie: where they were, or beside the run if it reads others than modules."""
    if all(name.endswith(".py") for name in files):
        return path
    target = folder / "plugins"
    for name, data in files.items():
        file = target / name
        if not file.resolve().is_relative_to(target.resolve()):
            msg = f"{name} would lie outside of its folder"
            raise zipfile.BadZipFile(msg)
        if not file.exists() or file.read_bytes() != data:
            private.write(file, data)
    return target / path.name
