"""Reading the store and its runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.server.list_schemas import RunsQuery
from dltrainer_jupyter.server.schemas import CurvesQuery

if TYPE_CHECKING:
    from dltrainer_jupyter.tal import Run

_CONTROLS = 50


def store() -> dict[str, str | None]:
    """Say which store this server reads."""
    from dltrainer_jupyter.server.page import panel_client
    from dltrainer_jupyter.tal.session import open_store

    return {"uuid": open_store().uuid, "panel_client": panel_client()}


def resources() -> dict[str, Any]:
    """Say how busy this server's machine is."""
    from dltrainer_jupyter.views.resources import resources

    return resources()


def runs(query: RunsQuery) -> dict[str, Any]:
    """List runs, a page of them."""
    from dltrainer_jupyter.store.listing import Sort
    from dltrainer_jupyter.tal.session import open_store
    from dltrainer_jupyter.views.filtering import parse
    from dltrainer_jupyter.views.pages import page

    filtered = replace(parse(query.filter), name=query.name)
    states = () if query.state is None else (frozenset(query.state),)
    chosen = replace(filtered, states=(*filtered.states, *states))
    store = open_store()
    with store.look():
        shown, following = page(store, chosen, sort=Sort(query.sort), limit=query.limit, cursor=query.cursor)
        return {"runs": shown, "next": following, "counts": store.counts(filtered)}


def run(ref: str) -> dict[str, Any]:
    """Show a run in full."""
    return described(_get(ref))


def described(found: Run) -> dict[str, Any]:
    """Describe a run as ``dltrain show --json`` does, with what became of what was asked of it."""
    from dltrainer_jupyter.views.live import control_row

    controls, record = found.store.controls(found.id, limit=_CONTROLS), found.record
    return {**found.document(), "controls": [control_row(control, record) for control in controls]}


def metrics(ref: str) -> dict[str, Any]:
    """Give the history, a row an epoch."""
    return {"metrics": _get(ref).document()["metrics"]}


def checkpoints(ref: str) -> dict[str, Any]:
    """List the checkpoints, oldest first."""
    return {"checkpoints": _get(ref).document()["checkpoints"]}


def curves(ref: str, query: CurvesQuery) -> dict[str, Any]:
    """Give series, decimated."""
    from dltrainer_jupyter.core.errors import UnknownNameError
    from dltrainer_jupyter.views.live import curve_columns

    found = _get(ref)
    known = found.store.curve_names(found.id)
    for name in query.names or ():
        if name not in known:
            kind = "series"
            raise UnknownNameError(kind, name, known)

    def columns(name: str) -> dict[str, list[Any]]:
        return curve_columns(found.store, found.id, name, start=query.start, stop=query.stop, points=query.points)

    return {"curves": {name: columns(name) for name in (known if query.names is None else query.names)}}


def _get(ref: str) -> Run:
    from dltrainer_jupyter import tal

    return tal.get(ref)
