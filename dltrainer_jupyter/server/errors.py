"""Errors as HTTP says them: a status code, and a body with the sentence that every face says."""

from __future__ import annotations

from http import HTTPStatus

from dltrainer_jupyter.core.errors import (
    CheckpointError,
    ConfigurationError,
    DLTrainerError,
    IllegalControlError,
    IllegalTransitionError,
    MissingPackageError,
    PredictionError,
    RunNotFoundError,
    StoreError,
    WorkerBusyError,
    WorkerError,
    WorkerTimeoutError,
)
from dltrainer_jupyter.views.words import one_line

_STATUS: dict[type[DLTrainerError], HTTPStatus] = {
    RunNotFoundError: HTTPStatus.NOT_FOUND,
    IllegalControlError: HTTPStatus.CONFLICT,
    IllegalTransitionError: HTTPStatus.CONFLICT,
    ConfigurationError: HTTPStatus.UNPROCESSABLE_ENTITY,
    # Named by the request: a checkpoint that isn't there, a part whose package isn't installed.
    CheckpointError: HTTPStatus.UNPROCESSABLE_ENTITY,
    MissingPackageError: HTTPStatus.UNPROCESSABLE_ENTITY,
    # A person's own model, or inputs it doesn't take.
    PredictionError: HTTPStatus.UNPROCESSABLE_ENTITY,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    WorkerError: HTTPStatus.SERVICE_UNAVAILABLE,
    WorkerBusyError: HTTPStatus.TOO_MANY_REQUESTS,
    WorkerTimeoutError: HTTPStatus.GATEWAY_TIMEOUT,
}


class UnreadableBodyError(DLTrainerError):
    """A body that is no mapping of settings, in JSON or YAML."""


class BodyTooLargeError(DLTrainerError):
    """A body longer than any request needs."""


class NoSuchModelError(DLTrainerError):
    """A path that names a model nobody registered."""


class NoSuchPartError(DLTrainerError):
    """A path that names a kind of part there isn't, or a part nobody registered."""


class NoSuchTestRunError(DLTrainerError):
    """A path that names a test run that isn't there."""


_STATUS |= {
    UnreadableBodyError: HTTPStatus.BAD_REQUEST,
    BodyTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    NoSuchModelError: HTTPStatus.NOT_FOUND,
    NoSuchPartError: HTTPStatus.NOT_FOUND,
    NoSuchTestRunError: HTTPStatus.NOT_FOUND,
}


def status_of(error: DLTrainerError) -> HTTPStatus:
    """Give the status code of an error.

    Examples
    --------
    >>> status_of(RunNotFoundError("No run has the name or id 'x'."))
    <HTTPStatus.NOT_FOUND: 404>
    """
    kinds = (kind for kind in type(error).__mro__ if issubclass(kind, DLTrainerError))
    return next((_STATUS[kind] for kind in kinds if kind in _STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)


def error_body(message: object, reason: str) -> dict[str, str]:
    """Describe an error.

    Parameters
    ----------
    message : object
        The sentence.
    reason : str
        What kind of error, for programs: the name of its class, or HTTP's phrase.
    """
    return {"message": one_line(message), "reason": reason}
