"""Whatever is asked: an answer or a refusal that says why, never a fault of the server's.

What the OpenAPI document leaves open, the settings of parts for one, is filled with anything here; `test_schema.py`
asks what the document says.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.executors.process import ProcessExecutor
from dltrainer_jupyter.server import schemas
from dltrainer_jupyter.server.routes import PREFIX, ROUTES

if TYPE_CHECKING:
    from dltrainer_jupyter.tal import Run

CASES = [(method, path) for path, methods in ROUTES.items() for method in methods if path != "/openapi.json"]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SAMPLES = st.sampled_from([[[0.0, 1.0], [1.0, 0.0]], [[[0.0, 1.0], [1.0, 0.0]], [0, 1]], "digits", "mlp", "process"])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT | SAMPLES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.just("type"), inner, max_size=3),
    max_leaves=6,
)


def bodies(method: str, path: str) -> st.SearchStrategy[Any]:
    known = sorted(ROUTES[path][method].body.model_fields) or ["epochs"]
    mappings = st.dictionaries(st.sampled_from(known) | TEXT, VALUES, max_size=4)
    if ROUTES[path][method].body is RunSpec:
        mappings = mappings.map(lambda chosen: {"model": "mlp", "data": "digits"} | chosen)
    return st.none() | VALUES | mappings


def queries(method: str, path: str) -> st.SearchStrategy[Any]:
    known = sorted(ROUTES[path][method].query.model_fields) or ["x"]
    return st.lists(st.tuples(st.sampled_from(known) | TEXT, TEXT | NUMBERS.map(str)), max_size=3)


@pytest.mark.parametrize("case", CASES, ids="-".join)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_request_is_a_fault_of_the_servers(server, recorded, monkeypatch, case, data) -> None:
    method, path = case
    monkeypatch.setattr(ProcessExecutor, "start", lambda *_: None)
    run: Run = recorded(name="there")
    ref = data.draw(st.sampled_from([run.id, "there"]) | TEXT.filter(bool), "ref")
    query, body = data.draw(queries(method, path), "query"), data.draw(bodies(method, path), "body")
    name = data.draw(st.sampled_from(["mlp", "cnn"]) | TEXT.filter(bool), "name")
    kind = data.draw(st.sampled_from(["models", "losses"]) | TEXT.filter(bool), "kind")
    number = data.draw(st.integers(-1, 3) | TEXT.filter(bool), "number")
    given = {"id": ref, "kind": kind, "name": name, "number": str(number)}
    asked = (PREFIX + path).format(**{key: quote(value, safe="") for key, value in given.items()})
    asked += f"?{urlencode(query)}" if query else ""
    answer = server.ask(method.upper(), asked, None if body is None else json.dumps(body))
    operation = ROUTES[path][method]
    if answer.status == operation.status:
        assert operation.answer is None or operation.answer.model_validate(answer.json)
    else:
        assert 400 <= answer.status < 500, (asked, body, answer)
        assert schemas.ErrorAnswer.model_validate(answer.json).message
