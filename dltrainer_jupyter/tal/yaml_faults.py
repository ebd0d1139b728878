"""Why a text is no YAML, for whoever wrote it: the parser's own words speak of tokens and streams."""

from __future__ import annotations

import re
from typing import Any

import yaml

_TOKENS = {
    "<stream end>": "the end of the text",
    "<document start>": "'---'",
    "<document end>": "'...'",
    "<block mapping start>": "a key",
    "<block sequence start>": "a list",
    "<block end>": "a line that begins further left",
    "<scalar>": "a value",
    "<alias>": "'*'",
    "<anchor>": "'&'",
    "<tag>": "'!'",
    "<directive>": "'%'",
    "?": "a key",
}
_SAID = {
    r"^expected ',' or '(?P<end>.)', but got '(?P<got>.*)'$": "expected ',' or '{end}', got {got}",
    r"^mapping values are not allowed": "expected no ':' here (an indented line, or a text that needs quotes)",
    r"^could not find expected ':'": "expected ':' behind this key",
    r"^expected <block end>, but found '(?P<got>.*)'$": "expected a line in the column of those above, got {got}",
    r"^expected '<document start>', but found '(?P<got>.*)'$": "expected the end of the text, got {got}",
    r"^but found another document": "expected one document, got a second one",
    r"^found character '\\t'": "expected spaces, got a tab",
    r"^found character '(?P<it>.+)' that cannot start": "a text that begins with '{it}' needs quotes",
    r"^found undefined alias '(?P<it>.*)'$": "no '&{it}' stands above this '*{it}'; as a text it needs quotes",
    r"^could not determine a constructor for the tag '(?P<it>.*)'$": "unknown tag '{it}'; as a text it needs quotes",
    r"^second occurrence$": "this anchor ('&') stands above already",
    r"^found unknown escape character '(?P<it>.*)'$": r"unknown escape '\{it}'; write '\\{it}', or use single quotes",
    r"^sequence entries are not allowed": "expected no '-' here; a list begins on a line of its own",
    r"^expected the node content, but found '(?P<got>.*)'$": "expected a value, got {got}",
    r"^found unhashable key": "expected a name as the key, got a list or a mapping",
    r"^expected chomping .*, but found '(?P<it>.*)'$": "expected a line break behind '|' or '>', got '{it}'",
    r"^expected a mapping or list of mappings for merging": "expected a mapping behind '<<'",
}
"""What the parser says, and what a person is told: what stands there is ``got``, or ``it`` where that is no token."""


def told(error: yaml.YAMLError, text: str) -> tuple[str, int | None]:
    """Say why a text is no YAML.

    Parameters
    ----------
    error : yaml.YAMLError
        What the parser raised.
    text : str
        What it was to read.

    Returns
    -------
    reason : str
        With line and column, as far as they are known.
    line : int or None
        Counted from 1: the one to mend, such as that of a bracket that is never closed.
    """
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"line {line}: the character #x{error.character:04x} can't stand in YAML", line
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error), None
    reason, mark = _reason(error)
    return (f"line {mark.line + 1}, column {mark.column + 1}: {reason}", mark.line + 1) if mark else (reason, None)


def _reason(error: yaml.MarkedYAMLError) -> tuple[str, Any]:
    """Give a sentence, and the place it is about."""
    problem, mark = error.problem or error.context or "", error.problem_mark or error.context_mark
    opened = re.search(r"^expected ',' or '([\]}])', but got '<stream end>'$", problem)
    if opened and error.context_mark:
        return f"expected '{opened[1]}' at the end of what begins here, got the end of the text", error.context_mark
    if problem.startswith("found unexpected end of stream") and error.context_mark:
        return "expected a quote at the end of the text that begins here", error.context_mark
    if problem.startswith("could not find expected ':'"):
        mark = error.context_mark or mark
    for pattern, said in _SAID.items():
        if found := re.search(pattern, problem):
            words = found.groupdict()
            return said.format(**words | ({"got": _token(words["got"])} if "got" in words else {})), mark
    return re.sub(r"'?(<[a-z ]+>)'?", lambda found: _token(found[1]), problem), mark


def _token(name: str) -> str:
    return _TOKENS.get(name, f"'{name}'")
