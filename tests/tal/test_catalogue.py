"""What can be named in a configuration."""

from __future__ import annotations

import json

import pytest

from dltrainer_jupyter.core.errors import MissingPackageError, UnknownNameError
from dltrainer_jupyter.tal import catalogue

KINDS = ("models", "optimizers", "losses", "metrics", "data")


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_describes_itself_and_its_settings(kind) -> None:
    found = catalogue.catalogue(kind)
    assert found
    for part in found:
        assert part.description
        assert all(setting.description and "anything" not in setting.type for setting in part.settings)
        assert json.loads(json.dumps(part.document())) == part.document()
        assert catalogue.part(kind, part.name) == part


def test_the_settings_of_a_part() -> None:
    settings = {setting.name: setting for setting in catalogue.part("models", "cnn").settings}
    assert (settings["dropout"].type, settings["dropout"].default) == ("number ≥ 0, < 1", 0.25)
    assert settings["channels"].type == "list (whole number ≥ 1, ≤ 4096 each)"
    assert settings["pooling"].type == "max | average | none"
    assert settings["batch_norm"].type == "true or false"
    scale = next(setting for setting in catalogue.part("data", "arrays").settings if setting.name == "scale")
    assert scale.type == "number > 0 | none"


def test_parts_of_a_framework_name_it() -> None:
    assert catalogue.part("optimizers", "adam").frameworks == ("jax", "pytorch", "tensorflow")
    table = catalogue.parts_table(catalogue.catalogue("optimizers"))
    assert table.columns == ("name", "framework", "what it is")
    assert catalogue.parts_table(catalogue.catalogue("models")).columns == ("name", "what it is")


def test_an_unknown_part() -> None:
    with pytest.raises(UnknownNameError, match="Unknown data set 'digit'. Did you mean 'digits'"):
        catalogue.part("data", "digit")


def test_a_part_whose_package_is_missing_is_listed_with_the_cure(monkeypatch) -> None:
    def missing(kind, name, framework=None):
        msg = 'pip install "it"'
        raise MissingPackageError(msg)

    monkeypatch.setattr(catalogue.registry, "find", missing)
    assert {part.description for part in catalogue.catalogue("models")} == {'pip install "it"'}


@pytest.mark.parametrize(("kind", "signature"), [("metrics", "f(y_true, y_pred)"), ("losses", "f(outputs, targets)")])
def test_a_list_ends_with_how_ones_own_is_written(kind, signature) -> None:
    *_, last = catalogue.parts_page(kind)
    assert last.startswith("Your own: ")
    assert signature in last


def test_a_list_of_what_is_no_function_is_the_list_alone() -> None:
    assert catalogue.parts_page("models") == [catalogue.parts_table(catalogue.catalogue("models"))]


def test_a_name_of_a_plug_in_that_was_left_out_tells_why(monkeypatch, tmp_path) -> None:
    (tmp_path / "broken.py").write_text("class Broken(\n")
    monkeypatch.setenv("DLTRAINER_PLUGINS", str(tmp_path))
    with pytest.raises(UnknownNameError, match=r"^Unknown model 'broken'.* The plug-in .*broken.py: SyntaxError: "):
        catalogue.part("models", "broken")


@pytest.mark.parametrize(
    ("kind", "name", "carried"),
    [("regularizations", "activity_l1", {"weight", "on", "off_below"}), ("metrics", "f1", {"output", "on"})],
)
def test_what_a_term_may_carry_stands_in_its_page(kind, name, carried) -> None:
    *_, said, table, _about = catalogue.part_page(catalogue.part(kind, name))
    assert said == "What each may carry besides:"
    assert carried <= {row[0] for row in table.rows}


def test_a_part_without_settings_says_so() -> None:
    assert "It has no settings of its own." in catalogue.part_page(catalogue.part("losses", "mse"))
