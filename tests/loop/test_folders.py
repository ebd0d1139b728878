"""What lies in a run's folder, and where."""

from __future__ import annotations

from dltrainer_jupyter import tal
from dltrainer_jupyter.loop.folders import checkpoints_in, show_best


def test_a_runs_folder_has_data_models_and_logs() -> None:
    settings = {"executor": "inline", "verbose": False, "batch_size": 256, "histograms": False, "resources": False}
    run = tal.train("mlp", "digits", epochs=2, checkpoint={"keep": 2}, **settings).wait()
    assert (run.folder / "data" / "partition.npz").is_file()
    best = run.best.record.path
    assert best.startswith(str(run.folder / "models" / "step-"))
    assert (run.folder / "models" / "best.safetensors").samefile(f"{best}/weights.safetensors")
    again = tal.train("mlp", "digits", epochs=1, weights=run.folder / "models" / "best.safetensors", **settings).wait()
    assert [event.data["taken"] for event in again.store.events(again.id) if event.kind == "weights"] == [6]
    text = (run.folder / "logs" / "run.log").read_text()
    assert text.startswith(f"Run mlp-digits ({run.id}): completed, epoch 2 of 2.")
    assert "\n2 (step " in text
    assert "val_loss" in text
    assert "weights: 6 arrays of best.safetensors" in (again.folder / "logs" / "run.log").read_text()


def test_an_older_run_goes_on_where_its_checkpoints_are() -> None:
    settings = {"executor": "inline", "verbose": False, "batch_size": 256, "histograms": False, "resources": False}
    run = tal.train("mlp", "digits", epochs=1, **settings).wait()
    assert checkpoints_in(run.folder) == run.folder / "models"
    (run.folder / "models").rename(run.folder / "checkpoints")
    assert checkpoints_in(run.folder) == run.folder / "checkpoints"


def test_the_best_weights_are_found_by_their_name(tmp_path) -> None:
    for number in ("1", "2"):
        (tmp_path / number).write_text(number)
        show_best(tmp_path / number, tmp_path)
        assert (tmp_path / "best.safetensors").read_text() == number
    show_best(tmp_path / "missing", tmp_path)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["1", "2", "best.safetensors"]
