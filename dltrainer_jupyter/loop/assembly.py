"""Put a training together from a run's record: fresh, or from its newest valid checkpoint."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter.checkpoints.manifest import Manifest
from dltrainer_jupyter.checkpoints.origin import check_origin, origin
from dltrainer_jupyter.checkpoints.reader import load, newest_valid
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import (
    Adapter,
    Course,
    Dataset,
    Follower,
    FullState,
    Recipe,
    Samples,
    Signature,
)
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.steps.keeping import Own, own_steps
from dltrainer_jupyter.loop import beginning, partitions, randomness
from dltrainer_jupyter.loop import parts as make
from dltrainer_jupyter.loop.changes import History, take_up
from dltrainer_jupyter.loop.doorbell import Doorbell
from dltrainer_jupyter.loop.evaluation import Evaluation
from dltrainer_jupyter.loop.exactness import Exactness, changed_since, without_memory
from dltrainer_jupyter.loop.examination import Examination
from dltrainer_jupyter.loop.feed import make_feed
from dltrainer_jupyter.loop.following import follower_of
from dltrainer_jupyter.loop.gallery import Gallery
from dltrainer_jupyter.loop.inspecting import Inspector, settings_of
from dltrainer_jupyter.loop.judge import Judge, choose_monitor
from dltrainer_jupyter.loop.keeper import Keeper
from dltrainer_jupyter.loop.kept_steps import KeptSteps, name_of
from dltrainer_jupyter.loop.notices import Notices
from dltrainer_jupyter.loop.recorder import Recorder
from dltrainer_jupyter.loop.scheduling import lent_model, schedules_of
from dltrainer_jupyter.loop.suiting import (
    memory_note,
    refuse_other_sizes,
    refuse_second_schedule,
    refuse_several,
    refuse_unknown_outputs,
    width_of,
    widths_of,
)
from dltrainer_jupyter.loop.training import Parts, Training
from dltrainer_jupyter.postprocessing import chain
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.store.store import Store


@contextmanager
def assembled(
    store: Store,
    record: RunRecord,
    attempt: Attempt,
    objects: Mapping[str, Any],
    bell: Doorbell,
    *,
    owns_process: bool,
) -> Iterator[Training]:
    """Give a training that is ready to go on; everything it took is given back at the end.

    Parameters
    ----------
    store : Store
        Where the run's checkpoints are listed.
    record : RunRecord
        The run.
    attempt : Attempt
        This trainer's hold on it.
    objects : mapping
        The user's own objects by key of the specification.
    bell : Doorbell
        What the loop looks at.
    owns_process : bool
        Whether nothing else draws random numbers in this process.
    """
    attempt.progress(replace(record.progress, phase="starting"))
    found = _newest_checkpoint(store, record, attempt)
    spec, history = _with_same_threads(record.spec, found), _history(store, record, found)
    with ExitStack() as stack:
        if owns_process:
            randomness.seed_process(spec.seed)
        adapter = make.make_adapter(spec, owns_process=owns_process)
        stack.callback(adapter.close)
        environment = adapter.open()
        recipe = make.make_recipe(spec, objects)
        dataset = _as_recipe_takes_it(
            recipe, _loaded(spec, objects, record, None if found is None else found[1], owns_process=owns_process)
        )
        stack.callback(make.close_data, dataset)
        signature = dataset.signature
        _see_that_model_suits(spec, signature, environment, attempt)
        feed = make_feed(adapter, dataset.train, spec)
        _prepare(
            recipe, spec, Course(1, history.epochs, 0, 0, feed.steps_per_epoch, dataset.validation is not None), objects
        )
        state = adapter.build(recipe, objects, signature)
        if found is None:
            beginning.begin_with_checkpoint(adapter, state, record)
        widths = widths_of(adapter, recipe, state, feed.samples(), signature)
        if found is None and spec.weights is not None:
            beginning.begin_with_file(adapter, state, spec.weights, record, attempt)
        width = width_of(widths[0], signature)
        if not signature.outputs:
            signature = replace(signature, outputs=width or 0)
        follower = follower_of(recipe)
        refuse_second_schedule(spec, adapter, follower, state)

        metrics, measured = (
            make.make_metrics(
                spec, objects, signature, adapter.tensors, widths[0], model=partial(lent_model, adapter, state)
            )
            for _ in ("training", "validation")
        )
        during_training = [metric for metric in metrics if not getattr(metric, "validation_only", False)]
        monitor, mode = choose_monitor(
            spec,
            metrics,
            validates=dataset.validation is not None,
            measures_itself=isinstance(recipe, Follower),
            targets=signature.target_names,
        )
        evaluation = None
        if dataset.validation is not None:
            evaluation = Evaluation(
                adapter,
                recipe,
                dataset.validation,
                metrics=measured,
                confusion=make.make_confusion(signature) if width else None,
                examination=None if width is None else _examination(spec, signature, record, attempt),
                batch_size=2 * spec.batch_size,
                together=spec.fast.several_steps,
            )
        versions = origin(spec.framework) | _versions(environment)
        exactness = Exactness(
            attempt,
            [
                adapter.inexact_because,
                feed.inexact_because,
                *([] if isinstance(dataset.validation, Samples | None) else [dataset.validation.inexact_because]),
                *([recipe.inexact_because] if hasattr(recipe, "inexact_because") else []),
                lambda: without_memory(during_training),
                lambda: changed_since(found and found[1], versions),
            ],
            exact=record.exact,
        )
        keeper = Keeper(
            store,
            attempt,
            Path(record.folder),
            spec.checkpoint,
            bell,
            background=spec.fast.background_checkpoints,
            resume=feed.resume,
            begun_at=0 if found is None else found[1].step,
        )
        stack.enter_context(keeper)
        parts = Parts(
            adapter=adapter,
            recipe=recipe,
            follower=follower,
            state=state,
            feed=feed,
            recorder=Recorder(adapter, during_training, spec.on_nan, deferred=spec.fast.deferred_metrics),
            make_schedule=schedules_of(spec, objects, (adapter, state), feed.steps_per_epoch, mode),
            judge=Judge(monitor, mode, spec.early_stopping),
            keeper=keeper,
            evaluation=evaluation,
            inspector=_inspector(adapter, recipe, dataset, attempt, spec=spec, store=store),
            exactness=exactness,
            notices=_tell_of(dataset, record, attempt, is_new=found is None),
            signature=signature,
            versions=versions,
        )
        attempt.describe(signature=asdict(signature), environment=environment | versions, resume=feed.resume)
        training = Training(spec, history.epochs, parts, attempt, owns_process=owns_process)
        if found is None:
            attempt.rewind(0, 0, None)
        else:
            check_origin(found[1], spec.framework)
            training.load(found[0])
            attempt.describe(resumed_from_step=training.step)
        take_up(training, history)
        exactness.ask(training.step)
        yield training


def _loaded(
    spec: RunSpec, objects: Mapping[str, Any], record: RunRecord, found: Manifest | None, *, owns_process: bool
) -> Dataset:
    """Load the data; a training that goes on prepares it by what was fitted when it began."""
    kept = KeptSteps(record.id, lambda: Path(record.folder))
    own = objects.get("postprocessing", ())
    with own_steps(Own(kept)):
        trained = () if found is None else found.signature.preprocessing
        dataset = make.load_data(spec, objects, owns_process=owns_process, trained=trained)
    with ExitStack() as undo:
        undo.callback(make.close_data, dataset)
        chain.check(spec.postprocessing, chain.chain_of(spec.postprocessing, own.__getitem__), dataset.signature)
        if found is None:
            for index, thing in enumerate(own):
                kept.keep(thing, name_of(index))
            kept.save(dataset.signature.preprocessing)
        undo.pop_all()
    return dataset


def _tell_of(dataset: Dataset, record: RunRecord, attempt: Attempt, *, is_new: bool) -> Notices:
    """Say what people should know of the data, and keep how they are divided."""
    notices = Notices(attempt, dataset.notices)
    if dataset.partition is not None:
        partitions.keep(Path(record.folder), dataset.partition, dataset.signature, attempt, is_new=is_new)
    return notices


def _examination(spec: RunSpec, signature: Signature, record: RunRecord, attempt: Attempt) -> Examination | None:
    """Make who looks at all that the model says in a validation, for tasks that have somebody."""
    if (examiner := make.make_examiner(spec, signature)) is None:
        return None
    most = 0 if spec.validation is False else spec.validation.examples
    gallery = Gallery(Path(record.folder), signature, seed=spec.seed, most=most)
    return Examination(examiner, gallery, lambda message: attempt.event("notice", message))


def _inspector(
    adapter: Adapter, recipe: Recipe, dataset: Dataset, attempt: Attempt, *, spec: RunSpec, store: Store
) -> Inspector | None:
    """Make who looks into the model, if anybody wants to know."""
    if (settings := settings_of(spec)) is None:
        return None
    # Samples held back, or those in training if none are, or none are shown.
    held_back = dataset.validation
    shown = held_back is not None and (isinstance(held_back, Samples) or held_back.first is not None)
    source = held_back if held_back is not None and shown else dataset.train
    return Inspector(adapter, recipe, settings, source, attempt, knows_graph=bool(store.graph(attempt.run_id)))


def _newest_checkpoint(store: Store, record: RunRecord, attempt: Attempt) -> tuple[FullState, Manifest] | None:
    """Load the newest checkpoint that is whole and that data can be taken up at, and say which ones were damaged."""
    records = sorted(store.checkpoints(record.id), key=lambda checkpoint: checkpoint.step, reverse=True)

    def damaged(path: Path, error: CheckpointError) -> None:
        attempt.event("damaged_checkpoint", f"Checkpoint {path.name} is damaged and was passed over: {error}")

    paths = iter([Path(checkpoint.path) for checkpoint in records])
    while (path := newest_valid(paths, damaged)) is not None:
        found = load(path)
        if record.resume != "epoch" or found[0].meta["consumed"] == 0:
            return found
    if records:
        attempt.event("restart", "No checkpoint of this run can be taken up; it starts again from the beginning.")
    return None


def _history(store: Store, record: RunRecord, found: tuple[FullState, Manifest] | None) -> History:
    """Find out which settings were changed while the run trained."""
    return History(store.settings_changed(record.id), record, None if found is None else found[0].meta)


def _prepare(recipe: Recipe, spec: RunSpec, course: Course, objects: Mapping[str, Any]) -> None:
    """Tell a recipe that asks for it what is known before anything is built, such as the length of the training."""
    if callable(prepare := getattr(recipe, "prepare", None)):
        prepare(spec, course, objects)


def _as_recipe_takes_it(recipe: Recipe, dataset: Dataset) -> Dataset:
    """Let a recipe that goes its own way through the data put that in the place of ours."""
    take = getattr(recipe, "take_data", None)
    return take(dataset) if callable(take) else dataset


def _see_that_model_suits(
    spec: RunSpec, signature: Signature, environment: Mapping[str, Any], attempt: Attempt
) -> None:
    refuse_unknown_outputs(spec, signature)
    refuse_several(spec, signature)
    refuse_other_sizes(spec, signature.input_shape)
    if (note := memory_note(spec, environment.get("device"))) is not None:
        attempt.event("notice", note)


def _with_same_threads(spec: RunSpec, found: tuple[FullState, Manifest] | None) -> RunSpec:
    """Go on with the number of threads the run had: it changes bits."""
    if found is None or spec.threads is not None:
        return spec
    threads = found[1].versions.get("threads")
    return spec if threads is None else spec.model_copy(update={"threads": int(threads)})


def _versions(environment: Mapping[str, Any]) -> dict[str, str]:
    """Give what exactness depends on, as text."""
    ours = {"python": platform.python_version(), "numpy": np.__version__, "machine": platform.machine()}
    return ours | {key: str(value) for key, value in environment.items()}
