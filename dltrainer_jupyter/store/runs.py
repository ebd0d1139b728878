"""Runs: making, finding, listing and deleting them."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from dltrainer_jupyter.core.errors import RunNotFoundError, StoreError, did_you_mean
from dltrainer_jupyter.core.protocols import ResumeKind
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import State, Verb, check_verb
from dltrainer_jupyter.store.locking import clock, no_such_run, take_hold
from dltrainer_jupyter.store.part import RUN, StorePart
from dltrainer_jupyter.store.rows import run_record
from dltrainer_jupyter.store.tables import deleted_runs, training_jobs

SHORTEST_PREFIX = 4
"""Fewer characters of an id say too little."""

_RUN = training_jobs.select().where(training_jobs.c.id == RUN)
_REVISION = sa.select(training_jobs.c.revision).where(training_jobs.c.id == RUN)
_REVISIONS = sa.select(training_jobs.c.id, training_jobs.c.revision).where(
    training_jobs.c.id.in_(sa.bindparam("runs", expanding=True))
)


class Runs(StorePart):
    """The rows of ``training_jobs``."""

    def create_run(
        self,
        run_id: str,
        spec: RunSpec,
        *,
        folder: str,
        environment: Mapping[str, Any],
        resume: ResumeKind = "exact",
        exact: bool = True,
        rebuildable: bool = True,
    ) -> RunRecord:
        """Add a run that waits for a trainer.

        Parameters
        ----------
        run_id : str
            Its id, which nothing else may have.
        spec : RunSpec
            What to train.
        folder : str
            Where its checkpoints and artifacts will lie, as seen from this host.
        environment : mapping
            Git commit, package versions, machine: JSON types.
        resume : {"exact", "replay", "epoch"}, default "exact"
            How it can be resumed.
        exact : bool, default True
            Whether a resumed run will be bit-identical.
        rebuildable : bool, default True
            Whether it can outlive the process that made it.

        Returns
        -------
        RunRecord
            In state ``pending``.

        Raises
        ------
        StoreError
            If the id is taken, or the store can't be reached.

        Examples
        --------
        >>> store.create_run("4f1c9a", spec, folder="/runs/4f1c9a", environment={}).state  # doctest: +SKIP
        <State.PENDING: 'pending'>
        """
        row: dict[str, Any] = {
            "id": run_id,
            "name": spec.name,
            "state": State.PENDING,
            "framework": spec.framework,
            "executor": spec.executor,
            "created_at": datetime.now(UTC),
            "revision": 1,
            "attempt": 0,
            "resume": resume,
            "exact": exact,
            "rebuildable": rebuildable,
            "epochs": spec.epochs,
            "epoch": 0,
            "step": 0,
            "steps_per_epoch": 0,
            "phase": "waiting",
            "train_seconds": 0.0,
            "folder": folder,
            "host": socket.gethostname(),
            # Complete, so that another version's defaults don't change what this run was.
            "spec": spec.model_dump(mode="json"),
            "environment": dict(environment),
        }
        with self._database.write() as connection:
            row["updated_at"] = clock(connection.dialect.name)
            try:
                connection.execute(training_jobs.insert().values(row))
            except IntegrityError as error:
                msg = f"There is a run with the id '{run_id}' already; give the new one another id."
                raise StoreError(msg) from error
        return self.run(run_id)

    def run(self, run_id: str) -> RunRecord:
        """Read a run.

        Raises
        ------
        RunNotFoundError
            If no run has exactly this id.
        """
        with self._database.read() as connection:
            row = connection.execute(_RUN, {"run": run_id}).mappings().one_or_none()
        if row is None:
            raise no_such_run(run_id)
        return run_record(row)

    def find(self, ref: str) -> RunRecord:
        """Find a run by what a person calls it.

        Parameters
        ----------
        ref : str
            An id, a name (its newest run is meant), or at least the first four characters of one run's id.

        Returns
        -------
        RunRecord
            The run.

        Raises
        ------
        RunNotFoundError
            If nothing answers to it, or several ids begin with it; the message names what might be meant.
        """
        jobs = training_jobs.c
        exactly = training_jobs.select().where(sa.or_(jobs.id == ref, jobs.name == ref))
        # An id goes before a name, a newer run before an older one.
        order = (sa.case((jobs.id == ref, 0), else_=1), jobs.number.desc())
        with self._database.read() as connection:
            row = connection.execute(exactly.order_by(*order).limit(1)).mappings().one_or_none()
            if row is not None:
                return run_record(row)
            found = []
            if len(ref) >= SHORTEST_PREFIX:
                beginning = training_jobs.select().where(jobs.id.startswith(ref, autoescape=True))
                rows = connection.execute(beginning.order_by(jobs.number.desc())).mappings().all()
                # SQLite's LIKE is blind to case.
                found = [row for row in rows if row["id"].startswith(ref)]
            if len(found) == 1:
                return run_record(found[0])
            if found:
                candidates = ", ".join(f"{row['id']} ({row['name']})" for row in found)
                msg = f"Several runs' ids begin with '{ref}': {candidates}. Give more characters."
                raise RunNotFoundError(msg)
            names = connection.execute(sa.select(jobs.name).distinct()).scalars().all()
        rest = f" Known: {', '.join(sorted(names))}." if 0 < len(names) <= _FEW else ""
        msg = f"No run has the name or id '{ref}'.{did_you_mean(ref, names)}{rest}"
        raise RunNotFoundError(msg)

    def runs(
        self,
        *,
        states: Iterable[State] | None = None,
        name: str | None = None,
        limit: int | None = None,
    ) -> list[RunRecord]:
        """Read runs in full, newest first; :meth:`page` reads long lists quickly.

        Parameters
        ----------
        states : iterable of State, optional
            Only runs in one of these.
        name : str, optional
            Only runs of exactly this name.
        limit : int, optional
            At most so many.
        """
        query = training_jobs.select().order_by(training_jobs.c.number.desc()).limit(limit)
        if states is not None:
            query = query.where(training_jobs.c.state.in_([State(state).value for state in states]))
        if name is not None:
            query = query.where(training_jobs.c.name == name)
        with self._database.read() as connection:
            return [run_record(row) for row in connection.execute(query).mappings()]

    def delete_run(self, run_id: str) -> None:
        """Remove every row of a run; its files are somebody else's matter.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        IllegalControlError
            If it is alive.
        """
        with self._database.write() as connection:
            job = take_hold(connection, run_id)
            check_verb(job["name"], Verb.DELETE, State(job["state"]))
            connection.execute(training_jobs.delete().where(training_jobs.c.id == run_id))
            gone = {"id": run_id, "deleted_at": clock(connection.dialect.name)}
            connection.execute(deleted_runs.insert().values(gone))

    def was_deleted(self, run_id: str) -> bool:
        """Tell whether a run was here and has been deleted, rather than never having been here."""
        query = sa.select(deleted_runs.c.id).where(deleted_runs.c.id == run_id).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def revision(self, run_id: str) -> int:
        """Give a number that grows with every write that concerns the run: cheap to poll.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        """
        with self._database.read() as connection:
            revision: int | None = connection.execute(_REVISION, {"run": run_id}).scalar_one_or_none()
        if revision is None:
            raise no_such_run(run_id)
        return revision

    def revisions(self, run_ids: Iterable[str]) -> dict[str, int]:
        """Give the revisions of some runs by their ids; those that are gone are left out."""
        with self._database.read() as connection:
            return {row.id: row.revision for row in connection.execute(_REVISIONS, {"runs": list(run_ids)})}

    def signature(self, run_id: str) -> dict[str, Any] | None:
        """Read what goes into the run's model and what comes out, once a trainer has described it.

        Raises
        ------
        RunNotFoundError
            If there is no such run.
        """
        with self._database.read() as connection:
            query = sa.select(training_jobs.c.signature).where(training_jobs.c.id == run_id)
            row = connection.execute(query).one_or_none()
        if row is None:
            raise no_such_run(run_id)
        signature: dict[str, Any] | None = row.signature
        return signature


_FEW = 12
"""So many names still fit into a message."""
