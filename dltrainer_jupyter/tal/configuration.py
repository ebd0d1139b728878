"""What people write to configure a run: YAML, files of it, and ``key=value`` pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from dltrainer_jupyter.core import plain_files
from dltrainer_jupyter.core.errors import ConfigurationError, brief, legible
from dltrainer_jupyter.data.files.yaml_text import constructed
from dltrainer_jupyter.tal.yaml_faults import told
from dltrainer_jupyter.views.configuration import NUMBER

_LARGEST = 16 << 20
"""Bytes of a file."""
_BOOLEAN, _TEXT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:str"


class UnreadableYAMLError(ConfigurationError):
    """Text that is no YAML.

    Attributes
    ----------
    line : int or None
        Where, counted from 1, if that's known.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(f"The YAML doesn't parse: {' '.join(reason.split()).rstrip('.')}.")
        self.line = line


class _Loader(yaml.SafeLoader):
    """Safe YAML in which ``1e-3`` is a number, as people who write learning rates expect, and keys come once."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        seen: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                continue
            if key_node.tag == _BOOLEAN:
                # As a key, "on" is the name of a setting.
                key_node.tag = _TEXT
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
    UnreadableYAMLError
        If it doesn't parse, with line and column.
    ConfigurationError
        If it is no mapping.
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


def line_of(text: str, path: Sequence[str]) -> int | None:
    r"""Find where a key stands.

    Parameters
    ----------
    text : str
        YAML, which JSON is as well.
    path : sequence of str
        The keys that lead to it; numbers for the places in a list.

    Returns
    -------
    int or None
        Counted from 1; where the path goes on into what isn't written there, the last key that is. None if there is
        none.

    Examples
    --------
    >>> line_of("model:\n  type: mlp\n  hidden: [64]", ["model", "hidden", "0"])
    3
    """
    try:
        node = yaml.compose(text, _Loader)
    except (yaml.YAMLError, RecursionError):
        return None
    line = None
    for key in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((name, value) for name, value in node.value if name.value == key), None)
        elif isinstance(node, yaml.SequenceNode) and key.isdecimal() and int(key) < len(node.value):
            found = (node.value[int(key)],) * 2
        else:
            found = None
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def _parse(text: str) -> Any:
    try:
        return constructed(text, _Loader)
    except yaml.YAMLError as error:
        raise UnreadableYAMLError(*told(error, text)) from None


def read_file(path: str | Path) -> dict[str, Any]:
    """Read a configuration file.

    Raises
    ------
    ConfigurationError
        If there is no such file, or it is no YAML mapping; the message names the file.
    """
    text = read_text(path)
    try:
        return parse_yaml(text)
    except ConfigurationError as error:
        msg = f"{path}: {error}"
        raise ConfigurationError(msg) from None


def read_text(path: str | Path) -> str:
    """Read a configuration file as it was written.

    Raises
    ------
    ConfigurationError
        If there is no such file, or it is no text; the message names the file.
    """
    try:
        return plain_files.read(Path(path).expanduser(), _LARGEST, f"Configuration {path}").decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        msg = f"Configuration {path} can't be read: {reason}."
        raise ConfigurationError(msg) from error


def given(config: Mapping[str, Any] | str | Path | None, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lay arguments that aren't None over a configuration, or over what a file of one holds.

    Examples
    --------
    >>> given({"model": "mlp", "epochs": 3}, {"epochs": 5, "seed": None})
    {'model': 'mlp', 'epochs': 5}
    """
    base = read_file(config) if isinstance(config, str | Path) else dict(config or {})
    return merged(base, {key: value for key, value in arguments.items() if value is not None})


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
            msg = f"{legible(key.strip())}: {error}"
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
        # Another type of part has other settings: nothing of the old one is kept. The type may come last, too.
        kinds = {it["type"] for it in (before, value) if isinstance(it, Mapping) and isinstance(it.get("type"), str)}
        if both and len(kinds) <= 1:
            result[key] = merged(before, value)  # type: ignore[arg-type]
        else:
            result[key] = value
    return result
