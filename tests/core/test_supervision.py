"""Who is told of a run's end, and when it is tried again: what is understood, and that a secret is never shown."""

from __future__ import annotations

from typing import Any

import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.secrets import MASK, secrets_of, unmasked
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate

ADDRESS = "https://hooks.example.org/services/canary"
GIVEN: dict[str, Any] = {"model": "mlp", "data": "digits"}


def test_an_address_or_a_number_stands_for_the_whole() -> None:
    spec = validate(RunSpec, GIVEN | {"notify": ADDRESS, "retry": 7})
    assert spec.notify is not None
    assert (spec.notify.webhook.get_secret_value(), spec.notify.on) == (ADDRESS, ("completed", "failed", "lost"))
    assert (spec.retry.times, spec.retry.on) == (7, ("store", "data"))
    one = validate(RunSpec, GIVEN | {"notify": {"webhook": ADDRESS, "on": "failed"}, "retry": {"on": "memory"}})
    assert one.notify is not None
    assert (one.notify.on, one.retry.on) == (("failed",), ("memory",))


def test_a_secret_is_neither_shown_nor_written() -> None:
    spec = validate(RunSpec, GIVEN | {"notify": ADDRESS})
    dumped = spec.model_dump(mode="json")
    for shown in (repr(spec), str(spec), str(dumped), spec.model_dump_json(), str(spec.dump())):
        assert "canary" not in shown
        assert MASK in shown
    assert secrets_of(spec) == {"notify.webhook": ADDRESS}
    assert secrets_of(validate(RunSpec, GIVEN)) == {}
    assert validate(RunSpec, unmasked(dumped, secrets_of(spec))) == spec
    assert unmasked(GIVEN, {"notify.webhook": ADDRESS}) == GIVEN


@pytest.mark.parametrize(
    "notify",
    [
        [ADDRESS],
        "canary",
        "ftp://example.org/canary",
        "https:///canary",
        "https://example.org:canary",
        "https://example.org/canary\r\nHost: other",
        {"webhook": [ADDRESS]},
        {"webhook": ADDRESS, "on": ["often"]},
        {"webhok": ADDRESS},
    ],
)
def test_what_is_wrong_is_refused_without_being_told(notify) -> None:
    with pytest.raises(ConfigurationError, match=r"notify") as refused:
        validate(RunSpec, GIVEN | {"notify": notify})
    assert "canary" not in f"{refused.value} {refused.value.problems}"
    with pytest.raises(ConfigurationError, match=r"notify") as misplaced:
        validate(RunSpec.model_fields["checkpoint"].annotation, {"notify": notify}, "checkpoint", RunSpec)
    assert "canary" not in str(misplaced.value)


@pytest.mark.parametrize("retry", [{"on": ["a b"]}, {"times": -1}, {"wait_seconds": -1}, True])
def test_retries_that_make_no_sense_are_refused(retry) -> None:
    with pytest.raises(ConfigurationError, match=r"retry"):
        validate(RunSpec, GIVEN | {"retry": retry})
