"""How busy the server's machine is."""

from __future__ import annotations

import time

from dltrainer_jupyter.server import schemas


def test_the_machine_is_described(server) -> None:
    answer = server.get("/resources")
    assert answer.status == 200, answer.body
    found = schemas.ResourcesAnswer.model_validate(answer.json)
    assert found.host
    assert 0 <= found.cpu_percent <= 100
    assert found.cores > 0
    assert 0 < found.memory_bytes < found.memory_total_bytes


def test_many_who_ask_get_one_reading(server) -> None:
    server.get("/resources")
    began, answers = time.perf_counter(), {server.get("/resources").body for _ in range(20)}
    # A reading is good for a second.
    assert len(answers) <= 2 + (time.perf_counter() - began)
