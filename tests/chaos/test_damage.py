"""A sample of the damage that ``make chaos`` does at length."""

from __future__ import annotations

from pathlib import Path

import pytest

from dltrainer_jupyter import tal
from tests.chaos.damage import FAILURES, Damage


@pytest.fixture(scope="module")
def damage(session_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Damage:
    run = tal.train(
        model={"type": "mlp", "hidden": [8], "batch_norm": True},
        data="digits",
        epochs=2,
        optimizer={"type": "adamw"},
        executor="inline",
        verbose=False,
    )
    *_, older, newest = run.checkpoints
    return Damage(Path(newest.path), Path(older.path), tmp_path_factory.mktemp("damaged"))


@pytest.mark.parametrize("case", ["truncation", "bit_flip"])
def test_damage_is_noticed_and_the_older_checkpoint_taken(damage: Damage, case: str) -> None:
    results = [getattr(damage, case)(seed) for seed in range(20)]
    assert [result.differs for result in results] == [[]] * len(results)


@pytest.mark.parametrize("number", range(len(FAILURES)), ids=[name for name, _ in FAILURES])
def test_a_failing_disk_is_noticed(damage: Damage, number: int) -> None:
    assert damage.write_error(number).differs == []
