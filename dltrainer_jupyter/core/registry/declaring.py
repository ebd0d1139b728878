"""``@register(…)``: how a class says which part it is, in a file of the plug-in folder or in a notebook."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError, brief
from dltrainer_jupyter.core.registry import notebook
from dltrainer_jupyter.core.registry.kinds import OF_A_FRAMEWORK, SINGULAR, Kind
from dltrainer_jupyter.core.registry.namespace import is_plug_ins

Class = TypeVar("Class", bound=type[Any])

_NAME = re.compile(r"[A-Za-z_][\w-]{0,79}")


@dataclass(frozen=True)
class Declared:
    """What stands in front of a class."""

    kind: Kind
    name: str
    framework: str | None
    symbol: str
    """The class."""
    version: str | None = None
    """Its version, if that is written out."""

    @property
    def full_name(self) -> str:
        """The name with its framework in front, where it belongs to one."""
        return f"{self.framework}.{self.name}" if self.kind in OF_A_FRAMEWORK else self.name


def register(kind: Kind, name: str | None = None, framework: str | None = None) -> Callable[[Class], Class]:
    """Make a class a part that can be named in configurations.

    In a file of the plug-in folder it says what the file brings: the words are read without running the file, so they
    have to be written out. In a notebook the class can be named from then on; to register another one under the same
    name replaces it, and runs keep the one they were started with.

    Parameters
    ----------
    kind : str
        Which kind of part: ``"models"``, ``"losses"``, ``"data"`` …
    name : str, optional
        What people write; by default the class's name in small letters, ``TinyNet`` being ``tiny_net``.
    framework : str, optional
        Whose part it is; needed for optimizers, losses and augmentations, which belong to one.

    Returns
    -------
    callable
        The decorator; it gives the class back as it is.

    Raises
    ------
    ConfigurationError
        If the words or the class can't be used, or another part has the name already.

    Examples
    --------
    >>> @register("models")  # doctest: +SKIP
    ... class TinyNet: ...
    """

    def decorate(found: Class) -> Class:
        if not isinstance(found, type):
            msg = f"register: expected a class, got {brief(found)}."
            raise ConfigurationError(msg)
        declared = declaration(found.__name__, kind, name, framework)
        found.__dltrainer_framework__ = framework
        if not is_plug_ins(found.__module__):
            notebook.add(declared.kind, declared.full_name, found)
        return found

    return decorate


def declaration(symbol: str, kind: Any, name: Any = None, framework: Any = None) -> Declared:
    """Check the words of a declaration.

    Raises
    ------
    ConfigurationError
        If they can't be used.
    """
    if kind not in SINGULAR:
        what = "kind of part"
        raise UnknownNameError(what, str(kind), SINGULAR)
    name = default_name(symbol) if name is None else name
    for key, word in {"name": name, "framework": framework or name}.items():
        if not isinstance(word, str) or not _NAME.fullmatch(word):
            msg = f"register: {key}: expected letters, digits, - and _, got {brief(word)}."
            raise ConfigurationError(msg)
    if kind in OF_A_FRAMEWORK and framework is None:
        msg = (
            f"register: {symbol}: each of the {kind} belongs to a framework, and none is given; write "
            f'@register("{kind}", framework="pytorch").'
        )
        raise ConfigurationError(msg)
    return Declared(cast("Kind", kind), name, framework, symbol)


def default_name(symbol: str) -> str:
    """Name a part after its class.

    Examples
    --------
    >>> default_name("TinyNet"), default_name("CNN"), default_name("VGG16Small")
    ('tiny_net', 'cnn', 'vgg16_small')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", symbol).lower()
