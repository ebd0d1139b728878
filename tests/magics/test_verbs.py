"""``%dltrain`` lines in a real shell."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.vocabulary import WORDS
from dltrainer_jupyter.magics import verbs
from dltrainer_jupyter.tal.session import open_store

RUNNING = "%%dltrain live --epochs 100000 --no-panel\nmodel: mlp\ndata: digits\n"


def test_a_run_is_steered(notebook, monkeypatch) -> None:
    # A busy machine may well take longer than a line waits; what it says then is tested below.
    monkeypatch.setattr(verbs, "_PATIENCE", 60.0)
    notebook.run(RUNNING)
    run = notebook.names["live"]
    assert re.fullmatch(r"Paused at step [\d,]+ \(epoch \d+\)\.", _answered(notebook, "%dltrain pause"))
    assert run.state == "paused"
    assert "paused" in notebook.run("%dltrain status live").output
    assert _answered(notebook, "%dltrain set live learning_rate=1e-4").startswith("learning_rate 0.001 → 0.0001")
    assert _answered(notebook, "%dltrain resume live").startswith("Running from step")
    assert "heckpoint" in _answered(notebook, f"%dltrain checkpoint {run.id[:6]}")
    assert _answered(notebook, "%dltrain suspend live").startswith("Suspended at step")
    run.wait(60)
    shown = notebook.run("%dltrain resume live")
    assert shown.lines[0] == f"Resuming live from step {run.last.record.step:,}…"
    assert shown.lines[-1].startswith("Running from step")
    assert "Stop it first" in notebook.run("%dltrain delete live").output
    assert _answered(notebook, "%dltrain stop live").startswith("Stopped at step")
    run.wait(60)
    assert notebook.run("%dltrain delete live").lines == [f"Deleted live ({run.id[:6]}…)."]
    assert tal.runs() == []


def _answered(notebook, line) -> str:
    shown = notebook.run(line)
    assert shown.error is None, shown.output
    return str(shown.lines[-1])


def test_a_trainer_that_does_not_answer_in_time(notebook, monkeypatch) -> None:
    notebook.run(RUNNING)
    monkeypatch.setattr(verbs, "_PATIENCE", 0.0)
    shown = notebook.run("%dltrain checkpoint")
    assert shown.error is None
    starting = "Run 'live' is still starting; it writes a checkpoint before its first step."
    assert shown.lines in (["Requested; the trainer has not answered yet."], [starting])


def test_a_run_is_cloned(notebook) -> None:
    notebook.run("%%dltrain done --epochs 1 --no-panel --wait\nmodel: mlp\ndata: digits\n")
    first = notebook.names["done"]
    shown = notebook.run(f"%dltrain clone done --step {first.last.record.step} learning_rate=0.01 name=again")
    assert shown.error is None, shown.output
    again = notebook.names["again"].wait(60)
    assert (again, again.spec.learning_rate, again.spec.model) == (notebook.names["run"], 0.01, first.spec.model)
    assert again.metrics()["train_loss"][0] < first.metrics()["train_loss"][0]


def test_a_clone_is_of_a_run_that_is_named(notebook) -> None:
    assert notebook.run("%dltrain clone").lines == ["Error: Expected %dltrain clone RUN [KEY=VALUE …], got nothing."]
    notebook.run("%%dltrain done --epochs 1 --no-panel --wait\nmodel: mlp\ndata: digits\n")
    assert notebook.run("%dltrain clone done step=soon").lines == ["Error: step: expected a whole number, got 'soon'."]
    assert "Unknown key 'modle'" in notebook.run("%dltrain clone done modle=cnn").output
    assert len(tal.runs()) == 1


def test_resuming_a_completed_run_needs_more_epochs(notebook) -> None:
    notebook.run("%%dltrain done --epochs 1 --no-panel --wait\nmodel: mlp\ndata: digits\n")
    refused = notebook.run("%dltrain resume done")
    assert len(refused.lines) == 1
    assert "more epochs" in refused.output
    del notebook.names["run"], notebook.names["done"]
    assert notebook.run("%dltrain resume done --epochs 2").error is None
    assert notebook.names["done"] == notebook.names["run"]
    assert notebook.names["run"].wait(60).epoch == 2


def test_runs_as_text_and_as_html(notebook, trained) -> None:
    shown = notebook.run("%dltrain runs")
    header, row = repr(shown.value).splitlines()
    assert header.split() == ["name", "id", "state", "epoch", "best", "framework", "started"]
    assert row.split()[:4] == ["digits-mlp", trained.id, "completed", "2/2"]
    page = shown.value._repr_html_()
    assert page.count("<tr>") == 2
    assert f">{trained.id}<" in page


def test_no_runs_yet(notebook) -> None:
    assert notebook.run("%dltrain runs").lines[0].startswith("There is no run yet.")
    assert notebook.run("%dltrain status").lines[0].startswith("Error: There is no run yet.")


def test_names_are_escaped_in_html(notebook) -> None:
    notebook.run("%%dltrain '<b>bold' --epochs 1 --no-panel --wait\nmodel: mlp\ndata: digits\n")
    page = notebook.run("%dltrain runs").value._repr_html_()
    assert "&lt;b&gt;bold" in page
    assert "<b>" not in page


def test_show_holds_settings_history_and_checkpoints(notebook, trained) -> None:
    text = repr(notebook.run("%dltrain show digits-mlp").value)
    assert "digits-mlp (" in text.splitlines()[0]
    for expected in ("model: mlp", "val_accuracy", "best last", str(trained.folder)):
        assert expected in text


def test_where_runs_are_tracked(notebook) -> None:
    store = open_store()
    store.create_run("run-1", RunSpec(name="tracked", model="mlp", data="digits"), folder="/runs/1", environment={})
    assert "tracked" not in repr(notebook.run("%dltrain runs").value).splitlines()[0]
    store.begin_tracking("run-1", [("<b>lab", "<b>lab"), ("mlflow", "mlflow")])
    store.hold_tracking("run-1", "mlflow").tell("behind", "It is off.")
    shown = notebook.run("%dltrain runs").value
    header, row = repr(shown).splitlines()
    assert row[header.index("tracked") :].startswith("<b>lab, mlflow (behind)")
    assert "&lt;b&gt;lab, mlflow (behind)</td>" in shown._repr_html_()
    page = notebook.run("%dltrain show tracked").value
    assert "\nMLflow: behind, 0 steps sent. It is off." in repr(page)
    assert "<b>" not in page._repr_html_()


def test_compare(notebook, trained) -> None:
    table = notebook.run(f"%dltrain compare digits-mlp {trained.id}").value
    assert list(table["state"]) == ["completed", "completed"]


def test_predict_evaluates_the_expression_in_the_notebook(notebook, trained) -> None:
    x, y = load_digits(return_X_y=True)
    notebook.names["x"] = x
    shown = notebook.run("p = %dltrain predict x[:200][{'a': slice(None)}['a']] --run digits-mlp --checkpoint last")
    assert shown.error is None, shown.output
    assert np.mean(notebook.names["p"] == y[:200]) > 0.7
    at_first = trained.checkpoints[0].step
    assert len(notebook.run(f"%dltrain predict x[:3] --run digits-mlp --checkpoint {at_first}").value) == 3


def test_predict_shows_the_persons_own_mistake(notebook, trained) -> None:
    shown = notebook.run("%dltrain predict no_such_name[:3] --run digits-mlp")
    assert isinstance(shown.error, NameError)
    assert "no_such_name[:3]" in shown.output
    assert "run_verb" not in shown.output


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%dltrain pasue", "Unknown verb 'pasue'. Did you mean 'pause'?"),
        ("%dltrain pause a b", "Expected %dltrain pause [RUN], got 'a', 'b'."),
        ("%dltrain pause nobody", "No run has the name or id 'nobody'."),
        ("%dltrain pause digits-mlp", "Can't pause run 'digits-mlp': it is completed. Only a live run can be paused."),
        ("%dltrain delete", "Expected %dltrain delete RUN, got nothing."),
        ("%dltrain set digits-mlp", "Expected settings to change, such as learning_rate=1e-4; got nothing."),
        (
            "%dltrain set digits-mlp momentum=1",
            "Unknown setting 'momentum'. A live run can change: epochs, learning_rate,",
        ),
        ("%dltrain set digits-mlp checkpoint.keep=1", "checkpoint.keep: expected greater than or equal to 2, got 1."),
        ("%dltrain runs all", "Expected %dltrain runs, got 'all'."),
        ("%dltrain compare", "Expected %dltrain compare RUN RUN …, got no run."),
        ("%dltrain predict", "Expected %dltrain predict EXPRESSION"),
        ("%dltrain predict x[", "'x[' is no Python expression"),
        ("%dltrain predict no/scans/", "'no/scans/': there is no variable and no file or folder of that name."),
        ("%dltrain predict gone.png", "'gone.png': there is no variable and no file or folder of that name."),
        ("%dltrain predict 0.png", "'0.png': there is no variable and no file or folder of that name."),
        ("%dltrain predict get_ipython/scans/", "is no Python expression: invalid syntax. A path is put in quotes."),
        ("%dltrain predict [1] --checkpoint first", "checkpoint: expected best, last or a step, got 'first'."),
        ("%dltrain predict [1] --checkpoint 7", "has no checkpoint at step 7; there are: "),
        ("%dltrain models cn", "Unknown model 'cn'. Did you mean 'cnn'?"),
        ("%dltrain models cnn mlp", "Expected %dltrain models [NAME]"),
        ("%dltrain status --all", "Unknown option '--all'."),
    ],
)
def test_mistakes_are_one_line(notebook, trained, line, expected) -> None:
    shown = notebook.run(line)
    assert isinstance(shown.error, DLTrainerError)
    assert len(shown.lines) == 1
    assert shown.lines[0].startswith("Error: ")
    assert expected in shown.lines[0]


@pytest.mark.parametrize("line", ["%dltrain", "%dltrain --help"])
def test_help_lists_every_verb(notebook, line) -> None:
    output = notebook.run(line).output
    for word in WORDS.values():
        assert word.help in output


@pytest.mark.parametrize("name", sorted(WORDS))
def test_help_of_a_verb(notebook, name) -> None:
    shown = notebook.run(f"%dltrain {name} --help")
    assert shown.error is None
    assert WORDS[name].help in shown.output
    for option in WORDS[name].options:
        assert option.flag in shown.output


@pytest.mark.parametrize("kind", ["models", "optimizers", "losses", "metrics", "data"])
def test_parts_are_listed_and_described(notebook, kind) -> None:
    listed = repr(notebook.run(f"%dltrain {kind}").value).splitlines()
    assert len(listed) > 2
    name = listed[1].split()[0]
    assert repr(notebook.run(f"%dltrain {kind} {name}").value).startswith(f"{name}: ")


def test_the_settings_of_a_part(notebook) -> None:
    lines = repr(notebook.run("%dltrain models cnn").value).splitlines()
    (dropout,) = [line for line in lines if line.startswith("dropout")]
    assert re.split(r"\s{2,}", dropout)[1:3] == ["number ≥ 0, < 1", "0.25"]


def test_the_panel_of_an_older_run_is_shown(notebook, trained, monkeypatch) -> None:
    shown = []
    monkeypatch.setattr(
        verbs.registry, "find", lambda kind, name: shown.append if (kind, name) == ("faces", "show") else None
    )
    assert notebook.run("%dltrain panel digits-mlp").error is None
    assert shown == [trained]
    assert notebook.names["run"] == notebook.names["digits_mlp"] == trained


def test_runs_are_brought_back_from_a_mirror(notebook, tmp_path, monkeypatch) -> None:
    mirror = tmp_path / "runs"
    settings = {"name": "far", "executor": "inline", "verbose": False, "checkpoint": {"mirror": str(mirror)}}
    tal.train(model="mlp", data="digits", epochs=1, **settings)
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "another"))
    shown = notebook.run(f"%dltrain restore {mirror}")
    assert repr(shown.value).splitlines()[1].split()[0] == "far"
    assert notebook.run(f"%dltrain restore {mirror}").lines[0].startswith("Nothing to bring back")


def test_what_is_left_over_is_sent_to_trackers(notebook) -> None:
    assert notebook.run("%dltrain sync").lines == ["Nothing is left over: every tracker has all of its runs."]
    assert "tensorboard" in notebook.run("%dltrain trackers").output
    notebook.run("%%dltrain kept --epochs 1 --no-panel --wait --track tensorboard\nmodel: mlp\ndata: digits\n")
    said = _answered(notebook, "%dltrain sync kept")
    assert re.search(r"(at|being sent to) tensorboard", said), said
    assert (
        "Did you mean 'tensorboard'"
        in notebook.run("%%dltrain x --track tensorbord\nmodel: mlp\ndata: digits\n").output
    )


def test_predict_takes_files(notebook, trained, tmp_path) -> None:
    x, _ = load_digits(return_X_y=True)
    for index in range(3):
        Image.fromarray((x[index].reshape(8, 8) * 15).astype("uint8")).save(tmp_path / f"{index}.png")
    notebook.names["folder"] = tmp_path
    shown = notebook.run("t = %dltrain predict folder --run digits-mlp --checkpoint last")
    assert shown.error is None, shown.output
    assert list(notebook.names["t"].columns) == ["file", "prediction", "confidence", "class_index"]
    assert len(notebook.names["t"]) == 3
    unquoted = notebook.run(f"%dltrain predict {tmp_path}/ --run digits-mlp --checkpoint last")
    assert unquoted.error is None, unquoted.output
    assert unquoted.value.equals(notebook.names["t"])
    one = notebook.run("%dltrain predict [str(folder / '1.png')] --run digits-mlp --checkpoint last").value
    assert one["prediction"].tolist() == notebook.names["t"]["prediction"].tolist()[1:2]


def test_a_test_run_shows_what_was_measured(notebook, trained) -> None:
    notebook.names["x"], notebook.names["y"] = load_digits(return_X_y=True)
    shown = notebook.run("%dltrain test (x[:20], y[:20]) --run digits-mlp --checkpoint last")
    assert shown.error is None, shown.output
    assert "20 examples of arrays" in str(shown.output)
    assert "accuracy" in str(shown.output)
    assert "359 examples of validation" in str(notebook.run("%dltrain test --run digits-mlp").output)
    assert [one.name for one in trained.tests[-2:]] == ["arrays", "validation"]
    assert "Did you mean 'digits'?" in notebook.run("%dltrain test 'digts' --run digits-mlp").lines[0]


def test_report(notebook, trained, tmp_path) -> None:
    file = tmp_path / "report.md"
    assert notebook.run(f"%dltrain report {trained.id} {file}").lines == [f"Wrote {file}."]
    assert tal.load_report(file).id == trained.id
    newest = notebook.run(f"%dltrain report {tmp_path / 'newest.md'}")
    assert newest.lines == [f"Wrote {tmp_path / 'newest.md'}."]
    for line in ("%dltrain report", f"%dltrain report {trained.id} {file} more"):
        assert "Expected %dltrain report [RUN] FILE" in notebook.run(line).output


PLUG_IN = '''
from dltrainer_jupyter import register
from pydantic import BaseModel

@register("models")
class Dropped:
    """Somebody's."""
    tags, task, min_gpu_memory_gb = ("small",), ("segmentation",), 4
    class Config(BaseModel, frozen=True, extra="forbid"): ...
    def __init__(self, config): ...
    def pytorch(self, signature): ...
'''


def test_a_file_that_is_dropped_into_the_folder_appears_without_a_restart(notebook, home) -> None:
    folder = home / "plugins"
    assert notebook.run("%dltrain models --reload").lines[0].startswith(f"There is no plug-in folder {folder}; put ")
    folder.mkdir(parents=True, mode=0o700)
    for name, text in {"model.py": PLUG_IN, "broken.py": "def broken(:"}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    shown = notebook.run("%dltrain models --reload --framework pytorch --task segmentation")
    assert shown.lines[0] == f"Read {folder}: model.py is new."
    listed = repr(shown.value)
    assert re.search(r"^dropped +Somebody's\.$", listed, re.MULTILINE)
    assert f"Left out: {folder / 'broken.py'}: SyntaxError: invalid syntax (line 1)." in listed
    assert "mlp" not in listed
    assert "\ndropped " not in repr(notebook.run("%dltrain models --framework jax").value)
    assert "GPU memory: 4 GB at least; tags: small; from: plug-in model.py" in repr(
        notebook.run("%dltrain models dropped").value
    )
    assert "Did you mean 'segmentation'?" in str(notebook.run("%dltrain models --task segment").error)
    assert "model.py: Dropped: " in notebook.run(f"%dltrain check-plugin {folder / 'model.py'}").output
    (folder / "model.py").unlink()
    assert notebook.run("%dltrain models --reload").lines[0] == f"Read {folder}: model.py is gone."
