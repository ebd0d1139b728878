"""The process around MLflow's client: its environment and its warnings, put back after each call."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dltrainer_jupyter.trackers.environment import environment
from dltrainer_jupyter.trackers.tokens import revealed

if TYPE_CHECKING:
    from pydantic import SecretStr

_DEFAULTS = {
    # The relay tries again by itself, and has other trackers to serve meanwhile.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    # The log is the relay's, which nobody watches; nobody asked to tell MLflow's makers of it.
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""What is set unless a person has set it otherwise; MLflow reads it at each request, or when it is imported."""

_TRIES = 2
"""How often a database is tried; MLflow's own ten tries take a hundred seconds."""


@contextmanager
def surroundings(token: SecretStr | None, patience: int = 20) -> Iterator[None]:
    """Let MLflow's client work as it should here.

    Parameters
    ----------
    token : pydantic.SecretStr or None
        For the server; the environment's own credentials if it is None or hasn't come along.
    patience : int, default 20
        Seconds to wait for an answer, unless the environment says otherwise.
    """
    defaults = _DEFAULTS | {"MLFLOW_HTTP_REQUEST_TIMEOUT": str(patience)}
    wanted: dict[str, str | None] = {name: value for name, value in defaults.items() if name not in os.environ}
    if (secret := revealed(token)) is not None:
        wanted["MLFLOW_TRACKING_TOKEN"] = secret
        # MLflow would prefer these.
        wanted |= {"MLFLOW_TRACKING_USERNAME": None, "MLFLOW_TRACKING_PASSWORD": None}
    with environment(wanted), warnings.catch_warnings():
        # They speak of MLflow's own insides, to people who can't change them.
        warnings.simplefilter("ignore")
        yield


@contextmanager
def few_tries() -> Iterator[None]:
    """Let a database that is out of reach be noticed soon."""
    from mlflow.store.db import utils

    before = getattr(utils, "MAX_RETRY_COUNT", _TRIES)
    utils.MAX_RETRY_COUNT = _TRIES
    try:
        yield
    finally:
        utils.MAX_RETRY_COUNT = before
