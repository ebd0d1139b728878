"""Every other command, and what wrong usage looks like."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
from importlib.metadata import entry_points

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import dltrainer_jupyter.cli
from dltrainer_jupyter import tal
from dltrainer_jupyter.cli import WRONG, commands
from dltrainer_jupyter.cli.commands import dltrain as group
from dltrainer_jupyter.cli.output import say_json
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.vocabulary import WORDS
from dltrainer_jupyter.tal.session import open_store


def test_the_command_is_installed() -> None:
    (entry,) = entry_points(group="console_scripts", name="dltrain")
    assert entry.load() is dltrainer_jupyter.cli.main


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(dltrain, arguments) -> None:
    done = dltrain(*arguments)
    assert done.code == 0
    for name in group.commands:
        assert f"\n  {name} " in done.out


def test_every_verb_that_needs_no_notebook_is_a_command_in_the_same_words() -> None:
    assert set(group.commands) == set(WORDS) - {"panel", "form"} | {"train", "ui"}
    for name, word in WORDS.items():
        if name in group.commands:
            assert (group.commands[name].help or "").startswith(word.help)


@pytest.mark.parametrize("name", sorted(group.commands))
def test_help_of_a_command(dltrain, name) -> None:
    done = dltrain(name, "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: dltrain {name}")


def test_starting_up_imports_no_framework() -> None:
    code = """
import sys
from dltrainer_jupyter.cli import main
assert main(["runs"]) == 0
assert main(["models"]) == 0
assert main(["losses"]) == 0
print(sorted({"torch", "sklearn", "ipywidgets", "IPython", "pandas", "matplotlib"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["trian"], "Unknown command 'trian'. Did you mean 'train'?"),
        (["--versoin"], "Unknown option '--versoin'. Did you mean '--version'?"),
        (["train"], "Missing argument 'FILE'."),
        (["train", "missing.yaml"], "Configuration missing.yaml can't be read: No such file or directory."),
        (["train", "FILE", "--epoch", "3"], "Unknown option '--epoch'. Did you mean '--epochs'?"),
        (["train", "FILE", "--epochs", "many"], "--epochs: expected a whole number, got 'many'."),
        (["train", "FILE", "--lr", "fast"], "--lr: expected a number, got 'fast'."),
        (["train", "FILE", "--lr", "-1"], "learning_rate: expected greater than 0, got -1.0."),
        (["train", "FILE", "--set", "epochs"], "Expected KEY=VALUE, got 'epochs'."),
        (["train", "FILE", "epochs"], "Expected KEY=VALUE, got 'epochs'."),
        (["train", "FILE", "--set", "model=mpl"], "Unknown model 'mpl'. Did you mean 'mlp'?"),
        (["train", "FILE", "--set", "model.hiden=[3]"], "Unknown key 'model.hiden'. Did you mean 'hidden'?"),
        (["train", "FILE", "--executor", "thred"], "Unknown executor 'thred'. Did you mean 'thread'?"),
        (["train", "BAD"], "bad.yaml: The YAML doesn't parse: line 2, column 7:"),
        (["pause"], "Missing argument 'RUN'."),
        (["pause", "nobody"], "No run has the name or id 'nobody'."),
        (["pause", "digits-mlp"], "Can't pause run 'digits-mlp': it is completed."),
        (["resume", "digits-mlp"], "Give it more epochs to go on"),
        (
            ["set", "digits-mlp", "momentum=1"],
            "Unknown setting 'momentum'. A live run can change: epochs, learning_rate,",
        ),
        (["set", "digits-mlp", "batch_size=1"], "batch_size can't be changed in a live run; clone the run to train"),
        (["show", "digits-mlp", "again"], "unexpected extra argument"),
        (["models", "cn"], "Unknown model 'cn'. Did you mean 'cnn'?"),
        (["predict", "digits-mlp", "x.pkl"], "x.pkl: there is no such file or folder."),
        (["predict", "digits-mlp", "BAD"], "bad.yaml: expected a file that ends in .png, .jpg"),
        (["predict", "digits-mlp", "x.png"], "x.png can't be read: No such file or directory."),
        (["test", "digits-mlp", "digts"], "'digts'. Did you mean 'digits'?"),
        (["test", "digits-mlp", "nothing.npz"], "nothing.npz can't be read: No such file or directory."),
        (["test", "digits-mlp", "PAIR"], "pair.npz: expected the arrays x and y, got a."),
        (["test", "digits-mlp", "--csv", "/nowhere/x.csv"], "/nowhere/x.csv can't be written: No such file"),
        (["predict", "digits-mlp", "X", "--top", "0"], "--top: expected 1 or more, got 0."),
        (["predict", "digits-mlp", "X", "--checkpoint", "first"], "expected best, last or a step, got 'first'."),
        (["predict", "digits-mlp", "X", "--checkpoint", "7"], "has no checkpoint at step 7; there are: "),
    ],
)
@pytest.mark.usefixtures("trained")
def test_wrong_usage_is_one_line_and_exit_code_2(dltrain, digits, arguments, expected) -> None:
    places = {"FILE": digits, "BAD": digits.with_name("bad.yaml"), "X": digits.with_name("x.npy")}
    np.savez(places.setdefault("PAIR", digits.with_name("pair.npz")), a=1)
    places["BAD"].write_text("model: mlp\ndata: [digits\n")
    np.save(places["X"], np.zeros((1, 64)))
    done = dltrain(*(places.get(argument, argument) for argument in arguments))
    assert (done.code, done.out) == (WRONG, "")
    assert done.err.startswith("Error: ")
    assert len(done.err.splitlines()) == 1
    assert expected in done.err
    assert len(tal.runs()) == 1


def test_what_is_asked_of_a_run_that_is_still_starting_is_said_to_wait(dltrain, monkeypatch) -> None:
    monkeypatch.setattr(commands, "_PATIENCE", 0.0)
    spec = RunSpec(name="early", model="mlp", data="digits")
    open_store().create_run("0123456789ab", spec, folder="/nowhere", environment={})
    done = dltrain("pause", "early")
    assert (done.code, done.err) == (0, "")
    assert done.out == "Run 'early' is still starting; it pauses before its first step.\n"


def test_no_runs_yet(dltrain) -> None:
    assert dltrain("runs").out.startswith("There is no run yet.")
    assert json.loads(dltrain("runs", "--json").out) == []


def test_runs(dltrain, trained) -> None:
    header, row = dltrain("runs").out.splitlines()
    assert header.split()[:3] == ["name", "id", "state"]
    assert row.split()[:4] == ["digits-mlp", trained.id, "completed", "2/2"]
    (listed,) = json.loads(dltrain("runs", "--json").out)
    assert (listed["id"], listed["state"], listed["monitor"]) == (trained.id, "completed", "val_accuracy")


def test_runs_that_meet_a_filter(dltrain, trained) -> None:
    (listed,) = json.loads(dltrain("runs", "--filter", "state:completed", "--json").out)
    assert listed["id"] == trained.id
    assert dltrain("runs", "--filter", "nothing").out.strip() == "No run meets that filter."
    refused = dltrain("runs", "--filter", "sate:completed")
    assert refused.code == 2
    assert "Did you mean 'state:'" in refused.err


def test_show_and_status(dltrain, trained) -> None:
    assert dltrain("status", trained.id[:6]).out.startswith(f"digits-mlp ({trained.id[:6]}…): completed, epoch 2 of 2")
    shown = dltrain("show", "digits-mlp").out
    for expected in ("model: mlp", "val_accuracy", "best last", str(trained.folder)):
        assert expected in shown


def test_compare(dltrain, trained) -> None:
    lines = dltrain("compare", "digits-mlp", trained.id).out.splitlines()
    assert len(lines) == 3
    (first, second) = json.loads(dltrain("compare", "digits-mlp", trained.id, "--json").out)
    assert first == second
    assert first["best_epoch"] in (1, 2)


def test_predict(dltrain, trained, tmp_path) -> None:
    x, y = load_digits(return_X_y=True)
    np.save(tmp_path / "x.npy", x[:100])
    lines = dltrain("predict", "digits-mlp", tmp_path / "x.npy").out.splitlines()
    found = [re.fullmatch(rf"row {at}: (\d) \(\d+\.\d %\)", line)[1] for at, line in enumerate(lines, 1)]
    assert np.mean(np.array(found, int) == y[:100]) > 0.7
    last = trained.last.record
    document = json.loads(dltrain("predict", trained.id, tmp_path / "x.npy", "--checkpoint", last.step, "--json").out)
    assert document["checkpoint"] == {"step": last.step, "epoch": last.epoch, "digest": last.digest}
    assert (document["run"], len(document["predictions"])) == (trained.id, 100)


@pytest.mark.usefixtures("trained")
def test_predict_takes_pictures_and_tables(dltrain, tmp_path) -> None:
    x, y = load_digits(return_X_y=True)
    folder = tmp_path / "digits"
    folder.mkdir()
    for index in range(8):
        levels = (x[index].reshape(8, 8) / 16 * 255).astype("uint8")
        Image.fromarray(levels).resize((64, 64), Image.Resampling.NEAREST).save(folder / f"{index}.png")
    done = dltrain("predict", "digits-mlp", folder)
    found = [re.fullmatch(r"(.*): (\d) \(\d+\.\d %\)", line) for line in done.out.splitlines()]
    assert [line[1] for line in found] == [str(folder / f"{index}.png") for index in range(8)]
    assert np.mean([int(line[2]) for line in found] == y[:8]) > 0.7
    assert done.err == "8 files: 64×64, 1 channel: resized to 8×8\n"
    (tmp_path / "rows.csv").write_text("\n".join(",".join(map(str, row)) for row in x[:3]))
    lines = dltrain("predict", "digits-mlp", tmp_path / "rows.csv", "--csv", "--top", "2").out.splitlines()
    assert lines[0] == "file,prediction,label_1,confidence_1,label_2,confidence_2"
    rows = list(csv.DictReader(lines))
    assert [row["prediction"] for row in rows] == [row["label_1"] for row in rows]
    assert rows[1]["file"] == f"{tmp_path / 'rows.csv'}, row 2"
    document = json.loads(dltrain("predict", "digits-mlp", folder, "--json", "--top", "3").out)
    assert len(document["top"]) == len(document["predictions"]) == 8
    assert {len(sample) for sample in document["top"]} == {3}
    shown = dltrain("predict", "digits-mlp", folder / "0.png", "--top", "2").out
    assert re.fullmatch(r".*0\.png: \d \(\d+\.\d %\), \d \(\d+\.\d %\)\n", shown)


def test_a_test_run(dltrain, trained, tmp_path) -> None:
    shown = dltrain("test", "digits-mlp").out
    assert "359 examples of validation" in shown
    assert "accuracy" in shown
    x, y = load_digits(return_X_y=True)
    np.savez(tmp_path / "some.npz", x=x[:50], y=np.where(np.arange(50) < 2, 11, y[:50]))
    done = dltrain("test", "digits-mlp", tmp_path / "some.npz", "--checkpoint", "last", "--csv", tmp_path / "some.csv")
    assert "48 examples of some.npz" in done.out
    assert "2 samples are of classes unseen in training (11) and left out." in done.out
    rows = list(csv.DictReader((tmp_path / "some.csv").read_text().splitlines()))
    assert [row["prediction"] for row in rows] == list(map(str, trained.last.predict(x[2:50])))
    document = json.loads(dltrain("test", "digits-mlp", "digits", "--json").out)
    assert (document["name"], document["count"], document["run"]) == ("digits", 1797, trained.id)
    assert document["metrics"]["accuracy"] == np.mean(trained.best.predict(x) == y)
    assert document["number"] == trained.tests[-1].id


def test_values_are_predicted_too(dltrain, tmp_path) -> None:
    tal.train(model="mlp", data="diabetes", epochs=1, name="values", verbose=False).wait(60)
    np.save(tmp_path / "x.npy", np.zeros((2, 10)))
    lines = dltrain("predict", "values", tmp_path / "x.npy").out.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["row 1", "row 2"]
    assert all(math.isfinite(float(line.partition(": ")[2])) for line in lines)


@pytest.mark.parametrize("kind", ["models", "optimizers", "losses", "metrics", "data"])
def test_parts(dltrain, kind) -> None:
    documents = json.loads(dltrain(kind, "--json").out)
    names = [document["name"] for document in documents]
    table = dltrain(kind).out.partition("\n\n")[0]
    assert [line.split()[0] for line in table.splitlines()[1:]] == names
    assert json.loads(dltrain(kind, names[0], "--json").out) == documents[0]
    assert dltrain(kind, names[0]).out.startswith(f"{names[0]}: ")


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("DLTRAINER_STORE", "nonsense", "Expected sqlite:///FOLDER/FILE.db or postgresql://USER@HOST/DATABASE"),
        ("DLTRAINER_STORE", "postgresql://nobody@127.0.0.1:1/none", "can't be reached"),
        ("DLTRAINER_HOME", "/dev/null/home", "The folder /dev/null/home can't be made"),
    ],
)
def test_a_store_that_cannot_be_reached(dltrain, monkeypatch, variable, value, expected) -> None:
    monkeypatch.setenv(variable, value)
    done = dltrain("runs")
    assert done.code == WRONG
    assert len(done.err.splitlines()) == 1
    assert expected in done.err


def test_json_is_strict(capsys) -> None:
    say_json({"loss": float("nan"), "rates": [float("inf"), 1.0], "name": "größe"})
    assert json.loads(capsys.readouterr().out) == {"loss": None, "rates": [None, 1.0], "name": "größe"}


def test_a_reader_that_has_enough_sees_no_complaint(trained) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dltrainer_jupyter.cli", "show", "digits-mlp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, complaint = process.communicate()
    assert complaint == ""


def test_runs_are_brought_back_from_a_mirror(dltrain, home, tmp_path, monkeypatch) -> None:
    mirror = str(tmp_path / "runs")
    run = tal.train(
        model="mlp",
        data="digits",
        epochs=1,
        name="far",
        executor="inline",
        verbose=False,
        checkpoint={"mirror": mirror},
    )
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "another"))
    done = dltrain("restore", mirror, "far")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[1].split()[:3] == ["far", run.id, "completed"]
    monkeypatch.setenv("DLTRAINER_MIRROR", mirror)
    assert dltrain("restore").out == "Nothing to bring back: the runs of this mirror are here already.\n"
    done = dltrain("restore", mirror, "fat")
    assert (done.code, "Did you mean 'far'?" in done.err) == (WRONG, True)


def test_where_runs_are_tracked(dltrain, home) -> None:
    store = open_store()
    for name in ("alone", "tracked"):
        spec = RunSpec(name=name, model="mlp", data="digits")
        store.create_run(f"run-{name}", spec, folder=str(home), environment={})
    assert "tracked" not in dltrain("runs").out.splitlines()[0]
    assert json.loads(dltrain("show", "tracked", "--json").out)["trackers"] == []
    store.begin_tracking("run-tracked", [("mlflow", "mlflow")])
    store.hold_tracking("run-tracked", "mlflow").tell("behind", "It is off.", url="http://localhost:5000/")
    header, tracked, alone = dltrain("runs").out.splitlines()
    assert tracked[header.index("tracked") :].startswith("mlflow (behind)  ")
    assert alone[header.index("tracked") :].startswith("                 ")
    assert "\nMLflow: behind, 0 steps sent, http://localhost:5000/. It is off.\n" in dltrain("show", "tracked").out
    (shown,) = json.loads(dltrain("show", "tracked", "--json").out)["trackers"]
    assert shown.keys() == {"name", "type", "label", "state", "url", "step", "steps", "message", "updated_at"}
    assert (shown["name"], shown["state"], shown["message"]) == ("mlflow", "behind", "It is off.")


def test_plug_ins_are_listed_chosen_and_checked(dltrain, home) -> None:
    file = home / "plugins" / "loss.py"
    file.parent.mkdir(parents=True, mode=0o700)
    file.write_text(
        'from dltrainer_jupyter import register\n@register("losses", framework="pytorch")\nclass Mine: ...\n'
    )
    file.chmod(0o600)
    done = dltrain("losses", "--reload", "--framework", "pytorch", "--json")
    rows = {row["name"]: row for row in json.loads(done.out)}
    assert done.err == f"Read {file.parent}: loss.py.\n"
    assert "expected a nested pydantic class Config with its settings, got none." in rows["mine"]["description"]
    assert "mine" not in dltrain("losses", "--framework", "jax").out
    checked = dltrain("check-plugin", file)
    assert (checked.code, checked.out.startswith("✗ loss.py: Mine: ")) == (2, True)


def test_doctor_fails_where_something_is_broken_and_says_what_mends_it(dltrain, tmp_path, monkeypatch) -> None:
    well = dltrain("doctor", "store")
    assert (well.code, well.out.splitlines()[-1]) == (0, "Everything that was looked at works.")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / "file" / "home"))
    ill = dltrain("doctor", "store", "--json")
    found = json.loads(ill.out)
    assert (ill.code, found["healthy"], found["findings"][0]["check"]) == (1, False, "store")
