from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dltrainer_jupyter.executors import held, objects
from dltrainer_jupyter.executors.held import Handover
from dltrainer_jupyter.executors.objects import NotRebuildableError
from dltrainer_jupyter.loop.doorbell import Doorbell
from tests.tal.subject import net, quick


class Stubborn:
    def __reduce_ex__(self, protocol: Any) -> Any:
        msg = "never"
        raise RuntimeError(msg)


def test_objects_that_belong_together_still_do() -> None:
    model = net()
    given = {"model": model, "optimizer": torch.optim.SGD(model.parameters(), lr=0.1), "loss": nn.MSELoss()}
    found = objects.unpack(objects.pack(given))
    assert found["model"] is not model
    assert found["optimizer"].param_groups[0]["params"][0] is found["model"][0].weight


def test_functions_of_a_notebook_are_packed() -> None:
    factor = 3
    assert objects.unpack(objects.pack({"loss": lambda x: factor * x}))["loss"](2) == 6


def test_a_class_of_a_notebook_stays_the_notebooks() -> None:
    """Unpacking must not give a class of the notebook's the globals of a copy."""
    notebook: dict[str, Any] = {"__name__": "__main__", "scale": 2}
    exec("class Scaled:\n    def by(self, x): return scale * x", notebook)  # noqa: S102 - as a cell does
    kind = notebook["Scaled"]
    twin = objects.unpack(objects.pack({"model": kind()}))["model"]
    notebook["scale"] = 10
    assert kind().by(1) == 10
    assert twin.by(1) == 2
    assert type(twin) is not kind


def test_the_one_that_cannot_be_packed_is_named() -> None:
    with pytest.raises(NotRebuildableError, match=r"^loss can't be pickled \(never\)$"):
        objects.pack({"model": net(), "loss": Stubborn()})


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        objects.save(tmp_path / "run", objects.pack({"loss": 1}))
    finally:
        os.umask(before)
    assert objects.load(tmp_path / "run") == {"loss": 1}
    assert stat.S_IMODE((tmp_path / "run" / "objects.pkl").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["objects.pkl"]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    objects.save(tmp_path, objects.pack({"loss": 1}))
    objects.save(tmp_path, objects.pack({"loss": 2}))
    assert objects.load(tmp_path) == {"loss": 2}


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_others_may_write_is_not_loaded(tmp_path: Path, mode: int) -> None:
    objects.save(tmp_path, b"not even a pickle")
    (tmp_path / "objects.pkl").chmod(mode)
    with pytest.raises(NotRebuildableError, match="may have been written by somebody else; it is not loaded"):
        objects.load(tmp_path)


def test_a_file_of_somebody_else_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects.save(tmp_path, b"not even a pickle")
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    with pytest.raises(NotRebuildableError, match="may have been written by somebody else"):
        objects.load(tmp_path)


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotRebuildableError, match="start it again from the notebook that made them"):
        objects.load(tmp_path / "nowhere")


def test_a_run_whose_objects_may_have_been_changed_does_not_load_them() -> None:
    run = quick(model=net())
    (run.folder / "objects.pkl").chmod(0o660)
    run.resume(epochs=3)
    assert run.state == "failed"
    assert run.error is not None
    assert "may have been written by somebody else" in run.error.message
    with pytest.raises(NotRebuildableError):
        run.best.model()


def test_what_can_be_neither_pickled_nor_copied_says_why() -> None:
    assert objects.copied([1, [2]]) == [1, [2]]
    with pytest.raises(NotRebuildableError, match=r"can be neither pickled nor copied \(never\)"):
        objects.copied(Stubborn())


# --- held in this process -----------------------------------------------------------------------------------


def test_what_is_handed_over_is_kept_until_it_is_forgotten() -> None:
    handover = Handover(packed=None, objects={"model": 1})
    held.hand_over("a", handover)
    assert held.handed_over("a") is held.handed_over("a") is handover
    held.forget("a")
    held.forget("a")
    assert held.handed_over("a") is None


def test_a_trainer_of_this_process_is_rung() -> None:
    bell = Doorbell()
    held.hang("a", bell)
    assert held.ring("a")
    assert bell.rung
    held.take_down("a", bell)
    held.take_down("a", bell)
    assert not held.ring("a")


def test_a_trainer_that_leaves_late_takes_nobody_elses_bell_down() -> None:
    first, second = Doorbell(), Doorbell()
    held.hang("a", first)
    held.hang("a", second)
    held.take_down("a", first)
    assert held.ring("a")
    assert second.rung
    held.take_down("a", second)


def test_all_trainers_are_asked_to_leave() -> None:
    bells = [Doorbell(), Doorbell()]
    for number, bell in enumerate(bells):
        held.hang(str(number), bell)
    held.suspend_all()
    for number, bell in enumerate(bells):
        held.take_down(str(number), bell)
        assert (bell.suspend, bell.rung) == (True, True)


def test_nothing_stays_in_memory_of_a_run_that_can_be_rebuilt() -> None:
    run = quick(model=net())
    assert held.handed_over(run.id) is None
    assert (run.folder / "objects.pkl").exists()
