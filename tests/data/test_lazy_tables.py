"""Tables that are read row by row from the disk: the same samples, bits and sentences as in memory."""

from __future__ import annotations

import json
import re
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files import conversion, csv_table, parquet_table
from dltrainer_jupyter.data.files.fetching import cache_folder
from dltrainer_jupyter.data.lazy.stream import LazyStream
from dltrainer_jupyter.data.stored.coded import CodedTable
from dltrainer_jupyter.loop.parts import load_data
from tests.chaos.outcome import outcome
from tests.data import tables
from tests.halfway import held_at_call


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (csv_table, parquet_table):
        monkeypatch.setattr(module, "_VALUES_TOGETHER", 60)


def load(path: Path, lazy: bool, validation: Any = None, objects: Any = None, **settings: Any) -> Dataset:
    given = {} if validation is None else {"validation": validation}
    data = {"type": path.suffix.lstrip("."), "path": str(path), "target": "kind", "lazy": lazy, **settings}
    return load_data(RunSpec(model="mlp", batch_size=7, data=data, **given), objects or {})


def samples(part: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(part, LazyStream):
        return part.inputs, part.targets
    order = part._order(1)
    found = list(part.epoch(1, 0))
    inputs, targets = (np.concatenate([batch[at] for batch in found]) for at in (0, 1))
    return inputs[np.argsort(order)], targets[np.argsort(order)]


def assert_same(path: Path, **settings: Any) -> None:
    """Load both ways; what is fitted may differ by rounding, everything else not at all."""
    kept, lazy = load(path, False, **settings), load(path, True, **settings)
    assert isinstance(lazy.train, LazyStream)
    for one, other in ((kept.train, lazy.train), (kept.validation, lazy.validation)):
        if one is None:
            assert other is None
            continue
        (inputs, targets), (same, same_targets) = samples(one), samples(other)
        np.testing.assert_allclose(same, inputs, rtol=1e-6, atol=1e-7)
        assert np.array_equal(same_targets, targets)
        if settings.get("standardize") is False and settings.get("missing") != "mean":
            assert np.array_equal(same, inputs)
    assert np.array_equal(kept.partition.train, lazy.partition.train)
    assert np.array_equal(kept.partition.validation, lazy.partition.validation)
    assert kept.partition.how == lazy.partition.how
    ours, theirs = lazy.signature, kept.signature
    assert (ours.labels, ours.task, ours.class_weights) == (theirs.labels, theirs.task, theirs.class_weights)
    assert ours.raw == theirs.raw or np.isnan(theirs.raw["low"])
    assert (lazy.notices and lazy.notices()) == (kept.notices and kept.notices())


@pytest.mark.parametrize("write", [tables.csv, tables.parquet])
def test_samples_and_what_is_held_back_are_those_of_memory(write: Any, tmp_path: Path) -> None:
    path = write(tmp_path)
    for settings in (
        {"drop": ["part", "who"]},
        {"drop": ["part", "who", "colour"], "standardize": False},
        {"drop": "part", "validation": {"groups": "colour"}},
        {"drop": "who", "validation": {"column": "part"}},
        {"drop": "who", "validation": {"folds": 3, "fold": 1, "stratify": "colour"}, "standardize": False},
        {"drop": ["part", "kind"], "target": ["size", "rooms"], "validation": False},
    ):
        assert_same(path, **settings)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_is_missing_is_left_out_or_filled_in_as_in_memory(kind: str, tmp_path: Path) -> None:
    rows = tables.frame().drop(columns=["part", "who"])
    rows.loc[[3, 50], "size"] = np.nan
    rows.loc[33, "colour"] = None
    path = tmp_path / f"x.{kind}"
    rows.to_csv(path, index=False) if kind == "csv" else rows.to_parquet(path, row_group_size=13)
    for missing in ("drop", "mean"):
        assert_same(path, missing=missing, standardize=False)
        assert_same(path, missing=missing, drop="colour")
    handed = {"groups": list(range(60))}
    assert_same(path, missing="drop", validation={"groups": "(handed over)"}, objects=handed)


@pytest.mark.parametrize("lazy", [True, False])
def test_a_column_of_text_without_any_is_refused(lazy: bool, tmp_path: Path) -> None:
    rows = tables.frame()[["size", "kind"]].assign(colour=pd.Series([None] * 60, dtype="string"))
    rows.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ConfigurationError, match="'colour' has no value in any row that is trained on"):
        load(tmp_path / "x.parquet", lazy, missing="mean")


@pytest.mark.parametrize("lazy", [True, False])
def test_a_target_that_is_named_twice_is_one(lazy: bool, tmp_path: Path) -> None:
    found = load(tables.csv(tmp_path), lazy, target=["kind", "kind"], drop="part")
    assert found.signature.labels == ("cat", "dog")


GOOD = "".join(f"{number},{number / 2},{number % 2}\n" for number in range(60))


@pytest.mark.parametrize(
    "text",
    [
        "a,b,kind\n" + GOOD + "1,2,3,4\n" + GOOD,
        "a,b,kind\n" + GOOD + "3,4\n" + GOOD,
        "a,b,kind\n" + GOOD + "3,?,1\n" + GOOD,
        "a,b,kind\n" + GOOD + "3,inf,1\n" + GOOD,
        "a,b,kind\n" + "1,2,c\n" * 60,
        "a,b,kind\n" + GOOD + "1,2,-1\n",
        "a,b,kind\n",
        "a,kind\n" + "".join(f"w{number},{number % 2}\n" for number in range(200)),
        "a,kind\n" + '"1,5",0\n"2,5",1\n' * 30,
        "a,kind\n" + "1,0\n" * 60 + "x" * 10_001 + ",1\n",
        "a,kind\n" + "1,0\n2,1\n" * 30 + f"1,{2**63 + 5}\n",
        "a,b,kind\n" + "1,u,0\n2,v,1\n" * 30 + "inf,u,1\n" + "1,u,0\n2,v,1\n" * 30,
    ],
    ids=[
        "ragged",
        "short",
        "text",
        "infinite",
        "one-class",
        "negative",
        "empty",
        "categories",
        "commas",
        "long",
        "unsigned",
        "infinite-beside-text",
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_memory_and_leaves_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as expected:
        load(path, False)
    with pytest.raises(ConfigurationError) as found:
        load(path, True)
    assert str(found.value) == str(expected.value)
    assert not list(cache_folder("rows").glob(".*.part"))


def test_a_wrong_encoding_far_down_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "_VALUES_TOGETHER", 20_000)
    path = tmp_path / "x.csv"
    path.write_bytes(("a,kind\n" + "1,u\n2,v\n" * 40_000).encode() + "1,ä\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="x.csv isn't utf-8 .*encoding: latin-1"):
        load(path, True)
    assert not any(it.is_dir() for it in cache_folder("rows").iterdir())


@pytest.mark.parametrize(
    "rows",
    [
        "1,0\n2,1\n" * 20 + "x,0\ny,1\n" * 40,
        "True,0\nFalse,1\n" * 20 + "1,0\n2,1\n" * 20,
        "1,0\n2,1\n" * 30 + "1,cat\n",
        f"{2**70},0\n{2**70 + 1},1\n" * 30,
        "1,0\n2,1\n" * 30 + f"{2**70},1\n",
        f"1,{2**70}\n2,{2**70 + 1}\n" * 30,
    ],
    ids=["text-late", "truth-and-numbers", "labels-late", "beyond-whole", "beyond-whole-late", "labels-beyond-whole"],
)
def test_a_column_that_turns_out_to_be_text_is_text_from_the_beginning(rows: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,kind\n" + rows)
    assert_same(tmp_path / "x.csv", standardize=False)


def train(path: Path, lazy: Any, **changes: Any) -> Any:
    data = {"type": path.suffix.lstrip("."), "path": str(path), "target": "kind", "standardize": False, "lazy": lazy}
    given = {"model": {"type": "mlp", "hidden": [8]}, "epochs": 3, "batch_size": 8, "threads": 1, "verbose": False}
    return tal.train(**{**given, "metrics": ["accuracy", "f1"], "data": data, "executor": "inline", **changes})


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_run_gives_the_same_bits(kind: str, tmp_path: Path) -> None:
    rows = load_wine(as_frame=True).frame.rename(columns={"target": "kind"})
    rows["grower"] = np.array(["a", "b", "c"])[np.arange(len(rows)) % 3]
    path = tmp_path / f"wine.{kind}"
    rows.to_csv(path, index=False) if kind == "csv" else rows.to_parquet(path)
    lazy, kept = train(path, lazy=True), train(path, lazy=False)
    assert lazy.state == "completed", lazy.error
    assert (lazy.record.resume, lazy.record.exact) == ("exact", True)
    found, expected = outcome(lazy), outcome(kept)
    assert (found["digest"], found["history"]) == (expected["digest"], expected["history"])
    assert lazy.test().metrics == kept.test().metrics
    assert lazy.test({**lazy.record.spec.data.config, "type": kind}).count == len(rows)
    assert np.array_equal(lazy.best.predict(rows[:5]), kept.best.predict(rows[:5]))


def test_what_a_model_is_measured_on_may_have_one_class_and_others_and_is_counted_once(tmp_path: Path) -> None:
    path = tables.csv(tmp_path)
    run = train(path, lazy=True, data={**_SMALL, "path": str(path)})
    for kinds, said in ((["cat"] * 60, []), (["cat"] * 59 + ["cow"], [f"1 samples are of {_UNSEEN}"])):
        tables.frame().assign(kind=kinds).to_csv(tmp_path / "t.csv", index=False)
        found = [run.test({**_SMALL, "path": str(tmp_path / "t.csv"), "lazy": lazy}) for lazy in (True, False)]
        assert found[0].metrics == found[1].metrics
        assert [[note for note in it.summary["notes"] if "unseen" in note] for it in found] == [said, said]


_SMALL = {"type": "csv", "target": "kind", "drop": ["part", "who"], "lazy": True}
_UNSEEN = "classes unseen in training (cow) and left out."


def test_examples_are_shown_as_they_came(tmp_path: Path) -> None:
    path = tmp_path / "wine.parquet"
    load_wine(as_frame=True).frame.rename(columns={"target": "kind"}).to_parquet(path)
    shown = []
    for lazy in (True, False):
        folder = Path(train(path, lazy=lazy, epochs=1, preprocessing=["standardize"]).record.folder)
        place = folder / "validation_examples"
        shown.append((np.load(place / "index.npy"), np.load(place / "inputs.npy"), (place / "about.json").read_text()))
    assert np.array_equal(shown[0][0], shown[1][0])
    assert np.array_equal(shown[0][1], shown[1][1])
    assert shown[0][2] == shown[1][2]


@pytest.mark.parametrize("before", [True, False])
def test_a_run_goes_on_to_the_same_bits_if_its_table_fits_no_more_or_fits_again(
    before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = load_wine(as_frame=True).frame.rename(columns={"target": "kind"})
    path = tmp_path / "wine.csv"
    rows.to_csv(path, index=False)
    settings = {"epochs": 12, "preprocessing": ["standardize"]}
    fits = [before]
    monkeypatch.setattr("dltrainer_jupyter.data.files.table.is_lazy", lambda *_: not fits[0])
    whole = train(path, lazy="auto", **settings)
    with held_at_call(5) as there:
        parted = train(path, lazy="auto", **settings, executor="thread")
        assert there.wait(60)
        suspension = parted.suspend()
    suspension.wait(60)
    assert 0 < parted.step < whole.step
    fits[0] = not before
    parted.resume(executor="thread")
    parted.wait(60)
    found, expected = outcome(parted), outcome(whole)
    assert (found["digest"], found["history"]) == (expected["digest"], expected["history"])


def test_rows_are_brought_to_the_disk_once_and_anew_if_anything_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tables.csv(tmp_path)
    done: list[str] = []
    monkeypatch.setattr(
        "dltrainer_jupyter.data.files.converted.convert",
        lambda *given: (done.append(given[-1]), conversion.convert(*given))[1],
    )
    load(path, True)
    load(path, True, validation={"split": 0.5})
    assert len(done) == 1
    load(path, True, drop="who")
    assert len(done) == 2
    (entry, _) = sorted((it for it in cache_folder("rows").iterdir() if it.is_dir()), key=lambda it: it.stat().st_mtime)
    (entry / "rows.npy").write_bytes((entry / "rows.npy").read_bytes()[:-1])
    load(path, True)
    assert len(done) == 3
    tables.frame(50).to_csv(path, index=False)
    assert len(load(path, True, validation=False).train) == 50
    assert json.loads((entry / "whole.json").read_text())["rows.npy"] == (entry / "rows.npy").stat().st_size


def test_parts_that_do_not_fit_into_the_cache_together_are_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, beside = tables.csv(tmp_path), tmp_path / "beside.csv"
    tables.frame(40).to_csv(beside, index=False)
    monkeypatch.setenv("DLTRAINER_CACHE_GB", str(3000 / 2**30))
    found = load(path, True, drop=["part", "who"], validation={"validation": str(beside)})
    assert len([it for it in cache_folder("rows").iterdir() if it.is_dir()]) == 1
    assert [len(samples(part)[0]) for part in (found.train, found.validation)] == [60, 40]


def test_two_that_want_the_same_wait_for_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tables.csv(tmp_path)
    done: list[str] = []
    both = threading.Barrier(2, timeout=60)

    def converted(*given: Any) -> None:
        done.append(given[-1])
        conversion.convert(*given)

    monkeypatch.setattr("dltrainer_jupyter.data.files.converted.convert", converted)
    found: list[Dataset] = []

    def work() -> None:
        both.wait()
        found.append(load(path, True))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (len(found), len(done)) == (2, 1)


def test_what_was_begun_and_not_ended_is_taken_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tables.csv(tmp_path)
    whole = conversion._Pass.finish
    for interruption in (KeyboardInterrupt, SystemExit):
        monkeypatch.setattr(conversion._Pass, "finish", _raising(interruption))
        with pytest.raises(interruption):
            load(path, True)
        assert not any(it.is_dir() for it in cache_folder("rows").iterdir())
    monkeypatch.setattr(conversion._Pass, "finish", whole)
    assert len(load(path, True, validation=False).train) == 60


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_text("a,kind\n1,2\n")])
def test_a_file_that_changes_while_it_is_read_is_not_taken_for_whole(
    change: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tables.csv(tmp_path)
    finish = conversion._Pass.finish
    monkeypatch.setattr(conversion._Pass, "finish", lambda going: (finish(going), change(path)))
    with pytest.raises(ConfigurationError, match="x.csv was changed while it was read; start again when it is whole"):
        load(path, True)
    assert not any(it.is_dir() for it in cache_folder("rows").iterdir())


def _raising(what: type[BaseException]) -> Any:
    def finish(_: Any) -> None:
        raise what

    return finish


def test_what_does_not_fit_into_memory_is_lazy_by_itself_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tables.csv(tmp_path)
    assert not isinstance(load(path, "auto").train, LazyStream)
    monkeypatch.setattr("dltrainer_jupyter.data.files.bounds.free_memory", lambda: 12_000)
    found = load(path, "auto", drop=["part", "who"])
    assert isinstance(found.train, LazyStream)
    (said,) = found.notices()
    assert re.fullmatch(
        r"x.csv is read from the disk when its rows are due: it takes about [\d.]+ \w+ of memory while it is prepared, "
        r"and [\d.]+ \w+ are free.",
        said,
    )


def test_no_room_on_the_disk_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tables.csv(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(ConfigurationError, match="x.csv needs .* free some, or set DLTRAINER_HOME"):
        load(path, True)
    monkeypatch.undo()
    monkeypatch.setenv("DLTRAINER_CACHE_GB", "0.0000001")
    with pytest.raises(ConfigurationError, match="its rows take more than the 107 bytes that the cache holds"):
        load(path, True)


def test_a_validation_file_has_the_texts_of_training(tmp_path: Path) -> None:
    path = tables.csv(tmp_path)
    other = tables.frame(40)
    other.to_csv(tmp_path / "other.csv", index=False)
    assert_same(path, drop="part", validation={"validation": "other.csv"})
    other["who"] = other["who"].astype(str) + "x"
    other.to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(ConfigurationError, match="column 'who' of other.csv holds '0x' in row 1; expected numbers"):
        load(path, True, drop="part", validation={"validation": "other.csv"})


def test_text_of_numbers_is_text(tmp_path: Path) -> None:
    pd.DataFrame({"a": ["1", "2"] * 40, "b": range(80), "kind": [0, 1] * 40}).to_parquet(tmp_path / "x.parquet")
    assert_same(tmp_path / "x.parquet")


def test_words_beyond_those_of_training_are_none_of_its_categories_however_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltrainer_jupyter.data.files.words._MOST_NUMBERED", 3)
    path = tables.csv(tmp_path)
    other = tables.frame(40)
    other["colour"] = [*["red"] * 10, *(f"shade {number}" for number in range(30))]
    other.to_csv(tmp_path / "other.csv", index=False)
    assert_same(path, drop=["part", "who"], validation={"validation": "other.csv"})


def test_where_words_stand_among_the_categories_is_looked_up_once_and_not_for_each_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    places = CodedTable._places
    monkeypatch.setattr(
        CodedTable, "_places", lambda table, name, step: (looked_up.append(name), places(table, name, step))[1]
    )
    found = load(tables.csv(tmp_path), True, drop=["part", "who"])
    assert len(list(found.train.epoch(1, 0))) > 3
    assert looked_up == ["colour"]


@pytest.mark.parametrize("lazy", [True, False])
def test_text_where_training_had_numbers_is_named_when_a_model_is_measured(lazy: bool, tmp_path: Path) -> None:
    run = train(tables.csv(tmp_path), lazy=True, data={**_SMALL, "path": str(tmp_path / "x.csv")})
    tables.frame().assign(size=["big"] * 60).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(ConfigurationError, match="column 'size' of t.csv holds 'big' in row 1; expected numbers, as"):
        run.test({**_SMALL, "path": str(tmp_path / "t.csv"), "lazy": lazy})


def test_rows_that_are_removed_while_they_are_asked_for_are_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tables.csv(tmp_path)
    load(path, True)
    (entry,) = (it for it in cache_folder("rows").iterdir() if it.is_dir())
    stat, left = Path.stat, set(json.loads((entry / "whole.json").read_text()))

    def gone(path: Path, **more: Any) -> Any:
        """Let somebody who needs room come between the look at the last file and what follows."""
        found = stat(path, **more)
        left.discard(path.name if path.parent == entry else "")
        if not left:
            monkeypatch.undo()
            shutil.rmtree(entry)
        return found

    monkeypatch.setattr(Path, "stat", gone)
    assert len(load(path, True, validation=False).train) == 60
