"""What people write to configure a run: YAML, files of it, and ``key=value`` pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from dltrainer_jupyter.core.errors import ConfigurationError, brief, legible
from dltrainer_jupyter.views.configuration import NUMBER

_MOST_VALUES = 1_000_000
"""Values that a text may stand for once its aliases are spelled out; a few lines of them could stand for billions."""


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
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            _refuse_too_many(node)
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        reason = f"{where}{error.problem or error.context}"
        raise UnreadableYAMLError(reason, mark.line + 1 if mark else None) from None
    except yaml.YAMLError as error:
        reason = str(error)
    except RecursionError:
        reason = "it is nested too deep"
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        # PyYAML takes for granted that a date is one, and that what is tagged as a number can be read as one.
        reason = f"a value can't be read ({type(error).__name__}: {error})"
    raise UnreadableYAMLError(reason)


def _refuse_too_many(node: yaml.Node | None) -> None:
    """Refuse aliases that stand for more than anybody means, or for what they are part of."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        known = sizes.get(id(node))
        if known is None:
            sizes[id(node)] = _MOST_VALUES + 1  # until it is known: what holds itself has no end
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            inner = [part for pair in pairs for part in pair]
            inner += node.value if isinstance(node, yaml.SequenceNode) else ()
            known = sizes[id(node)] = 1 + sum(map(size, inner))
        if known > _MOST_VALUES:
            problem = f"with aliases spelled out it holds more than {_MOST_VALUES:,} values"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return known

    if node is not None:
        size(node)


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
