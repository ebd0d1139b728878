"""Files in folders, listed without opening a single one."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.archives import is_archive, unpacked
from dltrainer_jupyter.data.files.fetching import local_file
from dltrainer_jupyter.data.files.places import given_places

TRAINING = ("train", "training")
VALIDATION = ("val", "valid", "validation", "dev")
"""What the parts of data are called, in small or capital letters."""


@dataclass
class Listing:
    """Lists files below a folder.

    Parameters
    ----------
    root : Path
        Links that lead out of it are left out.
    suffixes : collection of str
        Endings of the files that are wanted, in lower case.
    follows_links : bool
        Whether links are followed wherever they lead.
    """

    root: Path
    suffixes: Collection[str]
    follows_links: bool = False
    but: Collection[Path] = ()
    """Folders that are passed over, since they are listed by themselves."""
    outside: list[str] = field(default_factory=list)
    """Links that were left out."""

    def files(self, folder: Path | str) -> list[str]:
        """List the files in a folder and in those below it, sorted.

        Returns
        -------
        list of str
            Paths; hidden files and those of other kinds are passed over.
        """
        found: list[str] = []
        passed_over = {str(it) for it in self.but if it != Path(folder)}
        # Where a folder of folders is linked into itself, each is gone through once.
        waiting, seen = [str(folder)], {os.path.realpath(folder)} if self.follows_links else set()
        while waiting:
            for entry in _entries(waiting.pop()):
                if entry.name.startswith(".") or entry.path in passed_over:
                    continue
                # The kind of an entry comes with its folder: nothing is asked of the file itself.
                is_link = entry.is_symlink()
                if is_link and not self._may_follow(entry):
                    self.outside.append(os.path.relpath(entry.path, self.root))
                elif entry.is_dir(follow_symlinks=is_link):
                    if not is_link:
                        waiting.append(entry.path)
                    elif self.follows_links and (real := os.path.realpath(entry.path)) not in seen:
                        seen.add(real)
                        waiting.append(entry.path)
                elif entry.name[entry.name.rfind(".") :].lower() in self.suffixes:
                    found.append(entry.path)
        found.sort()
        return found

    def folders(self, folder: Path | str) -> list[str]:
        """List the folders in a folder, sorted; hidden ones are passed over."""
        found = []
        for entry in _entries(str(folder)):
            if entry.name.startswith(".") or not entry.is_dir() or Path(entry.path) in self.but:
                continue
            if entry.is_symlink() and not self._may_follow(entry):
                self.outside.append(os.path.relpath(entry.path, self.root))
            else:
                found.append(entry.name)
        return sorted(found)

    def notices(self) -> list[str]:
        """Say which links were left out."""
        if not self.outside:
            return []
        links = "1 link leads" if len(self.outside) == 1 else f"{len(self.outside):,} links lead"
        return [f"{links} out of {self.root} and isn't followed ({few_of(self.outside)}); follow_links: true does."]

    def _may_follow(self, entry: os.DirEntry[str]) -> bool:
        return self.follows_links or Path(entry.path).resolve().is_relative_to(self.root.resolve())


def is_folder(path: str) -> bool:
    """Tell whether a path is that of a folder, or of an archive of one."""
    return is_archive(Path(path)) or (not is_remote(path) and Path(path).expanduser().is_dir())


def root_of(path: str) -> Path:
    """Give a folder by its path.

    Parameters
    ----------
    path : str
        Of a folder, or of an archive (zip, tar) here or at a URL, which is unpacked into the cache.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    if is_archive(Path(path)):
        root = unpacked(local_file(path))
        inner = [entry for entry in _entries(str(root)) if not entry.name.startswith((".", "__MACOSX"))]
        # An archive often holds one folder, and that the rest.
        return Path(inner[0].path) if len(inner) == 1 and inner[0].is_dir(follow_symlinks=False) else root
    if is_remote(path):
        msg = f"data: expected a folder of this machine, or an archive of one (zip, tar) at a URL, got {path}."
        raise ConfigurationError(msg)
    root = Path(path).expanduser()
    if not root.is_dir():
        found = "that is a file" if root.exists() else "nothing is there"
        msg = f"data: expected a folder at {root}, but {found}; give its path, or one from {Path.cwd()}."
        raise ConfigurationError(msg)
    return root


def parts_of(root: Path, inner: str = "") -> list[Path]:
    """Give the folder to train on, and the one to validate on where there is one beside it.

    Parameters
    ----------
    root : Path
        Has ``train`` and ``val`` (or ``valid``, ``validation``) in it, or is itself what to train on.
    inner : str, default ""
        A folder that the other two may be in, or have in them: ``images/train`` or ``train/images``.
    """
    for outer in dict.fromkeys((root, root / inner)):
        if not outer.is_dir():
            continue
        there = {entry.name.lower(): Path(entry.path) for entry in _entries(str(outer)) if entry.is_dir()}
        training, validation = (
            next((there[name] for name in names if name in there), None) for names in (TRAINING, VALIDATION)
        )
        if training is not None:
            return [training] if validation is None else [training, validation]
    return [root]


def folders_of(spec: RunSpec, path: str) -> tuple[Path, list[Path]]:
    """Give the folder of a data set, and those to train on and perhaps to validate on: as it says, or as it is divided.

    Parameters
    ----------
    spec : RunSpec
        Its ``validation`` may name them.
    path : str
        Of the folder or archive.
    """
    root = root_of(path)
    training, validation = given_places(spec, path)
    folders = parts_of(root) if training == path and validation is None else [root_of(training)]
    return root, folders + ([] if validation is None else [root_of(validation)])


def look_for(spec: RunSpec, path: str) -> None:
    """See that what a data set is read from is there, where that needs no download.

    Parameters
    ----------
    spec : RunSpec
        Its ``validation`` may name another place.
    path : str
        Of the folder or archive.

    Raises
    ------
    ConfigurationError
        If it isn't there.
    """
    for place in given_places(spec, path):
        if place is None:
            continue
        if not is_archive(Path(place)):
            root_of(place)
        elif not is_remote(place):
            local_file(place)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        msg = f"data: the folder {folder} can't be read: {error.strerror}."
        raise ConfigurationError(msg) from None
