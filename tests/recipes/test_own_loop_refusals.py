"""What a plug-in that owns its loop can't have is said before a run is made, wherever a configuration is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dltrainer_jupyter import tal
from dltrainer_jupyter.cli import WRONG, main
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.registry import plug_ins
from dltrainer_jupyter.tal.apart import descriptions
from dltrainer_jupyter.tal.checking import check
from tests.recipes.test_own_loop import PLUG_IN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL: dict[str, Any] = {"model": "means", "data": "digits", "framework": "own_loop"}
OF_ITS_OWN = "a plug-in that owns its loop has settings of its own for that; leave {0} out."
CANNOT = "a plug-in that owns its loop can't do {1} here; leave {0} out."
REFUSED: dict[str, tuple[Any, str]] = {
    "precision": ("bf16-mixed", CANNOT.format("precision", "bf16-mixed")),
    "gradient_accumulation": (2, CANNOT.format("gradient_accumulation", "gradient_accumulation")),
    "gradient_clipping": (1.0, CANNOT.format("gradient_clipping", "gradient_clipping")),
    "ema": (0.9, CANNOT.format("ema", "ema")),
    "augmentation": (["flip"], CANNOT.format("augmentation", "augmentation")),
    "optimizer": ("adamw", OF_ITS_OWN.format("optimizer")),
    "parameter_groups": ([{"match": "*", "freeze": True}], OF_ITS_OWN.format("parameter_groups")),
    "learning_rate": (0.1, OF_ITS_OWN.format("learning_rate")),
    "loss": ("mse", OF_ITS_OWN.format("loss")),
    "scheduler": ("cosine", OF_ITS_OWN.format("scheduler")),
    "metrics": (["accuracy"], OF_ITS_OWN.format("metrics")),
    "steps_per_epoch": (3, OF_ITS_OWN.format("steps_per_epoch")),
    "compile": (True, OF_ITS_OWN.format("compile")),
    "weights": ("some.safetensors", "a plug-in that owns its loop reads weights by itself; leave weights out."),
}


@pytest.fixture(autouse=True)
def folder(home: Path) -> Iterator[Path]:
    where = home / "plugins"
    where.mkdir(parents=True, mode=0o700)
    (where / "means.py").write_text(PLUG_IN)
    plug_ins.forget()
    yield where
    plug_ins.forget()


@pytest.mark.parametrize("key", REFUSED)
def test_a_setting_is_refused_before_a_run_is_made(key: str) -> None:
    given, said = REFUSED[key]
    with pytest.raises(ConfigurationError) as refused:
        tal.train(executor="inline", verbose=False, **SMALL, **{key: given})
    assert str(refused.value) == f"{key}: {said}"
    assert not tal.runs()


def test_an_editor_hears_of_all_of_them_by_line() -> None:
    text = yaml.safe_dump(SMALL | {key: given for key, (given, _) in REFUSED.items()}, sort_keys=False)
    found = {finding.path[0]: finding.message for finding in check(text)}
    assert found == {key: f"{key}: {said}" for key, (_, said) in REFUSED.items()}


def test_the_server_which_imports_no_plug_in_hears_the_same() -> None:
    with pytest.raises(ConfigurationError, match="^precision: a plug-in that owns its loop can't do bf16-mixed here"):
        tal.describe(SMALL | {"precision": "bf16-mixed"}, check=descriptions.check_parts)


def test_a_dry_run_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(SMALL | {"gradient_clipping": 1.0}))
    assert main(["train", str(file), "--dry-run"]) == WRONG
    told = capsys.readouterr()
    assert f"gradient_clipping: {REFUSED['gradient_clipping'][1]}" in told.err
    assert told.out == ""


def test_what_it_can_have_is_taken() -> None:
    spec, _ = tal.describe(SMALL | {"epochs": 3, "monitor": "val_accuracy", "seed": 4, "precision": "32-true"})
    assert (spec.recipe.type, spec.epochs) == ("own_loop", 3)


@pytest.mark.parametrize("declared", [', framework="own_loop"', ""])
@pytest.mark.parametrize("framework", [{}, {"framework": "jax"}])
def test_without_its_framework_it_is_refused_with_the_cure(
    folder: Path, declared: str, framework: dict[str, Any]
) -> None:
    (folder / "means.py").write_text(PLUG_IN.replace(', framework="own_loop"', declared))
    plug_ins.reload()
    with pytest.raises(ConfigurationError) as refused:
        tal.train("means", "digits", executor="inline", verbose=False, **framework)
    where = framework.get("framework", "pytorch")
    assert str(refused.value) == f"The model 'means' can't be built for {where}; set framework: own_loop."
    assert not tal.runs()


def test_what_cannot_be_changed_later_is_said_when_it_starts() -> None:
    run = tal.train(executor="inline", epochs=1, verbose=False, **SMALL)
    notes = [event.message for event in run.store.events(run.id) if event.kind == "notice"]
    (limits,) = [note for note in notes if note.startswith("The plug-in owns its loop: ")]
    assert "a resume begins with the epoch that was cut short" in limits
    assert limits.endswith("and the learning rate can't be set while it trains.")
