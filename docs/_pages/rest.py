"""The page of the REST API: every operation and what goes in and out, from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from pydantic.json_schema import models_json_schema

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.server import openapi
from dltrainer_jupyter.server.routes import PREFIX, ROUTES
from dltrainer_jupyter.server.stream import STREAM
from dltrainer_jupyter.server.stream_schemas import ASKED, TOLD
from dltrainer_jupyter.tal.catalogue import written
from docs._pages.markdown import code, prose, table

if TYPE_CHECKING:
    from pydantic import BaseModel

_HEAD = f"""\
# REST

What the Jupyter server answers where the extension is enabled, under its base URL and behind its token, as `dltrain ui`
does. This page is written from the OpenAPI document, which the server gives at `GET {PREFIX}/openapi.json`. A WebSocket
tells what changes: [Stream](#stream).

A refused request is answered with [ErrorAnswer](#erroranswer):
"""
_STREAM = f"""\
## Stream

A WebSocket at `{PREFIX}{STREAM}`, behind the same token, tells of changes as they come: one for a whole page, however
much it shows. Frames are JSON, each with a `kind`. `{STREAM}?runs=a,b` watches from the beginning on. While somebody is
slow to read, one frame of each thing waits at most, and is put together when it can be sent.
"""
_SCHEMA = "#/components/schemas/"
_ELSEWHERE = dict.fromkeys((RunSpec.__name__, *RunSpec.model_json_schema()["$defs"]), "configuration.md")
"""Schemas that have a page of their own: a run's settings, and the groups in them."""
_ANY = 2**53
"""From here on a bound only says what a database can hold."""
_WORDS = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "null"}


def pages() -> dict[str, str]:
    """Write the page, in Markdown, by its place in the folder of the reference."""
    document = openapi.document(PREFIX, ROUTES)
    schemas = document["components"]["schemas"]
    lines = [_HEAD, *_refusals(document)]
    for group, paths in groupby(document["paths"].items(), key=lambda it: _group(it[0])):
        lines.append(f"## {group.capitalize()}\n")
        lines += [line for path, methods in paths for line in _path(path, methods)]
    stream, more = _stream()
    lines += stream
    schemas |= {name: schema for name, schema in more.items() if name not in schemas}
    lines.append("## Schemas\n")
    lines += [line for name in sorted(schemas) if name not in _ELSEWHERE for line in _schema(name, schemas[name])]
    return {"rest.md": "\n".join(lines).rstrip() + "\n"}


def _stream() -> tuple[list[str], Mapping[str, Any]]:
    """Write what both sides say over the stream; gives the schemas it refers to besides."""
    lines = [_STREAM]
    more: dict[str, Any] = {}
    for heading, frames in (("A client says", ASKED), ("The server says", TOLD)):
        lines.append(f"### {heading}\n")
        wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [
            (frame, "validation") for frame in frames.values()
        ]
        schemas, document = models_json_schema(wanted, ref_template=_SCHEMA + "{model}")
        defined = document["$defs"]
        for frame, kind in zip(frames.values(), frames, strict=True):
            name = schemas[frame, "validation"]["$ref"].removeprefix(_SCHEMA)
            lines += _schema(kind, defined.pop(name), level=4)
        more |= defined
    return lines, more


def _group(path: str) -> str:
    return path.removeprefix(PREFIX).strip("/").partition("/")[0]


def _refusals(document: Mapping[str, Any]) -> Iterator[str]:
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    found = {status: it["description"] for of in operations for status, it in of["responses"].items() if status >= "4"}
    return table(("status", "why"), ((f"`{status}`", prose(why)) for status, why in sorted(found.items())))


def _path(path: str, methods: Mapping[str, Any]) -> Iterator[str]:
    for method, operation in methods.items():
        yield f"### {method.upper()} {path.removeprefix(PREFIX)}\n"
        yield prose(operation["summary"]) + "\n"
        yield f"```text\n{method.upper()} {path}\n```\n"
        parameters = operation.get("parameters", ())
        if parameters:
            yield from table(("parameter", "in", "type", "default", "what it is"), map(_parameter, parameters))
        if "requestBody" in operation:
            yield f"Takes {_contents(operation['requestBody'])}.\n"
        for status, answer in operation["responses"].items():
            if status < "4":
                yield f"Answers `{status}`" + (f" with {_contents(answer)}" if "content" in answer else "") + ".\n"


def _parameter(of: Mapping[str, Any]) -> tuple[str, ...]:
    default = "required" if of["required"] else code(written(of["schema"].get("default")))
    return f"`{of['name']}`", of["in"], _type(of["schema"]), default, prose(of["description"])


def _contents(of: Mapping[str, Any]) -> str:
    """Say what a body is; JSON is what it is everywhere, and YAML where it is taken."""
    kinds = of["content"]
    said = {_type(it["schema"]): "" for it in kinds.values() if it["schema"].get("$ref")}
    return ", ".join(said) if said else ", ".join(map(code, kinds))


def _schema(name: str, schema: Mapping[str, Any], level: int = 3) -> Iterator[str]:
    yield f"{'#' * level} {name}\n"
    if schema.get("description"):
        yield prose(schema["description"].partition("\n\n")[0]) + "\n"
    properties = schema.get("properties", {})
    if not properties:
        yield f"{_type({key: it for key, it in schema.items() if key != '$ref'})}\n"
        return
    required = schema.get("required", ())
    rows = (
        (f"`{key}`", _type(it), _default(it, key in required), prose(it.get("description", "")))
        for key, it in properties.items()
    )
    yield from table(("field", "type", "default", "what it is"), rows)


def _default(of: Mapping[str, Any], required: bool) -> str:  # noqa: FBT001 - said of the field before it
    return "always" if required else code(written(of["default"])) if "default" in of else ""


def _type(of: Mapping[str, Any]) -> str:
    """Say in words what a JSON schema allows."""
    if "$ref" in of:
        name = of["$ref"].removeprefix(_SCHEMA)
        return f"[{name}]({_ELSEWHERE.get(name, '#' + name.lower())})"
    if several := of.get("anyOf") or of.get("oneOf"):
        return " | ".join(dict.fromkeys(map(_type, several)))
    if "enum" in of or "const" in of:
        return " | ".join(code(written(it)) for it in of.get("enum", [of.get("const")]))
    kind = of.get("type")
    if kind == "array":
        inner = of.get("items") or next(iter(of.get("prefixItems", ())), None)
        return f"list ({_type(inner)} each)" if inner else "list"
    if kind == "object":
        values = of.get("additionalProperties")
        return f"mapping ({_type(values)} each)" if isinstance(values, dict) and values else "mapping"
    return _WORDS.get(str(kind), "anything") + _bounds(of)


def _bounds(of: Mapping[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": "\\>", "maximum": "≤", "exclusiveMaximum": "<"}
    said = [f"{sign} {of[key]:g}" for key, sign in signs.items() if key in of and abs(of[key]) < _ANY]
    return f" {', '.join(said)}" if said else ""
