from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dltrainer_jupyter.testing.tracker_contract import Held, TrackerContract
from dltrainer_jupyter.trackers.tensorboard import TensorBoard
from tests.trackers.event_files import parameters, read, series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dltrainer_jupyter.core.tracking import Opened


class TestTensorBoard(TrackerContract):
    client = "tensorboard"
    keeps_artifacts = False
    tolerance = 1e-7

    @pytest.fixture
    def make(self, tmp_path: Path) -> Callable[[], TensorBoard]:
        return lambda: TensorBoard(TensorBoard.Config(logdir=str(tmp_path / "logs")))

    @pytest.fixture
    def held(self) -> Callable[[Opened], Held]:
        def of(opened: Opened) -> Held:
            found = read(opened.key)
            return Held(series(found), parameters(found))

        return of
