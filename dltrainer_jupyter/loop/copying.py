"""One run's copy at a place, brought up to date: what is there, what is missing, how pieces of history are joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dltrainer_jupyter.checkpoints.mirror import RunMirror
from dltrainer_jupyter.checkpoints.mirror_index import Index, Piece
from dltrainer_jupyter.checkpoints.place import NotThereError
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.records import CheckpointRecord
from dltrainer_jupyter.store.columns import tagged
from dltrainer_jupyter.store.export import Mark
from dltrainer_jupyter.store.liveness import this_process
from dltrainer_jupyter.store.store import Store

_FAN_OUT = 8
"""So many pieces of history of one level are joined to one of the next."""
_LONGEST_PIECE = 1 << 18
"""Most steps in a piece."""

Key = tuple[str, int, int]
"""What tells checkpoints apart: digest, step and attempt."""


class TakenError(Exception):
    """Another store goes on with this copy, or a later attempt of this one.

    Parameters
    ----------
    index : Index
        What it wrote.
    """

    def __init__(self, index: Index) -> None:
        super().__init__(f"'{index.host}' went on with it (attempt {index.attempt})")
        self.index = index


class Copy:
    """A run's copy, as the trainer of one attempt keeps it.

    Parameters
    ----------
    store : Store
        Where the run is read.
    mirror : RunMirror
        Where the copy is.
    found : Index or None
        What is there already.
    attempt : int
        The attempt.
    resumed_from : int or None
        Step of the checkpoint that the attempt goes on from.
    own : mapping
        The files of the user's own ``objects`` and ``parts``; None if one isn't to be copied.
    """

    def __init__(
        self,
        store: Store,
        mirror: RunMirror,
        found: Index | None,
        *,
        attempt: int,
        resumed_from: int | None,
        own: Mapping[str, Path | None],
    ) -> None:
        self._store = store
        self._mirror = mirror
        self._own = own
        self._names: dict[Key, str] = {}
        self._left_out: set[Key] = set()
        history: tuple[Piece, ...] = ()
        if found is not None:
            self._names = {
                (row["digest"], row["step"], row["attempt"]): name for name, row in found.checkpoints.items()
            }
            if found.store == store.uuid:
                # From there on this attempt writes the history anew. Another store numbers its events in its own way.
                history = tuple(piece for piece in found.history if piece.step < (resumed_from or 0))
        number = 0 if found is None or found.attempt != attempt else found.number
        host = this_process().host
        self._index = Index(attempt, number, store.uuid, host, "", {}, {}, history, None)
        self._found = found and (found.store, found.name)
        mirror.sweep()

    def bring_up_to_date(self, records: list[CheckpointRecord]) -> bool:
        """Copy the newest checkpoint that isn't there, and what else it takes to go on from it.

        Returns
        -------
        bool
            Whether there was one. Then there may be more, and a newer one by now: a place may be slower than the
            training.

        Raises
        ------
        CheckpointError
            If it is damaged here; it is left out from then on.
        TakenError
            If somebody else has gone on with the copy meanwhile; what they wrote counts.
        """
        missing = [it for it in records if _key(it) not in self._names and _key(it) not in self._left_out]
        newest = max(missing, key=_age, default=None)
        if newest is not None:
            try:
                self._names[_key(newest)] = self._mirror.put_checkpoint(Path(newest.path))
            except (CheckpointError, NotThereError) as error:
                if not self._still_there(newest):
                    return True  # given up while it was being copied
                if isinstance(error, CheckpointError):
                    self._left_out.add(_key(newest))
                raise
        self._seal(records)
        return newest is not None

    def remove(self) -> None:
        """Remove all of it."""
        self._mirror.remove(self._store.uuid)

    def _still_there(self, record: CheckpointRecord) -> bool:
        now = self._store.checkpoint(record.run_id, record.step)
        return now is not None and now.path == record.path

    def _seal(self, records: list[CheckpointRecord]) -> None:
        """Write out the history up to the newest checkpoint there, and the index that makes all of it count."""
        copied = [record for record in records if _key(record) in self._names]
        if not copied:
            return
        run_id = copied[0].run_id
        newest = max(copied, key=_age)
        history = self._history(run_id, self._store.export_mark(run_id, newest.step))
        own = {name: getattr(self._index, name) for name in self._own}
        for name, path in self._own.items():
            if own[name] is None and path is not None and path.exists():
                own[name] = self._mirror.put_objects(path)
        self._refuse_if_taken()
        self._index = replace(
            self._index,
            number=self._index.number + 1,
            written_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
            run=self._store.export_run(run_id),
            checkpoints={self._names[_key(record)]: row_of(record) for record in copied},
            history=tuple(history),
            **own,
        )
        self._mirror.put_index(self._index)
        known = {_key(record) for record in records}
        self._names = {key: name for key, name in self._names.items() if key in known}

    def _refuse_if_taken(self) -> None:
        """See that the newest index is the one that was found, or one of this attempt's.

        Two who write their first one in the same moment both see none of the other; one of them does the next time.
        """
        there = self._mirror.index()
        if there is None or (there.store, there.name) == self._found:
            return
        if there.store != self._store.uuid or there.attempt > self._index.attempt:
            raise TakenError(there)

    def _history(self, run_id: str, upto: Mark) -> list[Piece]:
        pieces = list(self._index.history)
        for mark in self._marks(run_id, _end(pieces), upto):
            pieces.append(self._piece(run_id, _end(pieces), mark, level=0))
            while (joined := _joinable(pieces)) is not None:
                before, level = pieces[:joined], pieces[-1].level + 1
                pieces = [*before, self._piece(run_id, _end(before), _end(pieces), level)]
        return pieces

    def _marks(self, run_id: str, after: Mark, upto: Mark) -> Iterator[Mark]:
        """Cut what is long, such as the history of a run that gets its first copy."""
        for step in range(after.step + _LONGEST_PIECE, upto.step, _LONGEST_PIECE):
            yield self._store.export_mark(run_id, step)._replace(event=after.event)
        if upto != after:
            yield upto

    def _piece(self, run_id: str, after: Mark, upto: Mark, level: int) -> Piece:
        data = self._store.export_history(run_id, after, upto)
        return Piece(self._mirror.put_piece(f"{upto.step:012d}", data), *upto, level=level)


def _key(record: CheckpointRecord) -> Key:
    return record.digest, record.step, record.attempt


def _age(record: CheckpointRecord) -> tuple[int, int]:
    return record.attempt, record.step


def _end(pieces: list[Piece]) -> Mark:
    return Mark(pieces[-1].step, pieces[-1].epoch, pieces[-1].event) if pieces else Mark()


def _joinable(pieces: list[Piece]) -> int | None:
    """Say where the pieces begin that are to be joined."""
    first = len(pieces) - _FAN_OUT
    if first < 0 or len({piece.level for piece in pieces[first:]}) > 1:
        return None
    return first if _end(pieces).step - _end(pieces[:first]).step <= _LONGEST_PIECE else None


def row_of(record: CheckpointRecord) -> dict[str, Any]:
    """Write a checkpoint's row in JSON types; run and path are those of whoever reads it."""
    return {
        "step": record.step,
        "epoch": record.epoch,
        "kinds": sorted(record.kinds),
        "metrics": tagged(record.metrics),
        "digest": record.digest,
        "bytes": record.bytes,
        "created_at": record.created_at.isoformat(),
        "attempt": record.attempt,
    }
