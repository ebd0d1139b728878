"""The OpenAPI document and the server agree, whatever Schemathesis makes of the one to ask the other.

`make fuzz` asks 2,000 questions of chance (`DLTRAINER_TEST_CASES`), and those that Schemathesis thinks worth asking in
any case: bounds, missing and superfluous fields, other types. `make test` asks some of chance.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from dltrainer_jupyter.executors.process import ProcessExecutor
from dltrainer_jupyter.server import openapi
from dltrainer_jupyter.server.routes import PREFIX, ROUTES

THERE = "there"
FEW = 100
CASES = int(os.environ.get("DLTRAINER_TEST_CASES", FEW))
OPERATIONS = sum(map(len, ROUTES.values()))


def with_names_that_exist() -> dict[str, Any]:
    """Let half of the paths lead somewhere."""
    document = openapi.document(PREFIX, ROUTES)
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    known = {"id": THERE, "kind": "models", "name": "mlp", "number": "1"}[parameter["name"]]
                    parameter["schema"] = {"anyOf": [{"const": known}, parameter["schema"]]}
    return document


SCHEMA = schemathesis.openapi.from_dict(with_names_that_exist())
SCHEMA.config.phases.coverage.enabled = CASES > FEW


@pytest.fixture
def address(server, recorded, monkeypatch) -> str:
    """Give the server's address; there are runs that wait for a trainer, more than are deleted."""
    monkeypatch.setattr(ProcessExecutor, "start", lambda *_: None)
    for _ in range(5):
        recorded(name=THERE)
    return f"http://127.0.0.1:{server.app.port}"


# Hypothesis writes down whom it asks; the document has grown beyond what it writes without complaint.
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@SCHEMA.parametrize()
@settings(
    max_examples=-(-CASES // OPERATIONS),
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_server_answers_as_the_document_says(server, address, case) -> None:
    response = case.call(base_url=address, headers=server.by_token, timeout=60)
    case.validate_response(response, checks=[not_a_server_error, content_type_conformance, response_schema_conformance])
