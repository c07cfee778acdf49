"""The settings in force: flag, environment, pioneer.yaml, defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.keys import keys_in, without_keys
from pioneer_build.project.config import Config, normal_url, resolve
from pioneer_build.spec.model import Checks
from pioneer_build.spec.settings import ModelSettings, Settings, SpendingLimits

ROOT = Path("/project")
HOME = {"HOME": "/home/u"}


def resolved(settings: Settings | None = None, flag: str | None = None, **environ: str) -> Config:
    return resolve(settings or Settings(), ROOT, flag, {**HOME, **environ})


def test_defaults() -> None:
    config = resolved()
    assert (config.backend, config.base_url, config.specs) == ("pioneer", "https://api.pioneer.ai", "specs")
    assert (config.requests_per_minute, config.max_open_jobs, config.seed) == (120, 100, 0)
    assert config.store == Path("/home/u/.local/share/pioneer-build/store")
    assert config.api_key is None
    assert not config.in_process
    assert not config.free
    assert not config.split_lock
    assert resolved(Settings(lock="split")).split_lock


def test_flag_before_environment_before_file() -> None:
    settings = Settings(backend="pioneer")
    assert resolved(settings).backend == "pioneer"
    assert resolved(settings, PIONEER_BACKEND="http://127.0.0.1:1/a").backend == "http://127.0.0.1:1/a"
    assert resolved(settings, "local", PIONEER_BACKEND="http://127.0.0.1:1/a").backend == "local"


def test_the_file() -> None:
    limits = SpendingLimits(max_requests=2)
    settings = Settings(specs="data", requests_per_minute=7, max_open_jobs=3, store="rows", seed=5, limits=limits)
    config = resolved(settings)
    assert (config.specs, config.requests_per_minute, config.max_open_jobs, config.seed) == ("data", 7, 3, 5)
    assert config.store == ROOT / "rows"
    assert (config.max_requests, config.max_examples) == (2, None)
    assert resolved(settings, PIONEER_REQUESTS_PER_MINUTE="9").requests_per_minute == 9


def test_the_local_engine_has_no_limit_and_no_key() -> None:
    config = resolved(flag="local", PIONEER_API_KEY="k")
    assert config.in_process
    assert config.free
    assert (config.requests_per_minute, config.api_key, config.base_url) == (None, None, None)


@pytest.mark.parametrize("url", ["https://api.pioneer.ai", "https://api.fastino.ai/v1/", "HTTPS://API.pioneer.ai:443"])
def test_the_published_urls_are_one_backend(url: str) -> None:
    assert resolved(flag=url).backend == "pioneer"
    assert resolved(PIONEER_BASE_URL=url).backend == "pioneer"


def test_the_key_is_the_one_of_the_host_first() -> None:
    both = {"PIONEER_API_KEY": "p", "FASTINO_API_KEY": "f"}
    assert resolved(**both).api_key == "p"
    assert resolved(flag="https://api.fastino.ai/v1", **both).api_key == "f"
    only = resolved(FASTINO_API_KEY=" f\n")
    assert (only.api_key, only.key_variable) == ("f", "FASTINO_API_KEY")


def test_a_key_is_not_shown() -> None:
    assert "secret" not in repr(resolved(PIONEER_API_KEY="secret"))


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("http://LOCALHOST:80/", "http://localhost"),
        ("https://h:8443/a/b//", "https://h:8443/a/b"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_one_spelling_of_a_url(url: str, normal: str) -> None:
    assert normal_url(url) == normal


@pytest.mark.parametrize("url", ["loca", "ftp://h", "https://u:p@h", "https://h?a=1", "https://h#a", "https://h:x", ""])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(PioneerError) as error:
        normal_url(url)
    assert "u:p" not in error.value.message


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "१"])
def test_a_limit_that_is_no_number(value: str) -> None:
    with pytest.raises(PioneerError, match="PIONEER_REQUESTS_PER_MINUTE"):
        resolved(PIONEER_REQUESTS_PER_MINUTE=value)


def test_limits_of_an_apply_are_the_files_alone() -> None:
    config = resolved(Settings(limits=SpendingLimits(max_examples=0)))
    assert (config.max_requests, config.max_examples) == (None, 0), "0 is a limit, and the strictest"


def test_a_store_of_ones_own() -> None:
    assert resolved(Settings(store="/big/store")).store == Path("/big/store")
    assert resolved(XDG_DATA_HOME="/data").store == Path("/data/pioneer-build/store")


def test_checks_are_none_where_nobody_sets_any() -> None:
    assert resolved().checks == Checks()
    assert resolved(Settings(checks=Checks(min_chars=3))).checks == Checks(min_chars=3)


def test_a_store_in_the_home_of_the_user() -> None:
    settings = Settings(store="~/rows")
    assert resolve(settings, ROOT, environ={"HOME": "/home/u"}).store == Path("/home/u/rows")
    assert resolve(Settings(store="~"), ROOT, environ={"HOME": "/home/u"}).store == Path("/home/u")
    for environ in ({}, {"HOME": ""}, {"HOME": "here"}):
        with pytest.raises(PioneerError, match="HOME is not set to an absolute path"):
            resolve(settings, ROOT, environ=environ)


def test_the_folder_of_specs_has_one_spelling() -> None:
    for specs in ("./data/", "data", "data//", "x/../data"):
        assert resolved(Settings(specs=specs)).specs == "data"
    assert resolved(Settings(specs="./")).specs == "."


SECRET = "Abcdef123456SECRET99"


@pytest.mark.parametrize(
    "value",
    [SECRET, f"user:{SECRET}@h.test", f"https://user:{SECRET}@h.test", f"https://h.test/?token={SECRET}",
     f"https://h.test#{SECRET}", f"https://h.test:{SECRET}", f"ftp://{SECRET}", f"https://[{SECRET}"],
)  # fmt: skip
def test_a_key_in_the_wrong_variable_is_not_repeated(tmp_path: Path, value: str) -> None:
    for environ in ({"PIONEER_BASE_URL": value}, {"PIONEER_BACKEND": value}):
        with pytest.raises(PioneerError) as caught:
            resolve(Settings(), tmp_path, environ=environ)
        assert SECRET not in f"{caught.value.message} {caught.value.hint}"
    with pytest.raises(PioneerError) as caught:
        resolve(Settings(), tmp_path, environ={"PIONEER_REQUESTS_PER_MINUTE": value})
    assert SECRET not in caught.value.message


@pytest.mark.parametrize(
    "settings",
    [Settings(base_url=f"https://h.test/{SECRET}"), Settings(backend=f"https://{SECRET.lower()}.test"),
     Settings(store=f"rows-{SECRET}"), Settings(specs=SECRET), Settings(base_url=f"https://h.test/{SECRET[:6]}%31{SECRET[7:]}")],
)  # fmt: skip
def test_a_setting_with_the_key_in_it_is_refused(tmp_path: Path, settings: Settings) -> None:
    """The backend is in the lock, and paths are shown."""
    assert resolve(settings, tmp_path, environ={"PIONEER_API_KEY": "another-key-1", "HOME": "/home/a"})
    with pytest.raises(PioneerError, match="contains the API key") as caught:
        resolve(settings, tmp_path, environ={"PIONEER_API_KEY": SECRET, "HOME": "/home/a"})
    assert SECRET.lower() not in str(caught.value).lower()


@pytest.mark.parametrize("variable", ["PIONEER_API_KEY", "FASTINO_API_KEY", "PIONEER_SERVE_KEY", "MODEL_API_KEY"])
def test_a_key_of_very_many_characters_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """Nothing looks for it: that would take minutes."""
    monkeypatch.setattr("pioneer_build.keys._named", set())
    settings = Settings(model=ModelSettings(("http://127.0.0.1:8000/v1",), "small", "MODEL_API_KEY"))
    assert resolved(settings, "local", **{variable: f" {'k1' * 2048} "})
    with pytest.raises(PioneerError) as caught:
        resolved(settings, "local", **{variable: "k1" * 60_000})
    assert str(caught.value).startswith(f"{variable} has more than 4,096 characters, the maximum for a key")
    assert "k1k1" not in str(caught.value) + str(caught.value.hint)


def test_a_model_is_a_backend_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.keys._named", set())
    model = ModelSettings(("http://127.0.0.1:8000/v1",), "Qwen/Qwen2.5", "MODEL_KEY")
    config = resolved(Settings(backend="model", model=model))
    assert (config.backend, config.base_url, config.model) == ("model/Qwen/Qwen2.5", None, model)
    assert (config.requests_per_minute, config.api_key) == (None, None)
    assert config.in_process
    assert not config.free
    assert resolved(Settings(model=model), "local").model is None
    with pytest.raises(PioneerError, match="needs the setting `model`"):
        resolved(flag="model")


def test_the_key_of_a_model_is_a_key_wherever_keys_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.keys._named", set())
    environ = {"MODEL_KEY": "a-long-key-of-a-model", "PATH": "/bin"}
    assert keys_in(environ) == []
    model = ModelSettings(("http://127.0.0.1:8000/v1",), "x", "MODEL_KEY")
    resolved(Settings(model=model), "local")
    assert keys_in(environ) == ["a-long-key-of-a-model"]
    assert without_keys(environ) == {"PATH": "/bin"}
    pasted = ModelSettings(("http://h",), "a-long-key-of-a-model", "MODEL_KEY")
    with pytest.raises(PioneerError, match="contains the API key") as caught:
        resolved(Settings(model=pasted), "local", MODEL_KEY="a-long-key-of-a-model")
    assert "a-long-key" not in str(caught.value)
    assert caught.value.hint == "set the key only in MODEL_KEY; revoke it if it was committed"
