"""Streams that end with their test, and a server of workers that stays for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dltrainer_jupyter.core.protocols import Dataset
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.data.foreign.fork_server import ServedContext
from dltrainer_jupyter.data.foreign.source import Foreign
from dltrainer_jupyter.data.foreign.stream import ForeignStream
from dltrainer_jupyter.loop.parts import close_data

Load = Callable[..., Dataset]
Open = Callable[..., ForeignStream]


@pytest.fixture(scope="session", autouse=True)
def served() -> Iterator[None]:
    """Let one server of workers serve every test: it takes a second to start."""
    context = ServedContext()
    yield
    context.leave()


@pytest.fixture
def load() -> Iterator[Load]:
    """Give what a run does with somebody's data."""
    loaded: list[Dataset] = []

    def load(data: Any, *, alone: bool = False, **settings: Any) -> Dataset:
        spec = RunSpec(**{"model": "mlp", "data": Part.user_object("theirs"), "epochs": 3, **settings})
        loaded.append(Foreign(owns_process=alone).load(spec, {"data": data}))
        return loaded[-1]

    yield load
    for dataset in loaded:
        close_data(dataset)


@pytest.fixture
def opened(load: Load) -> Open:
    """Give the training stream alone."""

    def opened(data: Any, **settings: Any) -> ForeignStream:
        stream = load(data, **settings).train
        assert isinstance(stream, ForeignStream)
        return stream

    return opened
