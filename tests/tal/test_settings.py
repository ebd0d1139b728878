from __future__ import annotations

from pathlib import Path

import pytest

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.tal import session
from dltrainer_jupyter.tal.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings()


def in_file(home: Path, text: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "settings.toml").write_text(text)


def test_defaults_lie_in_the_home_folder(settings: Settings, home: Path) -> None:
    assert settings.home == home
    assert settings.store == f"sqlite:///{home}/dltrainer.db"
    assert settings.artifacts == home / "runs"
    assert settings.plugins == home / "plugins"


def test_without_a_home_it_is_the_users_data_folder(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLTRAINER_HOME")
    assert settings.home.name == "dltrainer"
    assert settings.home.is_absolute()


def test_the_environment_goes_before_the_program_before_the_file(
    settings: Settings, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_file(home, 'store = "postgresql://file/runs"\nartifacts = "/from/file"\n')
    assert (settings.store, settings.artifacts) == ("postgresql://file/runs", Path("/from/file"))
    settings.store, settings.artifacts = "postgresql://program/runs", tmp_path / "program"
    assert (settings.store, settings.artifacts) == ("postgresql://program/runs", tmp_path / "program")
    monkeypatch.setenv("DLTRAINER_STORE", "postgresql://environment/runs")
    monkeypatch.setenv("DLTRAINER_ARTIFACTS", "/from/environment")
    assert (settings.store, settings.artifacts) == ("postgresql://environment/runs", Path("/from/environment"))


def test_a_home_the_program_set_counts_where_the_environment_says_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.home = tmp_path / "mine"
    assert settings.home != tmp_path / "mine"
    monkeypatch.delenv("DLTRAINER_HOME")
    assert settings.home == tmp_path / "mine"
    assert settings.artifacts == tmp_path / "mine" / "runs"


def test_short_and_relative_paths_mean_the_same_everywhere(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DLTRAINER_HOME", "~/kept")
    monkeypatch.setenv("DLTRAINER_ARTIFACTS", "big")
    assert (settings.home, settings.artifacts) == (tmp_path / "kept", tmp_path / "big")


def test_an_empty_variable_says_nothing(settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAINER_ARTIFACTS", "")
    assert settings.artifacts == home / "runs"


@pytest.mark.parametrize("name", ["with space", "wh?t", "50%20", "é#1", "a@b:c"])
def test_any_folder_may_be_home(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTRAINER_HOME", str(tmp_path / name))
    store = session.open_store()
    try:
        assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == [name]
        assert (tmp_path / name / "dltrainer.db").exists()
    finally:
        store.close()


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("store = ", ConfigurationError, "settings.toml can't be read: "),
        ('stor = "x"', UnknownNameError, "Did you mean 'store'? Known: artifacts, measure_timeout, mirror, "),
        ('home = "/x"', UnknownNameError, "Unknown setting in "),
        ("store = 5", ConfigurationError, "settings.toml: store: expected text, got something of type int."),
        (
            'artifacts = ["a"]',
            ConfigurationError,
            "artifacts: expected text, got something of type list.",
        ),
    ],
)
def test_a_file_that_says_nonsense_is_refused(
    settings: Settings, home: Path, text: str, error: type[Exception], message: str
) -> None:
    in_file(home, text)
    with pytest.raises(error) as found:
        _ = settings.store
    assert message in str(found.value)
    assert "\n" not in str(found.value)


def test_a_file_that_is_no_text_is_refused(settings: Settings, home: Path) -> None:
    home.mkdir()
    (home / "settings.toml").write_bytes(b'store = "\xff"')
    with pytest.raises(ConfigurationError, match=r"settings\.toml can't be read"):
        _ = settings.store


def test_artifacts_by_url_are_written_at_home_and_mirrored_there(settings: Settings, home: Path) -> None:
    settings.artifacts = "s3://bucket/runs"
    assert (settings.artifacts, settings.mirror) == (home / "runs", "s3://bucket/runs")
    settings.artifacts = "file:///big/runs"
    assert (settings.artifacts, settings.mirror) == (Path("/big/runs"), None)
    settings.artifacts = "file://localhost/big/my%20runs"
    assert settings.artifacts == Path("/big/my runs")
    settings.artifacts = "file://~/runs"
    assert settings.artifacts == Path.home() / "runs"


def test_a_mirror_goes_before_artifacts(settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.mirror is None
    in_file(home, 'mirror = "/drive/runs"\nartifacts = "s3://bucket/runs"')
    assert settings.mirror == "/drive/runs"
    monkeypatch.setenv("DLTRAINER_MIRROR", "s3://other")
    assert settings.mirror == "s3://other"


@pytest.mark.parametrize("key", ["mirror", "artifacts"])
@pytest.mark.parametrize(
    "url",
    [
        "sftp://ada:canary@host/runs",
        "s3://bucket/runs?secret=canary",
        "simplecache::s3://ada:canary@bucket/runs",
        "https://canary@host/runs",
        "simplecache::http://canary@host/runs",
    ],
)
def test_a_place_with_a_password_is_refused_and_not_shown(settings: Settings, key: str, url: str) -> None:
    setattr(settings, key, url)
    with pytest.raises(
        ConfigurationError, match=f"^{key}: expected a folder or a URL .* without a password"
    ) as refused:
        _ = settings.mirror
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("url", ["sftp://ada@host/runs", "abfs://container@account.dfs.core.windows.net/runs"])
def test_a_user_or_a_container_is_no_secret(settings: Settings, url: str) -> None:
    settings.mirror = url
    assert settings.mirror == url


def test_a_misspelt_setting_is_no_setting(settings: Settings) -> None:
    with pytest.raises(AttributeError):
        settings.sotre = "x"


@pytest.mark.parametrize(("key", "default"), [("predict_timeout", 60), ("predict_idle", 300)])
def test_times_of_predictions(
    settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch, key: str, default: float
) -> None:
    assert getattr(settings, key) == default
    in_file(home, f'{key} = "20"')
    assert getattr(settings, key) == 20
    setattr(settings, key, 30)
    assert getattr(settings, key) == 30
    for wrong in ("soon", "0", "-1", "nan", "inf"):
        monkeypatch.setenv(f"DLTRAINER_{key.upper()}", wrong)
        with pytest.raises(ConfigurationError, match=f"{key}: expected a number of seconds above 0, got '{wrong}'"):
            getattr(settings, key)


def test_the_plug_in_folder_is_the_same_wherever_one_is(
    settings: Settings, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_file(home, f'plugins = "{tmp_path}/filed"\n')
    assert settings.plugins == tmp_path / "filed"
    settings.plugins = tmp_path / "assigned"
    assert settings.plugins == tmp_path / "assigned"
    monkeypatch.setenv("DLTRAINER_PLUGINS", "here")
    with pytest.raises(ConfigurationError, match="plugins: expected a full path, .* got 'here'"):
        _ = settings.plugins
