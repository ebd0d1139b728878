"""Errors as status codes."""

from __future__ import annotations

import pytest

from dltrainer_jupyter.core import errors
from dltrainer_jupyter.server.errors import error_body, status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.RunNotFoundError("x"), 404),
        (errors.IllegalControlError("x"), 409),
        (errors.IllegalTransitionError("x"), 409),  # another resume was quicker
        (errors.ConfigurationError("x"), 422),
        (errors.UnknownNameError("model", "x", []), 422),
        (errors.MissingKeysError(["model"]), 422),
        (errors.CheckpointError("x"), 422),
        (errors.MissingPackageError("x"), 422),
        (errors.StoreError("x"), 503),
        (errors.TrainingFailed("x"), 500),
    ],
)
def test_each_error_has_its_status(error, status) -> None:
    assert status_of(error) == status


def test_a_message_is_one_line() -> None:
    assert error_body("It broke.\n  Mend it.", "StoreError") == {
        "message": "It broke. Mend it.",
        "reason": "StoreError",
    }
