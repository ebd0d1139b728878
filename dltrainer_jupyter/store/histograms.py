"""What is known of a model inside: how its values lay after each epoch, and what it is made of."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from dltrainer_jupyter.core.tracking import GraphNode, Histogram
from dltrainer_jupyter.store.part import LIMIT, MOST, RUN, StorePart
from dltrainer_jupyter.store.tables import model_graphs, training_histograms

Kind = Literal["weights", "activations", "gradients"]

_TABLE = training_histograms
_FOLLOWING = (
    _TABLE.select()
    .where(_TABLE.c.run_id == RUN, _TABLE.c.epoch > sa.bindparam("after"))
    .order_by(_TABLE.c.epoch, _TABLE.c.kind, _TABLE.c.name)
    .limit(LIMIT)
)
_EPOCHS = sa.select(_TABLE.c.epoch).where(_TABLE.c.run_id == RUN).distinct().order_by(_TABLE.c.epoch)
_NAMES = (
    sa.select(_TABLE.c.kind, _TABLE.c.name)
    .where(_TABLE.c.run_id == RUN)
    .distinct()
    .order_by(_TABLE.c.kind, _TABLE.c.name)
)
_GRAPH = sa.select(model_graphs.c.nodes).where(model_graphs.c.run_id == RUN)


def _insert(dialect: str, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@functools.cache
def _write(dialect: str) -> sa.Insert:
    insert = _insert(dialect, training_histograms)
    new = insert.excluded
    upsert: sa.Insert = insert.on_conflict_do_update(
        index_elements=["run_id", "epoch", "kind", "name"],
        set_={"step": new.step, "edges": new.edges, "counts": new.counts},
    )
    return upsert


def insert_histograms(connection: Connection, run_id: str, histograms: Sequence[Histogram]) -> None:
    """Write histograms in place of those of the same arrays and epochs; whoever calls holds the run's row."""
    rows = [
        {
            "run_id": run_id,
            "epoch": histogram.epoch,
            "kind": histogram.kind,
            "name": histogram.name,
            "step": histogram.step,
            "edges": np.asarray(histogram.edges, "<f8").tobytes(),
            "counts": np.asarray(histogram.counts, "<i8").tobytes(),
        }
        for histogram in histograms
    ]
    if rows:
        connection.execute(_write(connection.dialect.name), rows)


def retire_histograms(connection: Connection, run_id: str, after: int) -> None:
    """Remove the rows of all later epochs."""
    connection.execute(_TABLE.delete().where(_TABLE.c.run_id == run_id, _TABLE.c.epoch > after))


def replace_graph(connection: Connection, run_id: str, nodes: Sequence[GraphNode]) -> None:
    """Write what a model is made of; whoever calls holds the run's row."""
    insert = _insert(connection.dialect.name, model_graphs)
    upsert = insert.on_conflict_do_update(index_elements=["run_id"], set_={"nodes": insert.excluded.nodes})
    connection.execute(upsert, {"run_id": run_id, "nodes": [asdict(node) for node in nodes]})


class Histograms(StorePart):
    """The rows of ``training_histograms`` and ``model_graphs``."""

    def histograms(
        self,
        run_id: str,
        after_epoch: int = 0,
        *,
        kind: Kind | None = None,
        name: str | None = None,
        only: Sequence[int] | None = None,
        limit: int | None = None,
    ) -> list[Histogram]:
        """Read how values lay after each epoch: oldest first, within an epoch by kind and name.

        Parameters
        ----------
        run_id : str
            The run.
        after_epoch : int, default 0
            Only later epochs.
        kind : {"weights", "activations", "gradients"}, optional
            Only these.
        name : str, optional
            Only of this array or layer.
        only : sequence of int, optional
            Only of these epochs: for a picture that can't show more.
        limit : int, optional
            At most so many histograms. The last epoch may be cut short by it.
        """
        wanted: dict[str, Any] = {"run": run_id, "after": after_epoch, "limit": MOST if limit is None else limit}
        query = _FOLLOWING
        for column, value in ((_TABLE.c.kind, kind), (_TABLE.c.name, name)):
            query = query if value is None else query.where(column == value)
        if only is not None:
            query = query.where(_TABLE.c.epoch.in_(list(only)))
        with self._database.read() as connection:
            return [_histogram(row) for row in connection.execute(query, wanted).mappings()]

    def histogram_epochs(self, run_id: str) -> list[int]:
        """List the epochs after which something was measured, oldest first."""
        with self._database.read() as connection:
            return list(connection.execute(_EPOCHS, {"run": run_id}).scalars())

    def histogram_names(self, run_id: str) -> dict[str, list[str]]:
        """Name what was measured, by kind, sorted."""
        found: dict[str, list[str]] = {}
        with self._database.read() as connection:
            for kind, name in connection.execute(_NAMES, {"run": run_id}):
                found.setdefault(kind, []).append(name)
        return found

    def graph(self, run_id: str) -> tuple[GraphNode, ...]:
        """Read what a run's model is made of, in an order in which inputs come first; empty where nobody knows it."""
        with self._database.read() as connection:
            nodes = connection.execute(_GRAPH, {"run": run_id}).scalar()
        return tuple(map(_node, nodes or ()))


def _histogram(row: RowMapping) -> Histogram:
    return Histogram(
        kind=row["kind"],
        name=row["name"],
        epoch=row["epoch"],
        step=row["step"],
        edges=np.frombuffer(row["edges"], "<f8"),
        counts=np.frombuffer(row["counts"], "<i8"),
    )


def _node(plain: dict[str, Any]) -> GraphNode:
    """Read a node; one that an older version wrote knows less, one of a newer version more."""
    known: dict[str, Any] = {name: value for name, value in plain.items() if name in GraphNode.__dataclass_fields__}
    for name, value in known.items():
        if isinstance(value, list):
            known[name] = tuple(value)
    return GraphNode(**known)
