"""The person's plug-in folder: each file or package in it brings the parts that it puts ``@register(…)`` in front of.

A file is read when the folder is, its text alone; it is run when a part of it is first asked for. Whoever may write
there decides what runs in a training, so the folder has to be its owner's alone, and is never the current one.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, DLTrainerError, MissingPackageError, first_line
from dltrainer_jupyter.core.registry import faults, namespace
from dltrainer_jupyter.core.registry.declaring import Declared
from dltrainer_jupyter.core.registry.entry import Entry
from dltrainer_jupyter.core.registry.kinds import Kind
from dltrainer_jupyter.core.registry.reading import declared

_LARGEST = 16 << 20
_MOST_FILES = 1000
_MIND = "chmod go-w"


@dataclass(frozen=True)
class PlugIn:
    """A file or package of the plug-in folder, as it was when it was read."""

    path: Path
    files: Mapping[str, bytes] = field(repr=False)
    """What is in it, by path in the plug-in folder."""
    sha256: str
    parts: tuple[tuple[Declared, str], ...]
    """What it registers, and in which of its files."""

    @property
    def name(self) -> str:
        """Of the file or folder."""
        return self.path.name


@dataclass(frozen=True)
class FromFolder:
    """A part of a plug-in."""

    plug_in: PlugIn
    declared: Declared
    file: str

    @property
    def place(self) -> str:
        """The class and its file."""
        return f"{self.declared.symbol} in {self.plug_in.path.parent / self.file}"

    @property
    def package(self) -> str:
        """The file, which no package brings."""
        return f"plug-in {self.plug_in.name}"

    @property
    def version(self) -> str | None:
        """The class's own, if it is written out."""
        return self.declared.version

    def check(self, called: str) -> None:
        """Nothing is known of what it needs before it is run."""

    def load(self, called: str) -> Any:
        """Run its file, and check the class."""
        plug_in = self.plug_in
        modules = namespace.modules_of(plug_in.name, plug_in.sha256, plug_in.files, plug_in.path.parent)
        try:
            found = getattr(namespace.load(modules[self.file]), self.declared.symbol)
        except ModuleNotFoundError as error:
            raise self._missing(called, str(error.name)) from error
        except (Exception, SystemExit) as error:
            msg = f"The {called} can't be imported from {self._file}: {told(error, self._file)}."
            raise ConfigurationError(msg) from error
        if problem := faults.first_fault(self.declared.kind, found):
            msg = f"The {called} ({self.place}) can't be used: {problem}"
            raise ConfigurationError(msg)
        return found

    @property
    def _file(self) -> Path:
        return self.plug_in.path.parent / self.file

    def _missing(self, called: str, module: str) -> DLTrainerError:
        """Say how a module is had: a package is installed, a file that lies beside is imported as such."""
        name = (module.rpartition(".")[2] if namespace.is_plug_ins(module) else module).partition(".")[0]
        if any((self._file.parent / it).exists() for it in (name, f"{name}.py")):
            alone = self._file == self.plug_in.path
            both = "put both into a folder with an __init__.py, which is one plug-in, and " if alone else ""
            msg = f"The {called} ({self.place}) imports {name}, which lies beside it; {both}write from .{name} import …"
            return ConfigurationError(msg)
        if namespace.is_plug_ins(module):
            return ConfigurationError(
                f"The {called} ({self.place}) imports {name}, and there is no {name}.py beside it."
            )
        msg = f"The {called} ({self.place}) needs the package '{name}', which isn't installed: pip install \"{name}\""
        return MissingPackageError(msg)


@dataclass(frozen=True)
class Problem:
    """What can't be used of the folder, and why."""

    path: Path
    message: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.path}: {self.message}."


@dataclass(frozen=True)
class Content:
    """What a plug-in folder held when it was read."""

    plug_ins: tuple[PlugIn, ...] = ()
    problems: tuple[Problem, ...] = ()

    def registered(self, kind: Kind) -> Mapping[str, list[Entry]]:
        """Give the parts of one kind by name."""
        return self._tables.get(kind, {})

    @cached_property
    def _tables(self) -> Mapping[Kind, Mapping[str, list[Entry]]]:
        """Every kind's: each look-up of a name asks for one."""
        tables: dict[Kind, dict[str, list[Entry]]] = {}
        for plug_in in self.plug_ins:
            for one, file in plug_in.parts:
                named = tables.setdefault(one.kind, {})
                named.setdefault(one.full_name, []).append(FromFolder(plug_in, one, file))
        return tables


def read(folder: Path) -> Content:
    """Read a folder; what is wrong with one plug-in keeps none of the others from being read."""
    plug_ins, problems = [], []
    try:
        if why := refusal(folder):
            return Content(problems=(Problem(folder, f"{why}; nothing in it is run"),))
        for path in sorted(it for it in folder.iterdir() if _may_be_one(it)):
            try:
                plug_ins.append(read_plug_in(path))
            except (ConfigurationError, OSError) as error:
                problems.append(Problem(path, first_line(error)))
    except OSError as error:
        return Content(problems=(Problem(folder, f"can't be read: {error.strerror or error}"),))
    return Content(tuple(plug_ins), tuple(problems))


def state_of(folder: Path) -> tuple[Any, ...]:
    """Give what changes whenever a file in a folder does, without reading it."""
    try:
        found = [_stamp(folder.lstat()), *(_state_of(path) for path in sorted(folder.iterdir()) if _may_be_one(path))]
    except OSError as error:
        return (error.errno,)
    return tuple(found)


def _state_of(path: Path) -> tuple[Any, ...]:
    try:
        return tuple((str(it), *_stamp(it.lstat())) for it in (path, *_below(path)))
    except OSError as error:
        return str(path), error.errno


def read_plug_in(path: Path) -> PlugIn:
    """Read a file or a package of the plug-in folder; runs nothing.

    Raises
    ------
    ConfigurationError
        If it can't be one; the message says why, in a few words.
    OSError
        If it can't be read.
    """
    files = dict(_read_files(path))
    parts = []
    for file, text in files.items():
        if file.endswith(".py"):
            try:
                parts += [(one, file) for one in declared(text)]
            except ConfigurationError as error:
                msg = f"{str(error).rstrip('.')}{f' in {file}' if path.is_dir() else ''}"
                raise ConfigurationError(msg) from None
    if not parts:
        msg = (
            'registers nothing; put @register("models") (from dltrainer_jupyter import register) in front of its '
            "class, or an underscore in front of its name"
        )
        raise ConfigurationError(msg)
    return PlugIn(path, files, checksum(files), tuple(parts))


def checksum(files: Mapping[str, bytes]) -> str:
    """Give a SHA-256 over names and contents; of a single file that of its content, as ``sha256sum`` prints it."""
    if len(files) == 1:
        return hashlib.sha256(next(iter(files.values()))).hexdigest()
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def refusal(path: Path) -> str | None:
    """Say in a few words why a folder isn't to be trusted; None if it is the person's own."""
    if not path.is_absolute():
        return "expected a full path, which names the same folder wherever one is"
    if path.resolve() == Path.cwd():
        return "it is the current directory, whose files are never run by themselves; work in another one"
    status = path.stat()
    if not stat.S_ISDIR(status.st_mode):
        return "expected a folder"
    if why := _others(status):
        return why
    for above in path.resolve().parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"anybody may put another folder in its place, as {above} may be written by all (chmod o-w)"
    return None


def _may_be_one(path: Path) -> bool:
    if path.name.startswith(("_", ".")):
        return False
    try:
        return path.suffix == ".py" or (path.is_dir() and any(it.suffix == ".py" for it in path.iterdir()))
    except OSError:
        return True  # whoever reads it says why it can't be


def _read_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Give what belongs to a plug-in, by path from the plug-in folder."""
    size, is_closed = 0, not path.parent.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    for number, file in enumerate([path, *_below(path)]):
        status = file.lstat()
        if why := _unfit(status, is_closed=is_closed):
            raise ConfigurationError(why if file == path else f"{file.name}: {why}")
        if stat.S_ISDIR(status.st_mode):
            continue
        size += status.st_size
        if size > _LARGEST or number > _MOST_FILES:
            msg = f"larger than {_LARGEST >> 20} MiB or {_MOST_FILES:,} files; keep weights and data elsewhere"
            raise ConfigurationError(msg)
        yield file.relative_to(path.parent).as_posix(), file.read_bytes()
    if path.is_dir() and not (path / "__init__.py").is_file():
        msg = "a folder is a plug-in if it has an __init__.py"
        raise ConfigurationError(msg)


def _unfit(status: os.stat_result, *, is_closed: bool) -> str | None:
    if stat.S_ISLNK(status.st_mode):
        return "it is a link, which may lead anywhere; put the file itself there"
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return "expected an ordinary file"
    # Nobody else gets to what lies in a folder that is closed to them, whatever the file's own mode says.
    is_mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return None if is_closed and is_mine else _others(status)


def _below(path: Path) -> Iterable[Path]:
    """Give all that is in a folder, but what Python and editors leave there."""
    if path.is_symlink() or not path.is_dir():
        return
    for one in sorted(path.iterdir()):
        if one.name != "__pycache__" and not one.name.startswith("."):
            yield one
            yield from _below(one)


def _others(status: os.stat_result) -> str | None:
    """Say why a file isn't the person's alone."""
    if not hasattr(os, "getuid"):
        return None
    if status.st_uid != os.getuid():
        return "it belongs to another user"
    return f"others may write to it ({_MIND})" if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else None


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return status.st_mode, status.st_uid, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def told(error: BaseException, file: Path) -> str:
    """Write an error in its author's words, without a full stop, with the line of the plug-in that raised it."""
    if isinstance(error, DLTrainerError):
        return str(error).rstrip(".")
    if (unknown := faults.unknown_type(error)) is not None:
        return unknown
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    what = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}{f': {what}' if what else ''}{f' (line {line})' if line else ''}"
