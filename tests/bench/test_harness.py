"""The arithmetic that every figure of ``make bench`` goes through."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.bench import measuring, programs
from tests.bench.cases import CASES, chosen
from tests.bench.loops import Loop
from tests.bench.report import Row, read, save, table
from tests.bench.rounds import interleaved

OPTIONS = argparse.Namespace(rounds=3, length=1.0, only=None, clock="wall")


def test_a_step_takes_what_the_longer_training_takes_more() -> None:
    assert measuring.per_step(short=2.0, long=5.0, more=1000) == 3000.0


@pytest.mark.parametrize(("short", "long", "more"), [(2.0, 2.0, 10), (2.0, 1.5, 10), (1.0, 2.0, 0)])
def test_noise_is_not_taken_for_a_figure(short: float, long: float, more: int) -> None:
    with pytest.raises(ValueError, match="length|longer"):
        measuring.per_step(short, long, more)


def test_what_a_training_costs_besides_its_steps_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    now, trained = [0.0], []
    monkeypatch.setitem(measuring.CLOCKS, "wall", lambda: now[0])

    def train(epochs: int) -> None:
        # The first one imports; each one starts up, and makes 50 steps of 2 ms an epoch.
        now[0] += (0.0 if trained else 30.0) + 7.0 + epochs * 50 * 0.002
        trained.append(epochs)

    assert measuring.microseconds_per_step(train, (1, 4), 50) == pytest.approx(2000)
    assert trained == [1, 1, 4]


def test_the_ratio_is_one_of_medians() -> None:
    assert measuring.ratio_of_medians([300, 3000, 290], [100, 90, 1000]) == 3.0


def test_each_has_its_turn_in_each_round() -> None:
    turns: list[str] = []

    def measure(name: str) -> float:
        turns.append(name)
        return len(turns)

    found = interleaved(["a", "b", "c"], 2, measure, lambda _: None)
    assert turns == ["a", "b", "c", "b", "c", "a"]
    assert found == {"a": (1, 6), "b": (2, 4), "c": (3, 5)}


def loop(monkeypatch: pytest.MonkeyPatch, taken: dict[str, float], absent: str = "") -> list[Row]:
    """Run a case of stand-ins that take what they are told to."""
    stand_ins = {name: SimpleNamespace(TITLE=name, NEEDS=("no_such_package",) * (name == absent)) for name in taken}
    monkeypatch.setattr("tests.bench.loops.program", stand_ins.__getitem__)
    monkeypatch.setattr("tests.bench.loops.call", lambda _measured, _subject, name, _epochs, _clock: taken[name])
    ours, *peers = taken
    return Loop("mlp", ours, dict.fromkeys(peers, 2.0))(OPTIONS)


def test_peers_are_held_against_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, slow, quick = loop(monkeypatch, {"ours": 100.0, "slow": 250.0, "quick": 150.0})
    assert (ours.median, ours.ratio, ours.met) == (100.0, None, None)
    assert (slow.ratio, slow.met) == (2.5, True)
    assert (quick.ratio, quick.met) == (1.5, False)


def test_a_peer_that_is_not_installed_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _, peer = loop(monkeypatch, {"ours": 100.0, "peer": 250.0}, absent="peer")
    assert "no_such_package not installed" in peer.left_out
    assert peer.met is None
    assert "left out: no_such_package not installed" in table({"case": [peer]})


def test_without_ours_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = loop(monkeypatch, {"ours": 100.0, "peer": 250.0}, absent="ours")
    assert row.left_out


def test_a_setting_that_is_not_there_leaves_a_program_out() -> None:
    assert (
        programs.missing(SimpleNamespace(NEEDS=(), SETTING="no_such_setting"))
        == "there is no setting 'no_such_setting' yet"
    )
    assert not programs.missing(SimpleNamespace(NEEDS=(), SETTING="precision"))


def test_bounds_are_for_the_ratio_where_there_is_one() -> None:
    assert Row("x", (1.0,), ratio=3.0, at_least=2.0).met
    assert not Row("x", (3.0,), ratio=1.0, at_least=2.0).met
    assert Row("x", (9.0, 1.0, 2.0), at_most=2.0).met
    assert not Row("x", (9.0, 1.0, 3.0), at_most=2.0).met


def test_the_table_shows_min_median_ratio_and_verdict() -> None:
    head, first, second = table(
        {"case": [Row("ours", (2.0, 1.0, 3.0), "ms"), Row("it", (8.0,), "ms", 4.0, 5.0)]}
    ).splitlines()
    assert head.split() == ["case", "what", "min", "median", "unit", "ratio", "wanted", "met"]
    assert first.split() == ["case", "ours", "1", "2", "ms"]
    assert second.split() == ["it", "8", "8", "ms", "4.00", "≥", "5", "NO"]


def test_findings_are_kept_as_json(tmp_path: Path) -> None:
    rows = [Row("ours", (2.0, 1.0), "ms", at_most=5.0), Row("peer", left_out="not installed", at_least=2.0)]
    save(path := tmp_path / "found" / "case.json", "case", rows, {"clock": "wall"})
    told = json.loads(path.read_text())
    assert (told["case"], told["clock"]) == ("case", "wall")
    assert (told["rows"][0]["median"], told["rows"][0]["met"]) == (1.5, True)
    assert read(path) == rows


def test_cases_are_chosen_by_name_or_beginning() -> None:
    assert chosen(["loop-mlp-pytorch"]) == ["loop-mlp-pytorch"]
    assert set(chosen(["loop-mlp"])) == {name for name in CASES if name.startswith("loop-mlp")}
    assert chosen([]) == list(CASES)
    assert not chosen(["nothing"])


@pytest.mark.parametrize("case", [case for case in CASES.values() if isinstance(case, Loop)])
def test_every_program_of_a_case_is_there(case: Loop) -> None:
    for name in (case.ours, *case.peers):
        found = programs.program(name)
        assert found.TITLE
        assert found.NEEDS
        assert callable(found.train)
