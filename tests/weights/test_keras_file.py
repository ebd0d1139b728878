"""Files of Keras': weights without the description of the model."""

import h5py
import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.weights.keras_file import read

keras = pytest.importorskip("keras")


def refused(path):
    with pytest.raises(ConfigurationError) as error:
        read(path, "weights")
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("weights: ")
    return str(error.value)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # within Keras
def test_a_lambda_is_not_looked_at(tmp_path):
    ran = tmp_path / "ran"
    marker = str(ran)
    keeping = keras.layers.Lambda(lambda x: (open(marker, "w").close(), x)[1])  # noqa: PTH123 - one expression
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keeping])
    model.save(tmp_path / "a.keras")
    ran.unlink(missing_ok=True)
    found = read(tmp_path / "a.keras", "weights")
    assert {array.shape for array in found.values()} == {(2, 3), (3,)}
    assert not ran.exists()


def test_links_and_values_elsewhere_are_refused(tmp_path):
    np.arange(4.0).tofile(tmp_path / "secret")
    path = tmp_path / "a.h5"
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (4,))
    for make in (
        lambda file: file.__setitem__("x", h5py.ExternalLink("/etc/passwd", "/x")),
        lambda file: file.__setitem__("x", h5py.SoftLink("/y")),
        lambda file: file.create_dataset("x", (4,), "f8", external=[(str(tmp_path / "secret"), 0, 32)]),
        lambda file: file.create_virtual_dataset("x", layout),
    ):
        with h5py.File(path, "w") as file:
            make(file)
        assert "'x' in a.h5" in refused(path)


def test_shapes_that_nothing_fills_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", (2**40,), "f4", chunks=(2**20,))
    assert "becomes" in refused(tmp_path / "a.h5")


def test_groups_in_a_circle_end(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("layers")
        group["again"] = group
        group["root"] = file["/"]
        group["x"] = np.ones(2, "f4")
    assert list(read(tmp_path / "a.h5", "weights")) == ["layers/x"]


def test_what_holds_no_numbers(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = "text"
    assert "'x' in a.h5 holds" in refused(tmp_path / "a.h5")
    (tmp_path / "a.keras").write_bytes(b"PK")
    assert "can't be read as a file of Keras" in refused(tmp_path / "a.keras")
