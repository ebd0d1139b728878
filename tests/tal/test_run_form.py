"""What forms are told of a run's settings."""

from __future__ import annotations

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.tal import checking, run_form


def test_every_setting_stands_under_a_known_heading_and_says_what_it_does() -> None:
    found = run_form.settings()
    assert {it.name for it in found} == set(RunSpec.model_fields)
    assert {it.group for it in found} == set(run_form.GROUPS)
    assert all(it.description for it in found)
    assert list(dict.fromkeys(it.group for it in found)) == list(run_form.GROUPS)


def test_settings_that_name_parts_say_of_which_kind() -> None:
    known = {it.name: it for it in run_form.settings()}
    for kind, key in registry.KEYS.items():
        named = known[key] if known[key].kind == "part" else known[key].item
        assert named is not None
        assert (named.kind, named.parts) == ("part", kind)
    loss = known["loss"].item
    assert loss is not None
    assert {"weight", "output"} <= {it.name for it in loss.fields}
    assert [it.name for it in loss.fields if not it.advanced] == ["weight"]


def test_a_plain_value_stands_for_the_setting_that_the_schema_says() -> None:
    known = {it.name: it.short for it in run_form.settings() if it.short}
    assert known == {
        "weights": "path",
        "ema": "decay",
        "gradient_clipping": "norm",
        "notify": "webhook",
        "retry": "times",
    }
    for key, short in known.items():
        value: object = {"path": "w.pt", "decay": 0.5, "norm": 1.0, "webhook": "https://x.org/y", "times": 2}[short]
        spelled = RunSpec.model_validate({"model": "mlp", "data": "digits", key: {short: value}})
        assert RunSpec.model_validate({"model": "mlp", "data": "digits", key: value}) == spelled


def test_documents_are_small_and_leave_out_what_does_not_apply() -> None:
    epochs = next(it.document() for it in run_form.settings() if it.name == "epochs")
    assert epochs["minimum"] == 1
    assert epochs["group"] == "basic"
    assert not {"parts", "short", "fields", "item"} & epochs.keys()


def test_a_problem_says_which_setting_it_is_of() -> None:
    text = "model: {type: mlp, hidden: [64, 0]}\ndata: digits\nepochs: 0\nmetrics: [accuracy, acuracy]\n"
    found = {it.path[0]: it.path for it in checking.check(text)}
    assert found["epochs"] == ("epochs",)
    assert found["model"] == ("model", "hidden", "1")
    assert found["metrics"][:1] == ("metrics",)
    described = checking.document(checking.check(text))["problems"]
    assert ["epochs"] in [it["path"] for it in described]


def test_a_problem_of_a_member_says_which_it_is() -> None:
    text = """
model: mlp
data: digits
metrics: [accuracy, {type: f1, average: nope}, acuracy]
regularization:
  - {type: l2, weight: 1}
  - {type: l1, weight: -1}
loss: {type: cross_entropy, label_smoothing: 7}
preprocessing: [{type: standardize, foo: 1}, {type: standardize, foo: 2}]
"""
    found = {it.path: it.line for it in checking.check(text)}
    assert found[("metrics", "1", "average")] == 4
    assert found[("metrics", "2")] == 4
    assert found[("regularization", "1", "weight")] == 7
    assert found[("loss", "label_smoothing")] == 8
    assert ("preprocessing", "foo") in found


def test_a_run_that_nobody_names_is_called_by_what_it_trains_so_there_is_no_default_to_show() -> None:
    assert {it.name: it.default for it in run_form.settings()}["name"] is None
