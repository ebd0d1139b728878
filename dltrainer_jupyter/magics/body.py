"""The body of a ``%%dltrain`` cell: Python or YAML, with the notebook's variables in reach."""

from __future__ import annotations

import ast
import linecache
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.tal.mentions import names_in, resolved

_LOOKS_LIKE_PYTHON = re.compile(
    r"^(?:[^\W\d][\w.]*\s*=[^=]|(?:import|from|def|class|for|while|with|if|try)\b)", re.MULTILINE
)


def is_python(body: str) -> bool:
    r"""Tell whether a body is Python; otherwise it is YAML.

    It is if it parses as Python and has a top-level statement that is neither a bare annotation, as ``model: cnn``
    is in YAML, nor an expression.

    Examples
    --------
    >>> is_python("model = net"), is_python("model: cnn"), is_python("model: {type: mlp}\nepochs: 3")
    (True, False, False)
    """
    tree, _ = _parsed(body)
    return tree is not None and any(not _is_yaml_too(statement) for statement in tree.body)


def _is_yaml_too(statement: ast.stmt) -> bool:
    bare_annotation = isinstance(statement, ast.AnnAssign) and statement.value is None
    return bare_annotation or isinstance(statement, ast.Expr)


def _parsed(body: str) -> tuple[ast.Module | None, str]:
    """Parse a body as Python, or say why it can't be; lines are counted from the cell's first."""
    with warnings.catch_warnings():
        # About an invalid escape in what may well be YAML.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(_below_magic(body)), ""
        except SyntaxError as error:
            return None, f"line {error.lineno}: {error.msg}"
        except (ValueError, RecursionError, MemoryError) as error:
            return None, str(error) or type(error).__name__


def looks_like_python(body: str) -> bool:
    """Tell whether a body that may not be finished has a line that Python has and YAML hasn't.

    Examples
    --------
    >>> looks_like_python("loss = (1 +"), looks_like_python("loss: [")
    (True, False)
    """
    return _LOOKS_LIKE_PYTHON.search(body) is not None


def assigned_names(body: str) -> set[str]:
    r"""Give the names that a Python body assigns or defines; none if it is YAML.

    Examples
    --------
    >>> sorted(assigned_names("modell = net\ndef loss(a, b): ..."))
    ['loss', 'modell']
    """
    tree, _ = _parsed(body)
    if tree is None or not is_python(body):
        return set()
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return names | {node.name for node in tree.body if isinstance(node, definitions)}


def read_names(body: str, parse: Callable[[str], dict[str, Any]]) -> set[str]:
    r"""Give the names of the notebook that a body reads: those that YAML mentions, or Python doesn't assign itself.

    Parameters
    ----------
    body : str
        The cell below the magic's line.
    parse : callable
        Turns YAML text into a dictionary, or raises ConfigurationError.

    Examples
    --------
    >>> read_names("model = net", dict), read_names("model: $net", lambda body: {"model": "$net"})
    ({'net'}, {'net'})
    """
    if not is_python(body):
        try:
            return set(names_in(parse(body)))
        except ConfigurationError:
            return set()
    tree, _ = _parsed(body)
    nodes = [] if tree is None else ast.walk(tree)
    loaded = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return loaded - assigned_names(body)


def _below_magic(body: str) -> str:
    """Put a line in front, as the magic's own line stands there in the cell."""
    return f"\n{body}"


# --- YAML -------------------------------------------------------------------------------------------


def from_yaml(body: str, parse: Callable[[str], dict[str, Any]], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Read a YAML body and put variables in place of ``$name``.

    Parameters
    ----------
    body : str
        The cell below its first line.
    parse : callable
        Reads YAML into a mapping; raises ConfigurationError.
    variables : mapping
        The notebook's, by name.

    Raises
    ------
    ConfigurationError
        If it doesn't parse, with line and column as the cell counts them, or mentions a variable there is none of.
    """
    try:
        values = parse(_below_magic(body))
    except ConfigurationError as error:
        if not looks_like_python(body):
            raise
        _, problem = _parsed(body)
        msg = f"{error} If it is meant to be Python: {problem or 'it needs an assignment, such as model = net'}."
        raise ConfigurationError(msg) from None
    return resolved(values, variables, "the notebook has no variable", user_names(variables))


def user_names(variables: Mapping[str, Any]) -> Iterable[str]:
    """Give the names a person would recognise as theirs."""
    shell = {"In", "Out", "exit", "quit", "get_ipython", "open", "run"}
    return [name for name in variables if not name.startswith("_") and name not in shell]


# --- Python -----------------------------------------------------------------------------------------


class _Recorded(MutableMapping[str, Any]):
    """The names of a module's top level, which notes those that are assigned.

    The body's functions read their globals straight from the dictionary behind it, so everything is kept there.
    """

    def __init__(self, scope: dict[str, Any]) -> None:
        self._scope = scope
        self.assigned: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        return self._scope[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._scope[name] = value
        self.assigned.add(name)

    def __delitem__(self, name: str) -> None:
        del self._scope[name]
        self.assigned.discard(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope)

    def __len__(self) -> int:
        return len(self._scope)


def filename(line: str) -> str:
    """Give what a body is called in a traceback.

    Examples
    --------
    >>> filename("digits-cnn")
    '<dltrain digits-cnn>'
    """
    return f"<dltrain {line}>"


def remember_source(where: str, source: str) -> None:
    """Let tracebacks show the source of code that is in no file."""
    # Entries without a time are never checked against a file.
    linecache.cache[where] = (len(source), None, source.splitlines(keepends=True), where)


def _refuse_yaml(body: str, settings: Iterable[str]) -> None:
    """Name a setting that stands as ``model: mlp`` in Python, where it says nothing."""
    tree, _ = _parsed(body)
    statements = [] if tree is None else tree.body
    nodes = [node for it in statements if not _is_yaml_too(it) for node in ast.walk(it)]
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for statement in statements:
        if not isinstance(statement, ast.AnnAssign) or statement.value is not None:
            continue
        key, value = ast.unparse(statement.target), statement.annotation
        if key in settings and key not in stored:
            better = f'"{value.id}"' if isinstance(value, ast.Name) else "…"
            msg = (
                f"{key}: line {statement.lineno} is YAML, and the cell is Python, as something in it is assigned or "
                f"defined; expected {key} = {better}, got '{ast.unparse(statement)}'."
            )
            raise ConfigurationError(msg)


def from_python(
    body: str, name: str, first_line: str, variables: Mapping[str, Any], settings: Iterable[str]
) -> dict[str, Any]:
    """Run a Python body and take the settings it assigns.

    It reads the notebook's variables and leaves none behind.

    Parameters
    ----------
    body : str
        The cell below its first line.
    name : str
        What the cell is called in a traceback: the run's name.
    first_line : str
        The magic's own line, for the source in a traceback.
    variables : mapping
        The notebook's, by name.
    settings : iterable of str
        Names that are settings; others are the body's own affair.

    Raises
    ------
    ConfigurationError
        If it doesn't compile, or writes a setting as YAML does.
    Exception
        Whatever the body raises.
    """
    settings = list(settings)
    _refuse_yaml(body, settings)
    source, where = _below_magic(body), filename(name)
    remember_source(where, f"{first_line}\n{body}")
    try:
        code = compile(source, where, "exec", dont_inherit=True)
    except SyntaxError as error:
        msg = f"The cell's Python doesn't compile: line {error.lineno}: {error.msg}."
        raise ConfigurationError(msg) from None
    scope = dict(variables)
    # An annotated assignment writes into this dictionary, which is the notebook's.
    scope.pop("__annotations__", None)
    names = _Recorded(scope)
    exec(code, scope, names)  # noqa: S102 - the person's own cell, which the notebook would run the same way
    return {key: scope[key] for key in settings if key in names.assigned}
