from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from dltrainer_jupyter.core.errors import StoreError
from dltrainer_jupyter.store.failures import sentence
from dltrainer_jupyter.store.urls import parse, shown


def test_relative_and_home_paths_mean_the_same_in_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    absolute = parse(f"sqlite:///{tmp_path}/runs.db")
    assert parse("sqlite:///runs.db") == parse("sqlite:///./x/../runs.db") == parse("sqlite:///~/runs.db") == absolute


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_psycopg(scheme: str):
    assert parse(f"{scheme}://me@db/runs").drivername == "postgresql+psycopg"


@pytest.mark.parametrize("url", ["", "runs.db", "mysql://me@db/runs", "postgresql+asyncpg://me@db/runs", "nonsense://"])
def test_other_urls_are_refused_with_what_was_expected(url: str):
    with pytest.raises(StoreError, match="Expected sqlite:///.* or postgresql://.*DLTRAINER_STORE"):
        parse(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"])
def test_a_database_without_a_file_is_refused(url: str):
    with pytest.raises(StoreError, match="without a file"):
        parse(url)


@pytest.mark.parametrize(
    "url", ["postgresql://me:s3cret@db:5432/runs", "postgresql://me@db/runs?password=s3cret&sslpassword=s3cret"]
)
def test_a_password_is_not_shown(url: str):
    assert "s3cret" not in shown(parse(url))
    assert shown(parse(url)).startswith("postgresql://me")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@db:port/runs",
        "postgres:me:s3cret@db/runs",
        "postgresql//me:x@db/runs?password=s3cret",
        "postgresql://me:at@s3cret@db/runs",
        "mysql://me:s3cret@db/runs",
        "sqlite://me:s3cret@/:memory:",
    ],
)
def test_a_password_is_not_shown_even_if_the_url_makes_no_sense(url: str):
    with pytest.raises(StoreError) as caught:
        parse(url)
    assert "s3cret" not in str(caught.value)


def test_a_password_that_the_database_repeats_is_not_shown():
    url = parse("postgresql://me:s3cret@db/runs")
    assert sentence(SQLAlchemyError("no user me with s3cret"), url) == (
        "The store postgresql://me:***@db/runs refused: no user me with ***. Check DLTRAINER_STORE."
    )
