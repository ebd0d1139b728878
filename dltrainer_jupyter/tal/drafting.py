"""A configuration that is still being written: its text, and the objects that the text mentions."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.secrets import secrets_of
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.tal import checking, mentions
from dltrainer_jupyter.tal.configuration import parse_yaml
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.own_objects import in_few_words
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.submit import submit
from dltrainer_jupyter.views.configuration import Dumper

_LACKS = "neither this form nor the notebook has an object"


@dataclass(frozen=True)
class Draft:
    r"""What a form begins with, and what its text means from then on.

    Text mentions a person's own objects by ``$name``; the objects themselves stay here.

    Parameters
    ----------
    text : str
        The configuration to begin with, YAML.
    objects : mapping, optional
        What the text can't say, by the name it mentions it by.
    places : mapping of str to str, optional
        The key under which each of them stood first.
    variables : mapping, optional
        Where other names are looked up: the notebook's variables.
    in_place : bool, default False
        Train the model object itself instead of a copy.

    Examples
    --------
    >>> drafted({"model": "cnn", "data": "digits"}).text
    'model: cnn\ndata: digits\n'
    """

    text: str
    objects: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    in_place: bool = False

    def settings(self, text: str) -> dict[str, Any]:
        """Read a text, with objects in place of their mentions.

        Raises
        ------
        ConfigurationError
            If it doesn't parse, or mentions what isn't there.
        """
        return self.resolved(parse_yaml(text))

    def resolved(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Put objects in place of their mentions in settings.

        Raises
        ------
        ConfigurationError
            If they mention what isn't there.
        """
        known = {**self.variables, **self.objects}
        return mentions.resolved(values, known, _LACKS, self.objects)

    def check(self, text: str) -> list[checking.Finding]:
        """Say what keeps a run from being started with a text; nothing, if it can be."""
        values = checking.parsed(text, is_json=False)
        if isinstance(values, checking.Finding):
            return [values]
        try:
            given = self.resolved(values)
        except DLTrainerError as error:
            return checking.placed(text, error.problems)
        return checking.placed(text, checking.problems(given))

    def described(self, text: str) -> tuple[RunSpec, dict[str, Any]]:
        """Describe the run that a text means; see :func:`dltrainer_jupyter.tal.describe`."""
        return describe(self.settings(text))

    def train(self, text: str) -> Run:
        """Start a run, exactly as :func:`dltrainer_jupyter.tal.train` would with these settings."""
        spec, own = self.described(text)
        return submit(spec, own, in_place=self.in_place)

    def labels(self, key: str) -> dict[str, str]:
        """Describe the objects that stood under a key in a few words, by mention: ``{"$model": "Net"}``."""
        names = [name for name, place in self.places.items() if place == key]
        # A secret is mentioned as if it were one.
        return {f"${it}": in_few_words(self.objects[it]) for it in names if not isinstance(self.objects[it], str)}

    def shown(self, text: str) -> str | None:
        """Write a text as it may stay in a file: without secrets; None while it doesn't parse."""
        values = checking.parsed(text, is_json=False)
        if isinstance(values, checking.Finding):
            return None
        secrets = _secrets(values)
        return text if not secrets else _to_yaml(mentions.hidden(values, {}, secrets))

    def code(self, text: str) -> str | None:
        """Write the Python that starts the run a text means; None while it doesn't parse.

        Objects stand there as variables of the names by which the text mentions them.
        """
        shown = self.shown(text)
        if shown is None:
            return None
        lines = [f"    {_as_argument(key, value)},\n" for key, value in parse_yaml(shown).items()]
        lines += ["    in_place=True,\n"] if self.in_place else []
        return f"tal.train(\n{''.join(lines)})"


def drafted(
    settings: Mapping[str, Any],
    *,
    text: str | None = None,
    variables: Mapping[str, Any] | None = None,
    in_place: bool = False,
) -> Draft:
    """Begin with settings, as Python has them.

    Parameters
    ----------
    settings : mapping
        As :func:`dltrainer_jupyter.tal.train` takes them, the person's own objects among them.
    text : str, optional
        How they are written already, with comments perhaps.
    variables : mapping, optional
        Where names that the text mentions later are looked up.
    in_place : bool, default False
        Train the model object itself.
    """
    written, objects = mentions.mentioned(settings)
    written = mentions.hidden(written, objects, _secrets(settings))
    began = text if text is not None and not objects else _to_yaml(written)
    places = {name: key for key, value in reversed(written.items()) for name in mentions.names_in(value)}
    return Draft(began, objects, places, variables or {}, in_place)


def _secrets(settings: Mapping[str, Any]) -> set[str]:
    """Find what nobody may see in settings; where they are wrong, all texts that may be such."""
    told = {key: settings[key] for key in ("track", "notify") if key in settings}
    if not told:
        return set()
    try:
        return set(secrets_of(describe({"model": "mlp", "data": "digits", **told})[0]).values())
    except DLTrainerError:
        track = told.get("track")
        trackers = track if isinstance(track, list | tuple) else [track]
        # One that is a text alone is named, and nothing else is said of it.
        return {*_texts([it for it in trackers if isinstance(it, Mapping)]), *_texts(told.get("notify"))}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    for name, item in inner:
        if name != "type":
            yield from _texts(item)


def _to_yaml(values: Mapping[str, Any]) -> str:
    """Write settings as people do: a line each, short lists and mappings in it."""
    return "".join(
        str(
            yaml.dump(
                {key: value},
                Dumper=Dumper,
                sort_keys=False,
                allow_unicode=True,
                default_flow_style=None if isinstance(value, Mapping | list) else False,
            )
        )
        for key, value in values.items()
    )


def _as_argument(name: str, value: Any) -> str:
    """Write a setting of a call; what can't be a name in Python becomes a key, and nothing else."""
    is_name = name.isidentifier() and not keyword.iskeyword(name)
    return f"{name}={_as_code(value)}" if is_name else f"**{_as_code({name: value})}"


def _as_code(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if mentions.is_mention(value):
        return str(value[1:])
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_as_code(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_as_code, value))}]"
    return repr(value)
