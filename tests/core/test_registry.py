from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, UnknownNameError


@pytest.fixture
def plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Install packages for this test: their entry points, and modules beside them."""

    def install(package: str, entries: str, requires: Sequence[str] = (), **modules: str) -> None:
        metadata = tmp_path / f"{package.replace('-', '_')}-1.0.dist-info"
        metadata.mkdir()
        required = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n{required}")
        (metadata / "entry_points.txt").write_text(entries)
        for module, text in modules.items():
            (tmp_path / f"{module}.py").write_text(text)
            monkeypatch.delitem(sys.modules, module, raising=False)
        forget()

    def forget() -> None:
        registry.forget()

    monkeypatch.syspath_prepend(tmp_path)
    yield install
    monkeypatch.undo()
    forget()


def test_somebody_elses_part_is_found_like_a_built_in(plug_ins) -> None:
    plug_ins("acme", "[dltrainer.models]\nacme_net = acme_models:Net\n", acme_models="class Net: pass")
    assert registry.find("models", "acme_net").__name__ == "Net"
    assert {"acme_net", "cnn", "mlp"} <= set(registry.names("models"))


def test_parts_of_one_framework_are_found_by_its_name(plug_ins) -> None:
    plug_ins("acme", "[dltrainer.optimizers]\npytorch.tiger = acme_tiger:Tiger\nmlx.tiger = acme_tiger:Jiger\n",
             acme_tiger="class Tiger: pass\nclass Jiger: pass")  # fmt: skip
    assert registry.find("optimizers", "tiger", "pytorch").__name__ == "Tiger"
    assert registry.find("optimizers", "tiger", "mlx").__name__ == "Jiger"
    assert registry.names("optimizers", "mlx") == ["tiger"]
    assert {"adam", "adamw", "sgd", "tiger"} <= set(registry.names("optimizers", "pytorch"))


@pytest.mark.parametrize(
    ("entry", "cure"),
    [
        ("acme_gone:Thing", "acme_missing_dependency"),
        ("acme_gone:Thing [gpu]", "acme-trainer[gpu]"),
    ],
)
def test_a_missing_package_is_one_line_with_its_cure(plug_ins, entry: str, cure: str) -> None:
    plug_ins("acme-trainer", f"[dltrainer.models]\nfar = {entry}\n", acme_gone="import acme_missing_dependency.deep")
    with pytest.raises(MissingPackageError) as error:
        registry.find("models", "far")
    assert str(error.value) == (
        f"The model 'far' needs the package 'acme_missing_dependency', which isn't installed: pip install \"{cure}\""
    )
    assert isinstance(error.value, ImportError)


def test_a_built_in_names_our_own_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("dltrainer_jupyter.adapters.pytorch.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingPackageError, match=r'The framework .* pip install "dltrainer-jupyter\[torch\]"$'):
        registry.find("adapters", "pytorch")


@pytest.mark.parametrize(
    ("entry", "module", "why"),
    [
        ("acme_odd:Thing", "", "'acme_odd' has no attribute 'Thing'"),
        ("acme_odd:Thing", "from json import nothing_like_it", "cannot import name 'nothing_like_it'"),
    ],
)
def test_a_registration_that_leads_nowhere_says_so(plug_ins, entry: str, module: str, why: str) -> None:
    plug_ins("acme", f"[dltrainer.metrics]\nodd = {entry}\n", acme_odd=module)
    with pytest.raises(ConfigurationError, match=f"The metric 'odd' is registered as 'acme_odd:Thing'.*{why}"):
        registry.find("metrics", "odd")


def test_nobody_takes_a_built_ins_place_unnoticed(plug_ins) -> None:
    plug_ins("acme", "[dltrainer.models]\ncnn = acme_cnn:CNN\n", acme_cnn="class CNN: pass")
    with pytest.raises(ConfigurationError) as error:
        registry.find("models", "cnn")
    message = str(error.value)
    assert message.startswith("The model 'cnn' is registered more than once: ")
    assert "acme_cnn:CNN (acme)" in message
    assert "dltrainer_jupyter.models.cnn:CNN (dltrainer-jupyter)" in message
    assert registry.find("models", "mlp").__name__ == "MLP"


def test_the_same_registration_twice_is_no_conflict(plug_ins) -> None:
    same = "[dltrainer.models]\nacme_net = acme_models:Net\n"
    plug_ins("acme", same, acme_models="class Net: pass")
    plug_ins("acme-fork", same)
    assert registry.find("models", "acme_net").__name__ == "Net"


@pytest.mark.parametrize(
    ("kind", "name", "framework", "message"),
    [
        (
            "models",
            "cn",
            None,
            (
                "Unknown model 'cn'. Did you mean 'cnn'? Known: cnn, detector, lstm, "
                "mlp, mobilenet_v2, resnet, stack, transformer, unet, vit, vit-tiny."
            ),
        ),
        ("optimizers", "adamm", "pytorch", "Unknown optimizer 'adamm'. Did you mean 'adam'? Known: ada"),
        ("optimizers", "adam", "mxnet", "Unknown optimizer 'adam'. Known: none."),
        ("schedules", "zzz", None, "Unknown scheduler 'zzz'. Known: constant, cosine, "),
        ("data", "digit", None, "Unknown data set 'digit'. Did you mean 'digits'?"),
        ("executors", "$object", None, "Unknown executor '$object'."),
    ],
)
def test_an_unknown_name_gets_a_suggestion(kind, name: str, framework: str | None, message: str) -> None:
    with pytest.raises(UnknownNameError) as error:
        registry.check(kind, name, framework)
    assert str(error.value).startswith(message)


def test_a_part_whose_extra_is_not_installed_is_missed_before_it_is_imported(plug_ins) -> None:
    plug_ins(
        "acme",
        "[dltrainer.adapters]\nacme = acme_adapter:Adapter [acme]\nplain = acme_adapter:Adapter\n",
        requires=['acme-engine>=2; extra == "acme"', 'unheard-of; extra == "other"'],
        acme_adapter="class Adapter: pass",
    )
    registry.check("adapters", "plain")
    with pytest.raises(MissingPackageError, match=r'needs the package \'acme-engine\'.*: pip install "acme\[acme\]"'):
        registry.check("adapters", "acme")


def test_checking_a_name_imports_nothing() -> None:
    script = (
        "import sys; from dltrainer_jupyter.core import registry\n"
        "registry.check('models', 'cnn'); registry.check('optimizers', 'adamw', 'pytorch'); registry.names('data')\n"
        "assert not {'torch', 'numpy', 'sklearn', 'sqlalchemy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_packages_metadata_is_parsed_once_for_all_of_its_parts(plug_ins, monkeypatch) -> None:
    plug_ins(
        "acme",
        "[dltrainer.models]\none = acme_models:One [gpu]\ntwo = acme_models:Two [gpu]\n",
        requires=['pydantic; extra == "gpu"', 'acme-missing; extra == "tpu"'],
        acme_models="class One: pass\nclass Two: pass\n",
    )
    parsed = []
    parse = PathDistribution.read_text
    monkeypatch.setattr(PathDistribution, "read_text", lambda self, name: parsed.append(name) or parse(self, name))
    for name in ("one", "two", "one"):
        registry.check("models", name)
        entry = registry.entry_of("models", name)
        assert (entry.package, entry.version) == ("acme", "1.0")
    # Its name, its version and what it requires; the entry points themselves were read to find the names.
    assert parsed.count("METADATA") <= 3
