"""What the samples of a configuration are like, before anything is trained: as far as that is cheaply known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.part import Part
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.registry import plug_ins
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.data.files.bounds import in_words
from dltrainer_jupyter.data.files.fetching import local_path
from dltrainer_jupyter.data.files.places import full, places_of
from dltrainer_jupyter.loop.checking import check_parts
from dltrainer_jupyter.loop.presets import with_presets

SAYING = ("data", "preprocessing", "validation")
"""Settings that say what samples are like."""
LARGEST = 64 * 2**20
"""Bytes of a file that is read for a look."""
DOWNLOADED = "download"
"""What sources are tagged with that fetch."""


def glimpse(settings: Mapping[str, Any]) -> Signature:
    """Find out what goes into a model and what is to come out, without starting anything.

    Parameters
    ----------
    settings : mapping
        Of a configuration; only what says something of the data is looked at, so the rest may be wrong.

    Returns
    -------
    Signature
        Vocabularies in it are told by how many words they have.

    Raises
    ------
    ConfigurationError
        If the settings of the data are wrong, or only training would tell: what is handed over from Python, has to be
        fetched, or is large.

    Examples
    --------
    >>> glimpse({"data": "digits"}).input_shape
    (1, 8, 8)
    """
    spec = _spec(settings)
    check_parts(spec)
    spec = with_presets(spec)
    source = registry.find("data", spec.data.type)
    made = source(part_settings(source.Config, spec.data.config, "data"))
    if callable(told := getattr(made, "stand_in", None)):
        return _slim(told(spec))
    _refuse_far_or_large(spec.data, getattr(source, "tags", ()))
    return _slim(made.load(spec, {}).signature)


def _spec(settings: Mapping[str, Any]) -> RunSpec:
    """Describe a run that has this data, and nothing else of the settings.

    Raises
    ------
    ConfigurationError
        If there is no data, it is wrong, or handed over from Python.
    """
    given = {key: settings[key] for key in SAYING if settings.get(key) is not None}
    if "data" not in given:
        msg = "data: say which data to train on, such as digits; then shapes are known."
        raise ConfigurationError(msg)
    if isinstance(given.get("validation"), float):
        given["validation"] = {"split": given["validation"]}
    spec = validate(RunSpec, {"model": "mlp", "verbose": False, **given})
    if spec.data.is_user_object:
        msg = "data: this data is an object of your own, which only the notebook has; so shapes aren't known here."
        raise ConfigurationError(msg)
    if any(step.is_user_object for step in spec.preprocessing):
        msg = (
            "preprocessing: a step of your own is in it, which only the notebook has; what it makes of samples isn't "
            "known here."
        )
        raise ConfigurationError(msg)
    return spec


def places(data: Part) -> Iterator[str]:
    """Give the files and folders that the settings of a data source of ours name, as full paths or URLs.

    Parameters
    ----------
    data : Part
        Checked or not; of somebody else's source nothing is known, and nothing is imported.
    """
    if data.type not in registry.names("data") or not registry.is_ours("data", data.type):
        return
    schema = registry.find("data", data.type).Config
    for key in sorted(places_of(schema)):
        if isinstance(place := data.config.get(key), str) and place:
            yield full(place)


def stamps(data: Any) -> list[Any]:
    """Give what changes with the files that data is read from, and with plug-ins, which may read it."""
    stamps: list[Any] = [one.sha256 for one in plug_ins.current().plug_ins]
    try:
        part = Part.model_validate(data)
    except ValueError:
        return stamps
    for place in places(part):
        try:
            seen = Path(place).stat()
        except (OSError, ValueError):  # no such file, or a name that none can have
            stamps.append(place)
        else:
            stamps.append([place, seen.st_mtime_ns, seen.st_size])
    return stamps


def _refuse_far_or_large(data: Part, tags: Collection[str]) -> None:
    """Raise if something has to be fetched, or reading it takes more than a moment."""
    found = list(places(data))
    far = [place for place in found if is_remote(place)]
    if far or DOWNLOADED in tags:
        msg = f"data: {far[0] if far else data.type} is fetched when a run starts, so shapes aren't known before."
        raise ConfigurationError(msg)
    for path in map(local_path, found):
        if path.is_file() and (size := path.stat().st_size) > LARGEST:
            msg = (
                f"data: {path.name} has {in_words(size)}, and no file of more than {in_words(LARGEST)} is read before "
                "a run starts; so shapes aren't known here."
            )
            raise ConfigurationError(msg)


def _slim(signature: Signature) -> Signature:
    """Leave out of the fitted steps what says nothing of shapes, which may be much."""
    steps = tuple(
        {
            key: value if key != "vocabulary" or isinstance(value, int) else len(value)
            for key, value in step.items()
            if key in _OF_SHAPES
        }
        for step in signature.preprocessing
    )
    raw = {key: value for key, value in (signature.raw or {}).items() if isinstance(value, _PLAIN)}
    return Signature(
        task=signature.task,
        input_shape=signature.input_shape,
        outputs=signature.outputs,
        preprocessing=steps,
        raw=raw or None,
        inputs=signature.inputs,
        targets=tuple({key: it[key] for key in ("name", "outputs")} for it in signature.targets),
    )


_OF_SHAPES = frozenset({"type", "dtype", "vocabulary", "padding"})
_PLAIN = (str, int, float)


def document(signature: Signature) -> dict[str, Any]:
    """Describe what :func:`glimpse` found as JSON types, which :func:`read` reads again."""
    return {key: value for key, value in asdict(signature).items() if value not in ((), None)}


def read(found: Mapping[str, Any]) -> Signature:
    """Read what :func:`document` gave."""
    many = {key: tuple(value) for key, value in found.items() if isinstance(value, list)}
    return Signature(**{**found, **many})
