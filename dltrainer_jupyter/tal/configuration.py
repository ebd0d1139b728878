"""What people write to configure a run: YAML, files of it, and ``key=value`` pairs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.views.configuration import NUMBER


class _Loader(yaml.SafeLoader):
    """Safe YAML in which ``1e-3`` is a number, as people who write learning rates expect, and keys come once."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            if key_node.value in seen:
                msg = f"the key '{key_node.value}' stands there twice"
                raise yaml.constructor.ConstructorError(None, None, msg, key_node.start_mark)
            seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)


_Loader.add_implicit_resolver(*NUMBER)


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
    values = _parse(text)
    if values is None:
        values = {}
    if not isinstance(values, dict):
        msg = f"Expected a YAML mapping of settings such as 'model: cnn', got {brief(values)}."
        raise ConfigurationError(msg)
    for key in values:
        if not isinstance(key, str):
            msg = f"Expected the names of settings as keys, got {brief(key)}; if it is meant as text, quote it."
            raise ConfigurationError(msg)
    return values


def _parse(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader, see above
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        reason = f"{where}{error.problem or error.context}"
    except yaml.YAMLError as error:
        reason = str(error)
    except RecursionError:
        reason = "it is nested too deep"
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        # PyYAML takes for granted that a date is one, and that what is tagged as a number can be read as one.
        reason = f"a value can't be read ({type(error).__name__}: {error})"
    msg = f"The YAML doesn't parse: {' '.join(reason.split()).rstrip('.')}."
    raise ConfigurationError(msg)


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
        path = key.strip().split(".")
        if not separator or not all(path):
            msg = f"Expected KEY=VALUE, got {brief(pair)}."
            raise ConfigurationError(msg)
        try:
            value = _parse(text)
        except ConfigurationError as error:
            msg = f"{key.strip()}: {error}"
            raise ConfigurationError(msg) from None
        for part in reversed(path):
            value = {part: value}
        values = merged(values, value)
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
