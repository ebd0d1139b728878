"""What a plug-in's file registers, read from its text; nothing in it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.registry.declaring import Declared, declaration

_OURS = "dltrainer_jupyter"
_REGISTER = {f"{_OURS}.register", f"{_OURS}.tal.register", f"{_OURS}.core.registry.register"}
_PARAMETERS = ("kind", "name", "framework")


def declared(text: bytes) -> list[Declared]:
    """List the classes of a file that ``@register(…)`` stands in front of.

    Raises
    ------
    ConfigurationError
        If the text is no Python, or the words can't be read or used; names the line.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        msg = f"SyntaxError: {error.msg} (line {error.lineno or 1})"
        raise ConfigurationError(msg) from None
    except (ValueError, RecursionError, MemoryError) as error:
        msg = f"{type(error).__name__}: {error}"
        raise ConfigurationError(msg) from None
    names: dict[str, str] = {}
    found = []
    for node in _statements(tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= _imported(node)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            found += [_read(one, node) for one in node.decorator_list if _dotted(_called(one), names) in _REGISTER]
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Give the statements of a module, those under ``if``, ``try`` and ``with`` among them."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            for field in ("body", "orelse", "handlers", "finalbody"):
                for inner in getattr(node, field, ()):
                    yield from _statements(inner.body if isinstance(inner, ast.ExceptHandler) else [inner])


def _imported(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """Say what names an import binds."""
    if isinstance(node, ast.Import):
        bound = {it.asname or it.name.partition(".")[0]: it for it in node.names}
        return {name: it.name if it.asname else name for name, it in bound.items()}
    return {it.asname or it.name: f"{node.module}.{it.name}" for it in node.names if node.module and not node.level}


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _dotted(node: ast.expr, names: dict[str, str]) -> str | None:
    """Give the full name of ``a.b.c`` by what the file imports."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value, names)
        return None if inner is None else f"{inner}.{node.attr}"
    return None


def _read(decorator: ast.expr, node: ast.ClassDef | ast.FunctionDef) -> Declared:
    where = f"(line {decorator.lineno})"
    if not isinstance(node, ast.ClassDef) or not isinstance(decorator, ast.Call):
        msg = f'@register("KIND") stands in front of a class, got {node.name} {where}'
        raise ConfigurationError(msg)
    words: dict[str | None, ast.expr] = dict(zip(_PARAMETERS, decorator.args, strict=False))
    words |= {keyword.arg: keyword.value for keyword in decorator.keywords}
    if len(decorator.args) > len(_PARAMETERS) or "kind" not in words or not words.keys() <= set(_PARAMETERS):
        msg = f"register takes kind, name and framework {where}"
        raise ConfigurationError(msg)
    values: dict[str, Any] = {}
    for key, value in words.items():
        if not isinstance(value, ast.Constant):
            msg = f"register: {key} has to be written out, so that it is known without running the file {where}"
            raise ConfigurationError(msg)
        values[str(key)] = value.value
    try:
        return replace(declaration(node.name, **values), version=_version(node))
    except ConfigurationError as error:
        msg = f"{str(error).rstrip('.')} {where}"
        raise ConfigurationError(msg) from None


def _version(node: ast.ClassDef) -> str | None:
    """Read the class's own ``version``, if it is written out."""
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Constant) and any(isinstance(it, ast.Name) and it.id == "version" for it in targets):
            return str(value.value)
    return None
