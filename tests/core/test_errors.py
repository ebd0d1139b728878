from __future__ import annotations

import pickle

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from dltrainer_jupyter.core import errors
from dltrainer_jupyter.core.errors import DLTrainerError, TrainingFailed, UnknownNameError, brief, did_you_mean, legible


def test_the_nearest_name_is_suggested() -> None:
    assert str(UnknownNameError("model", "cn", ["mlp", "cnn"])) == (
        "Unknown model 'cn'. Did you mean 'cnn'? Known: cnn, mlp."
    )
    assert str(UnknownNameError("model", "zzz", [])) == "Unknown model 'zzz'. Known: none."
    assert did_you_mean("epoch", ["epochs", "batch_size"]) == " Did you mean 'epochs'?"
    assert did_you_mean("", ["epochs"]) == ""


def test_every_error_of_ours_is_one() -> None:
    ours = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(issubclass(kind, DLTrainerError) for kind in ours)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (errors.ConfigurationError, ValueError),
        (errors.UnknownNameError, ValueError),
        (errors.MissingPackageError, ImportError),
        (errors.RunNotFoundError, LookupError),
    ],
)
def test_errors_are_what_python_calls_them_too(kind, builtin) -> None:
    assert issubclass(kind, builtin)


def test_a_failed_training_keeps_the_traceback_and_survives_a_process() -> None:
    error = TrainingFailed("It broke.", "Traceback …")
    assert (str(error), error.traceback_text) == ("It broke.", "Traceback …")
    assert str(pickle.loads(pickle.dumps(error))) == "It broke."  # noqa: S301 - made in the same line


class Rude:
    def __repr__(self) -> str:
        return "<Rude\n  of many\n  lines>"


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError


_LONG = [Rude(), Broken(), "x" * 10_000, list(range(10_000)), {"a": [[["deep" * 99]]]}, 10**9999]


@pytest.mark.parametrize("value", _LONG, ids=lambda value: type(value).__name__)
def test_a_value_in_a_message_is_short_and_on_one_line(value) -> None:
    found = brief(value)
    assert "\n" not in found
    assert len(found) < 200


@pytest.mark.parametrize("value", [3, 1.5, "adam", None, True, [1, 2], {"type": "mlp"}])
def test_a_short_value_is_shown_as_it_is(value) -> None:
    assert brief(value) == repr(value)


def test_an_error_is_one_line_in_a_cell_wherever_it_was_raised() -> None:
    shell = InteractiveShell.instance()
    with capture_output() as told:
        shell.run_cell(
            "from dltrainer_jupyter.core.errors import ConfigurationError\nraise ConfigurationError('a:\\n b')"
        )
    assert told.stdout == "Error: a: b\n"
    InteractiveShell.clear_instance()


def test_a_failed_training_is_drawn_with_the_users_own_frames() -> None:
    assert TrainingFailed("It broke.", "their\nframes\n")._render_traceback_() == [
        "Error: It broke.",
        "",
        "their\nframes",
    ]
    assert TrainingFailed("It broke.")._render_traceback_() == ["Error: It broke."]


@pytest.mark.parametrize(
    ("name", "written"),
    [("epochs", "epochs"), ("a\nb", r"a\nb"), ("\ud800", r"\ud800"), ("x" * 99, "x" * 60 + "…"), ("año", "año")],
)
def test_a_name_in_a_message_is_one_visible_line(name, written) -> None:
    assert legible(name) == written
    assert written in str(UnknownNameError("model", name, ["cnn"]))
