"""A PostgreSQL server for the tests: each store in a schema of its own, thrown away afterwards."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

POSTGRESQL = os.environ.get("DLTRAINER_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[psycopg.Connection]:
    """Connect to a server on which tests may make schemas."""
    try:
        connection = psycopg.connect(POSTGRESQL, autocommit=True, connect_timeout=30)
    except psycopg.OperationalError as error:
        reason = f"no PostgreSQL server answers at {POSTGRESQL} (set DLTRAINER_TEST_POSTGRES): {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with connection:
        yield connection


@contextlib.contextmanager
def schema(postgresql: psycopg.Connection) -> Iterator[str]:
    """Make a schema, and give the URL of a store in it."""
    name = f"dltrainer_test_{uuid.uuid4().hex}"
    postgresql.execute(f'CREATE SCHEMA "{name}"')
    # What is thrown away need not reach the disk.
    options = f"-csearch_path={name} -csynchronous_commit=off"
    url = make_url(POSTGRESQL).update_query_dict({"options": options})
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        postgresql.execute("SET client_min_messages = warning")
        postgresql.execute(f'DROP SCHEMA "{name}" CASCADE')


@pytest.fixture
def postgresql_url(postgresql: psycopg.Connection) -> Iterator[str]:
    """Give an empty schema of its own, thrown away afterwards."""
    with schema(postgresql) as url:
        yield url
