from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from dltrainer_jupyter.core.seeds import derive

KEYS = st.lists(st.text(st.characters(exclude_characters="\x1f"), max_size=5) | st.integers(), max_size=4)


def test_seeds_are_the_same_on_every_machine_for_ever() -> None:
    """A change here changes every run there is."""
    assert derive(0) == 2033344993903900207
    assert derive(7, "order", 3) == 3458440211349074222


def test_seeds_do_not_depend_on_the_process() -> None:
    script = "from dltrainer_jupyter.core.seeds import derive; print(derive(7, 'order', 3))"
    found = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {str(derive(7, "order", 3))}


@given(st.integers(0, 2**63 - 1), KEYS)
def test_a_seed_fits_every_generator(seed: int, keys: list[str | int]) -> None:
    assert 0 <= derive(seed, *keys) < 2**63


@given(st.tuples(st.integers(0, 9), KEYS), st.tuples(st.integers(0, 9), KEYS))
def test_different_uses_have_different_seeds(one, other) -> None:
    assert (derive(one[0], *one[1]) == derive(other[0], *other[1])) == (one == other)


def test_a_number_is_not_its_text() -> None:
    assert len({derive(0, "1"), derive(0, 1), derive(0, "1", "1"), derive(0, "11"), derive(1, "1")}) == 5
