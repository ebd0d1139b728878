"""Parts of the plug-in folder and of a notebook."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import BaseModel, ConfigDict

from dltrainer_jupyter import register
from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, UnknownNameError
from dltrainer_jupyter.core.registry import notebook, plug_ins

NET = """
    from dltrainer_jupyter import register
    from pydantic import BaseModel

    @register("models")
    class TinyNet:
        class Config(BaseModel):
            width: int = WIDTH
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    where = tmp_path / "plugins"
    where.mkdir(mode=0o700)
    monkeypatch.setenv("DLTRAINER_PLUGINS", str(where))
    monkeypatch.setattr(plug_ins._STATE, "where", plug_ins._named)
    plug_ins.forget()
    yield where
    plug_ins.forget()


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(dedent(text))
    path.chmod(0o600)
    return path


def width(name: str = "tiny_net") -> int:
    return registry.find("models", name).Config().width


def problem_of(name: str) -> str:
    return next(str(one) for one in plug_ins.current().problems if one.path.name == name)


# --- the folder -------------------------------------------------------------------------------------------


def test_a_file_that_is_dropped_appears_changes_and_vanishes(folder: Path) -> None:
    assert plug_ins.reload() == plug_ins.Changes((), (), (), first=True)
    assert "tiny_net" not in registry.names("models")
    file = put(folder / "model.py", NET.replace("WIDTH", "1"))
    assert plug_ins.reload() == plug_ins.Changes(("model.py",), (), ())
    assert "tiny_net" in registry.names("models")
    kept = registry.find("models", "tiny_net")
    put(file, NET.replace("WIDTH", "2"))
    assert width() == 1  # until somebody asks
    assert plug_ins.reload() == plug_ins.Changes((), ("model.py",), ())
    assert (width(), kept.Config().width) == (2, 1)
    file.unlink()
    assert plug_ins.reload() == plug_ins.Changes((), (), ("model.py",))
    with pytest.raises(UnknownNameError, match="Unknown model 'tiny_net'"):
        registry.find("models", "tiny_net")


def test_a_name_nobody_knows_is_looked_for_in_files_that_are_new(folder: Path) -> None:
    registry.names("models")
    put(folder / "model.py", NET.replace("WIDTH", "3"))
    assert width() == 3


def test_names_are_known_without_running_a_file(folder: Path, tmp_path: Path) -> None:
    put(folder / "model.py", NET.replace("WIDTH", "1") + f"\n    open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    assert "tiny_net" in registry.names("models")
    registry.check("models", "tiny_net")
    assert registry.package("models", "tiny_net") == "plug-in model.py"
    assert not registry.is_ours("models", "tiny_net")
    assert not (tmp_path / "ran").exists()
    registry.find("models", "tiny_net")
    assert (tmp_path / "ran").exists()


def test_a_file_may_be_called_as_a_module_of_pythons(folder: Path) -> None:
    put(folder / "json.py", NET.replace("WIDTH", "4") + "\n    import json\n    assert json.dumps\n")
    assert width() == 4
    assert json is sys.modules["json"]
    assert not any("plugins" in entry for entry in sys.path)
    assert not list(folder.rglob("*.pyc"))


def test_a_package_is_a_plug_in_with_modules_of_its_own(folder: Path) -> None:
    put(folder / "wide" / "__init__.py", "")
    put(folder / "wide" / "sizes.py", "SIZE = 7")
    put(folder / "wide" / "net.py", "from .sizes import SIZE\n" + dedent(NET).replace("WIDTH", "SIZE"))
    assert width() == 7
    assert registry.entry_of("models", "tiny_net").place == f"TinyNet in {folder / 'wide' / 'net.py'}"


def test_ways_to_write_the_words(folder: Path) -> None:
    put(
        folder / "several.py",
        """
        import dltrainer_jupyter as d
        from dltrainer_jupyter import tal, register as part
        from somewhere_else import register

        if True:
            @part("losses", framework="pytorch", name="mine")
            @part("losses", framework="jax")
            class HTTPLoss: ...
        @tal.register(kind="data")
        class Rows: ...
        @d.register("trackers", "log-file")
        class T: ...
        @register("models")
        class NotOurs: ...
        """,
    )
    assert "mine" in registry.names("losses", "pytorch")
    assert "http_loss" in registry.names("losses", "jax")
    assert {"rows"} <= set(registry.names("data"))
    assert {"log-file"} <= set(registry.names("trackers"))
    assert "not_ours" not in registry.names("models")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class Broken(:", "SyntaxError: invalid syntax (line 1)"),
        ("\0", "null bytes"),
        ("x = 1", "registers nothing; put @register"),
        ("from dltrainer_jupyter import register\n@register('modles')\nclass A: ...", "Did you mean 'models'?"),
        ("from dltrainer_jupyter import register\n@register(KIND)\nclass A: ...", "kind has to be written out"),
        ("from dltrainer_jupyter import register\n@register('losses')\nclass A: ...", 'framework="pytorch"'),
        ("from dltrainer_jupyter import register\n@register('models')\ndef f(): ...", "in front of a class, got f"),
        ("from dltrainer_jupyter import register\n@register('models', name='a b')\nclass A: ...", "got 'a b' (line 2)"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_breaks_no_other(folder: Path, text: str, said: str) -> None:
    put(folder / "a_bad_one.py", text)
    put(folder / "model.py", NET.replace("WIDTH", "5"))
    assert width() == 5
    assert said in problem_of("a_bad_one.py")
    assert "\n" not in problem_of("a_bad_one.py")


def test_a_file_that_raises_does_so_in_its_authors_words_and_breaks_no_other(folder: Path) -> None:
    text = dedent(NET).replace("TinyNet", "Sad") + "raise RuntimeError('The weights of 2019\\nare gone.')\n"
    file = put(folder / "sad.py", text)
    put(folder / "model.py", NET.replace("WIDTH", "5"))
    assert width() == 5
    with pytest.raises(ConfigurationError) as error:
        registry.find("models", "sad")
    assert (
        str(error.value)
        == f"The model 'sad' can't be imported from {file}: NameError: name 'WIDTH' is not defined (line 8)."
    )
    put(file, text.replace("WIDTH", "1"))
    plug_ins.reload()
    with pytest.raises(ConfigurationError, match=r"RuntimeError: The weights of 2019 are gone \(line 9\)\.$"):
        registry.find("models", "sad")


def test_a_package_it_needs_is_named_with_the_cure(folder: Path) -> None:
    put(folder / "model.py", "import no_such_package.deep\n" + dedent(NET))
    with pytest.raises(MissingPackageError, match='pip install "no_such_package"'):
        registry.find("models", "tiny_net")


def test_a_file_that_lies_beside_is_no_package_to_install(folder: Path) -> None:
    put(folder / "_sizes.py", "SIZE = 7")
    put(folder / "model.py", "from _sizes import SIZE\n" + dedent(NET))
    with pytest.raises(
        ConfigurationError, match=r"imports _sizes, which lies beside it; put both into a folder .* \._s"
    ):
        registry.find("models", "tiny_net")
    put(folder / "model.py", "from ._sizes import SIZE\n" + dedent(NET))
    registry.forget()
    with pytest.raises(ConfigurationError, match=r"imports _sizes, which lies beside it; put both into a folder"):
        registry.find("models", "tiny_net")
    put(folder / "wide" / "__init__.py", "")
    put(folder / "wide" / "sizes.py", "SIZE = 7")
    put(folder / "wide" / "net.py", "from sizes import SIZE\n" + dedent(NET).replace("TinyNet", "WideNet"))
    registry.forget()
    with pytest.raises(ConfigurationError, match=r"imports sizes, which lies beside it; write from \.sizes import …$"):
        registry.find("models", "wide_net")
    put(folder / "wide" / "net.py", "from .widths import SIZE\n" + dedent(NET).replace("TinyNet", "WideNet"))
    registry.forget()
    with pytest.raises(ConfigurationError, match=r"imports widths, and there is no widths\.py beside it\.$"):
        registry.find("models", "wide_net")


def test_a_folder_in_it_that_nobody_may_read_breaks_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, iterdir = folder / "closed", Path.iterdir
    put(folder / "model.py", NET.replace("WIDTH", "1"))
    closed.mkdir()

    def listed(path: Path):
        if path == closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", listed)
    assert width() == 1
    assert "Permission denied" in problem_of("closed")
    put(folder / "model.py", NET.replace("WIDTH", "2"))
    assert plug_ins.refresh()
    assert width() == 2


def test_names_of_a_folder_of_a_thousand_files_are_sorted_out_once(folder: Path, monkeypatch) -> None:
    for number in range(5):
        put(folder / f"net_{number}.py", NET.replace("TinyNet", f"Net{number}"))
    content = plug_ins.current()
    first = content.registered("models")
    monkeypatch.setattr(type(content.plug_ins[0].parts[0][0]), "full_name", property(lambda _: pytest.fail("again")))
    assert content.registered("models") is first
    assert content.registered("losses") == {}


def test_two_of_one_name_are_an_error_that_names_both(folder: Path) -> None:
    put(folder / "model.py", NET.replace("WIDTH", "1"))
    put(folder / "other.py", NET.replace("WIDTH", "1"))
    put(folder / "third.py", NET.replace("WIDTH", "6").replace("TinyNet", "CNN"))
    for name, places in {"tiny_net": ("model.py", "other.py"), "cnn": ("third.py", "(dltrainer-jupyter)")}.items():
        with pytest.raises(ConfigurationError, match=f"The model '{name}' is registered more than once") as error:
            registry.find("models", name)
        assert all(place in str(error.value) for place in places)
        assert str(error.value).endswith("Rename or remove all but one.")
    assert registry.find("models", "mlp").__name__ == "MLP"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("device: object = None", "Config.device: expected int, float, str, bool, Literal"),
        ("call: Callable = None", "got typing.Callable"),
        ("sizes: list[complex] = []", "Config.sizes: expected int, float"),
    ],
)
def test_a_setting_of_an_unknown_type_is_named(folder: Path, field: str, said: str) -> None:
    text = dedent(NET).replace(
        "width: int = WIDTH", f"{field}\n        model_config = {{'arbitrary_types_allowed': True}}"
    )
    put(folder / "model.py", f"from typing import Callable\n{text}")
    with pytest.raises(
        ConfigurationError, match=r"The model 'tiny_net' \(TinyNet in .*model.py\) can't be used: "
    ) as error:
        registry.find("models", "tiny_net")
    assert said in str(error.value)


# --- what is not trusted ----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_may_write_to_is_not_read(folder: Path, mode: int) -> None:
    put(folder / "model.py", NET)
    folder.chmod(mode)
    with pytest.raises(UnknownNameError, match=r"others may write to it \(chmod go-w\); nothing in it is run"):
        registry.find("models", "tiny_net")
    assert registry.find("models", "mlp").__name__ == "MLP"


def test_a_file_that_others_may_write_to_or_that_is_a_link_is_not_read(folder: Path, tmp_path: Path) -> None:
    put(folder / "open.py", NET).chmod(0o666)
    folder.chmod(0o755)
    (folder / "link.py").symlink_to(put(tmp_path / "elsewhere.py", NET))
    (folder / "linked").symlink_to(put(tmp_path / "package" / "__init__.py", NET).parent)
    put(folder / "holder" / "__init__.py", "")
    (folder / "holder" / "net.py").symlink_to(tmp_path / "elsewhere.py")
    assert "tiny_net" not in registry.names("models")
    assert "others may write to it" in problem_of("open.py")
    assert all("it is a link" in problem_of(name) for name in ("link.py", "linked", "holder"))
    folder.chmod(0o700)
    plug_ins.reload()
    assert "tiny_net" in registry.names("models")  # nobody else gets to it


def test_nothing_of_the_current_directory_is_ever_run(tmp_path: Path) -> None:
    here, canary = tmp_path / "here", tmp_path / "canary"
    text = f"open({str(canary)!r}, 'w')\n" + dedent(NET).replace("WIDTH", "1")
    for path in ("model.py", "plugins/model.py", "plugins.py", "_dltrainer_plugins/__init__.py", "json.py"):
        put(here / path, text)
    script = f"""
        import os
        from dltrainer_jupyter import tal
        for given in ("", ".", "plugins", "./plugins", {str(here)!r}, "~"):
            os.environ["DLTRAINER_PLUGINS"] = given
            try: tal.train(model="tiny_net", data="digits", executor="inline")
            except ValueError as error: print(error)
    """
    done = subprocess.run(
        [sys.executable, "-P", "-c", dedent(script)],
        cwd=here,
        env={"DLTRAINER_HOME": str(tmp_path / "home"), "HOME": str(here)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("Unknown model 'tiny_net'") == len(done.stdout.splitlines()) == 6
    assert done.stdout.count("nothing in it is run") == 2
    assert done.stdout.count("expected a full path") == 3
    assert not canary.exists()


# --- the notebook -----------------------------------------------------------------------------------------


@pytest.fixture
def made():
    class Small:
        class Config(BaseModel):
            width: int = 3

    yield Small
    notebook.remove("models", "small")
    notebook.remove("models", "cnn")


def test_a_class_of_the_notebook_is_found_by_name_and_replaced_by_the_next(made) -> None:
    assert register("models")(made) is made
    assert registry.find("models", "small") is made
    assert not registry.is_ours("models", "small")
    other = type("Small", (made,), {})
    register("models")(other)
    assert registry.find("models", "small") is other


def test_a_class_of_the_notebook_takes_nobodys_place(made) -> None:
    register("models", name="cnn")(made)
    with pytest.raises(ConfigurationError, match=r"more than once: .*CNN \(dltrainer-jupyter\), .*Small in "):
        registry.find("models", "cnn")


def test_a_class_that_is_no_part_is_refused_in_its_cell(made) -> None:
    class Odd:
        class Config(BaseModel):
            model_config = ConfigDict(arbitrary_types_allowed=True)
            by: range = range(3)

    for one, said in {
        Odd: "Config.by: expected int, .* got range",
        type("Bare", (), {}): "expected a nested pydantic class Config .* got none",
        type("Small", (made,), {"tags": "one"}): "tags: expected texts, got 'one'",
    }.items():
        with pytest.raises(ConfigurationError, match=said):
            register("models")(one)
    with pytest.raises(ConfigurationError, match="expected a class"):
        register("models")(print)  # type: ignore[type-var]


def test_within_a_run_its_own_parts_go_first(made) -> None:
    with registry.using({("models", "cnn"): notebook.Registered(made)}):
        assert registry.find("models", "cnn") is made
        assert "cnn" in registry.names("models")
    assert registry.find("models", "cnn").__name__ == "CNN"


def test_to_register_imports_no_framework() -> None:
    script = (
        "import sys; from dltrainer_jupyter import register\n"
        "assert not {'torch', 'numpy', 'sqlalchemy', 'pandas', 'IPython'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
