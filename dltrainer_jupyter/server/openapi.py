"""The OpenAPI document, made of the routes and of the models that check requests."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.server.operation import Operation
from dltrainer_jupyter.server.schemas import ErrorAnswer, Nothing

_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "The request can't be read.",
    HTTPStatus.FORBIDDEN: "Nobody the server knows, not allowed to, or without an XSRF token.",
    HTTPStatus.NOT_FOUND: "There is no such run, model or part, or another site's page asks.",
    HTTPStatus.CONFLICT: "It makes no sense in the run's state.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A setting can't be used.",
    HTTPStatus.TOO_MANY_REQUESTS: "So many predictions are waiting that one more would wait too long.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store can't be reached, or the process that predicts ended.",
    HTTPStatus.GATEWAY_TIMEOUT: "A prediction took longer than it may.",
}
_MEDIA_TYPES = ("application/json", "application/yaml")


class Document(BaseModel):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


def document(prefix: str, routes: Mapping[str, Mapping[str, Operation]]) -> dict[str, Any]:
    """Describe routes.

    Parameters
    ----------
    prefix : str
        What stands before each path.
    routes : mapping
        Operations by path and method.

    Returns
    -------
    dict
        OpenAPI 3.1, as JSON types.
    """
    operations = [operation for methods in routes.values() for operation in methods.values()]
    models = {ErrorAnswer} | {model for it in operations for model in (it.query, it.body, it.answer) if model}
    wanted = [(model, _mode(model)) for model in sorted(models, key=lambda model: model.__name__)]
    schemas, definitions = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    named = {model: schemas[model, mode] for model, mode in wanted}
    return {
        "openapi": "3.1.0",
        "info": {"title": "DLTrainer for Jupyter", "version": version("dltrainer-jupyter")},
        "servers": [{"url": "../..", "description": "The Jupyter server's base URL."}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": {
            prefix + path: {method: _operation(path, method, it, named, definitions) for method, it in methods.items()}
            for path, methods in routes.items()
        },
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "The word token, a space, and the Jupyter server's token.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "_xsrf",
                    "description": "A browser that is logged in sends its XSRF cookie again as the header X-XSRFToken.",
                },
            },
        },
    }


_Mode = Literal["validation", "serialization"]


def _mode(model: type[BaseModel]) -> _Mode:
    # A part is checked after it was brought into one form, and written in the two that people write.
    return "serialization" if model is RunSpec else "validation"


def _operation(
    path: str,
    method: str,
    operation: Operation,
    named: Mapping[type[BaseModel], Mapping[str, Any]],
    definitions: Mapping[str, Any],
) -> dict[str, Any]:
    described: dict[str, Any] = {"summary": operation.summary, "operationId": _name(path, method)}
    parameters = _query(operation.query, definitions)
    parameters = [described for name, described in _IN_PATH.items() if f"{{{name}}}" in path] + parameters
    if parameters:
        described["parameters"] = parameters
    if operation.body is not Nothing:
        content = {media_type: {"schema": named[operation.body]} for media_type in _MEDIA_TYPES}
        needed = any(field.is_required() for field in operation.body.model_fields.values())
        described["requestBody"] = {"required": needed, "content": content}
    answers: dict[str, Any] = {str(int(operation.status)): {"description": HTTPStatus(operation.status).phrase}}
    if operation.answer is not None:
        answers[str(int(operation.status))]["content"] = {_MEDIA_TYPES[0]: {"schema": named[operation.answer]}}
    if operation.media_types:
        content = {
            media_type: {"schema": {} if "json" in media_type else {"type": "string"}}
            for media_type in operation.media_types
        }
        answers[str(int(operation.status))]["content"] = content
    refused = {_MEDIA_TYPES[0]: {"schema": named[ErrorAnswer]}}
    answers |= {str(int(status)): {"description": why, "content": refused} for status, why in _REFUSALS.items()}
    return {**described, "responses": answers}


_IN_PATH: dict[str, dict[str, Any]] = {
    name: {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "minLength": 1},
    }
    for name, description in {
        "id": "A run's id, the beginning of one, or a name, of which the newest run is meant.",
        "kind": "A kind of part, such as optimizers.",
        "name": "The name of a model or another part.",
        "number": "The number of a test run.",
    }.items()
}


def _name(path: str, method: str) -> str:
    parts = [part for part in path.strip("/").removesuffix(".json").split("/") if not part.startswith("{")]
    asked = path.split("/")
    one = ["one"] if path.endswith("}") else []
    return "_".join([method, *parts, *one, *(one if asked[-2].startswith("{") else [])])


def _query(model: type[BaseModel], definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    schema = definitions["$defs"][model.__name__]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": described.pop("description", ""),
            "schema": described,
            "style": "form",
            "explode": False,
        }
        for name, described in ((name, dict(it)) for name, it in schema.get("properties", {}).items())
    ]
