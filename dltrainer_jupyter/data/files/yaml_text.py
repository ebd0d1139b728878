"""YAML that somebody else wrote: nothing in it is run, and its aliases stand for no more than anybody means."""

from __future__ import annotations

from typing import Any

import yaml

_MOST_VALUES = 1_000_000
"""Values that a text may stand for once its aliases are spelled out; a few lines of them could stand for billions."""


def constructed(text: str, loader_class: Any = yaml.SafeLoader) -> Any:
    """Read a document.

    Parameters
    ----------
    text : str
        YAML.
    loader_class : type, default yaml.SafeLoader
        A subclass of it.

    Raises
    ------
    yaml.YAMLError
        If it is none, is nested too deep, holds a value that can't be read, or stands for too much.

    Examples
    --------
    >>> constructed("names: [cat, dog]")
    {'names': ['cat', 'dog']}
    """
    try:
        loader = loader_class(text)
        try:
            node = loader.get_single_node()
            _refuse_too_many(node)
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except RecursionError:
        msg = "it is nested too deep"
        raise yaml.YAMLError(msg) from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        # PyYAML takes for granted that a date is one, and that what is tagged as a number can be read as one.
        msg = f"a value can't be read ({type(error).__name__}: {error})"
        raise yaml.YAMLError(msg) from None


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
