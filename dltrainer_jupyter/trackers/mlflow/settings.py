"""What MLflow is told, and where it is."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from dltrainer_jupyter.core.places import without_secrets
from dltrainer_jupyter.trackers.mlflow.places import misspelt
from dltrainer_jupyter.trackers.settings import TrackerSettings


class MLflowSettings(TrackerSettings):
    """Where MLflow is, and what its run is called."""

    uri: str | None = Field(
        default=None,
        description=(
            "Tracking server or store: http://HOST:PORT, sqlite:////FOLDER/mlflow.db …; MLFLOW_TRACKING_URI if left "
            "out, else MLflow's own default, a database in the current folder."
        ),
    )
    experiment: str | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="Experiment, made if it isn't there; MLFLOW_EXPERIMENT_NAME if left out, else DLTrainer.",
    )
    run_name: str | None = Field(default=None, min_length=1, description="Name of MLflow's run; the run's own.")
    tags: dict[str, str] = Field(default_factory=dict, description="Tags of MLflow's run, besides those it has anyway.")
    token: SecretStr | None = Field(
        default=None, description="Token for the server; better left to the environment, as MLFLOW_TRACKING_TOKEN."
    )
    system_metrics: bool = Field(
        default=True, description="Send how busy the machine was; MLflow shows it under System metrics."
    )

    @field_validator("uri")
    @classmethod
    def _uri_is_one_and_shows_no_secret(cls, uri: str | None) -> str | None:
        if uri is None:
            return None
        try:
            shown = without_secrets(uri)
        except ValueError as error:
            msg = (
                "expected a URL such as http://HOST:PORT or sqlite:////FOLDER/mlflow.db, without a password or query: "
                "a server's password is given in the environment (MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN), a database's by the whole URL in "
                "MLFLOW_TRACKING_URI"
            )
            raise ValueError(msg) from error
        if (problem := misspelt(shown)) is not None:
            msg = (
                f"expected a server (http://HOST:PORT), a database (sqlite:////FOLDER/mlflow.db) or a folder; {problem}"
            )
            raise ValueError(msg)
        return shown
