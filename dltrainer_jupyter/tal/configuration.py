"""The configuration file: YAML in, a checked specification out, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import RunSpec


class _Loader(yaml.SafeLoader):
    """Safe YAML in which ``1e-3`` is a number, as people who write learning rates expect, and keys come once."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)  # type: ignore[no-untyped-call]
            if key in seen:
                where = key_node.start_mark
                msg = f"line {where.line + 1}, column {where.column + 1}: the key '{key}' stands there twice."
                raise ConfigurationError(msg)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]


_FLOAT = r"^[-+]?(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*)(?:[eE][-+]?\d+)$"
_FLOAT_RESOLVER: tuple[str, re.Pattern[str], list[str]] = (
    "tag:yaml.org,2002:float",
    re.compile(_FLOAT),
    list("-+.0123456789"),
)
_Loader.add_implicit_resolver(*_FLOAT_RESOLVER)


class _Dumper(yaml.SafeDumper):
    """Quotes a text that the loader would take for a number."""


_Dumper.add_implicit_resolver(*_FLOAT_RESOLVER)


def parse_yaml(text: str) -> dict[str, Any]:
    """Read a configuration.

    Parameters
    ----------
    text : str
        A YAML mapping.

    Raises
    ------
    ConfigurationError
        If it doesn't parse, with line and column, or is no mapping.
    """
    try:
        values = yaml.load(text, _Loader)  # noqa: S506 - a safe loader, see above
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        msg = f"The YAML doesn't parse: {where}{error.problem or error.context}."
        raise ConfigurationError(msg) from None
    except yaml.YAMLError as error:
        msg = f"The YAML doesn't parse: {error}"
        raise ConfigurationError(msg) from None
    if values is None:
        values = {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        msg = f"Expected a YAML mapping of settings such as 'model: cnn', got {str(values)[:60]!r}."
        raise ConfigurationError(msg)
    return values


def read_file(path: str | Path) -> dict[str, Any]:
    """Read a configuration file.

    Raises
    ------
    ConfigurationError
        If there is no such file, or it is no YAML mapping; the message names the file.
    """
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        msg = f"Configuration {path} can't be read: {reason}."
        raise ConfigurationError(msg) from error
    try:
        return parse_yaml(text)
    except ConfigurationError as error:
        msg = f"{path}: {error}"
        raise ConfigurationError(msg) from None


def to_yaml(spec: RunSpec, *, complete: bool = False) -> str:
    """Write a specification as YAML.

    Parameters
    ----------
    spec : RunSpec
        What to write.
    complete : bool, default False
        Write the settings nobody gave as well.
    """
    values = spec.model_dump(mode="json") if complete else spec.dump()
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True))


def parse_assignments(pairs: list[str]) -> dict[str, Any]:
    """Read ``key=value`` pairs, whose values are YAML and whose keys may be dotted.

    Examples
    --------
    >>> parse_assignments(["optimizer.type=adamw", "epochs=3"])
    {'optimizer': {'type': 'adamw'}, 'epochs': 3}
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key.strip():
            msg = f"Expected KEY=VALUE, got '{pair}'."
            raise ConfigurationError(msg)
        value = parse_yaml(f"value: {text}")["value"]
        target = values
        *path, last = key.strip().split(".")
        for part in path:
            target = target.setdefault(part, {})
        target[last] = value
    return values


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay changes over a configuration; mappings are merged key by key.

    Examples
    --------
    >>> merged({"optimizer": "adam"}, {"optimizer": {"weight_decay": 0.1}})
    {'optimizer': {'type': 'adam', 'weight_decay': 0.1}}
    """
    result = dict(base)
    for key, value in changes.items():
        before = result.get(key)
        if isinstance(before, str) and isinstance(value, Mapping) and "type" not in value:
            before = {"type": before}
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        # Another type of part has other settings: nothing of the old one is kept.
        if both and value.get("type", before.get("type")) == before.get("type"):  # type: ignore[union-attr]
            result[key] = merged(before, value)  # type: ignore[arg-type]
        else:
            result[key] = value
    return result
