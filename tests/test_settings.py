"""Settings: the order of the layers, and errors that say where and what else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docstra_tui import cli, paths, settings
from docstra_tui.errors import SettingsError
from docstra_tui.llm.thinking import wish
from docstra_tui.setting_sources import variable_of


def write_config(text: str) -> Path:
    folder = paths.config_dir()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / settings.CONFIG_FILE).write_text(text)
    return folder / settings.CONFIG_FILE


def test_the_memory_for_prompts_is_the_programs_choice_unless_it_is_set(tmp_path: Path) -> None:
    assert settings.load().engine.cache_gb is None
    assert settings.load({"engine.cache_gb": "1.5"}).engine.cache_gb == 1.5
    with pytest.raises(SettingsError, match="the least is 0"):
        settings.load({"engine.cache_gb": -1})


def test_nothing_set_gives_the_starter_model_and_our_own_engine() -> None:
    found = settings.load()
    assert found.model.name == ""
    assert found.remote.base_url == ""
    assert found.answer.max_tokens == 2000


def test_file_then_environment_then_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    write_config('theme = "paper"\n[answer]\nmax_tokens = 1\nreserve = 7\n[model]\nname = "from-file"\n')
    monkeypatch.setenv("DOCSTRA_ANSWER_MAX_TOKENS", "2")
    monkeypatch.setenv("DOCSTRA_MODEL", "from-environment")
    found = settings.load({"model.name": "from-flag", "answer.max_tokens": None})
    assert (found.theme, found.answer.reserve) == ("paper", 7)
    assert found.answer.max_tokens == 2
    assert found.model.name == "from-flag"


def test_the_long_name_of_a_variable_wins_over_its_short_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTRA_MODEL_NAME", "long")
    monkeypatch.setenv("DOCSTRA_MODEL", "short")
    assert settings.load().model.name == "long"


def test_an_unknown_key_names_the_file_and_the_nearest_known_one() -> None:
    path = write_config("[answer]\nmax_token = 3\n")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert str(path) in caught.value.message
    assert "answer.max_tokens" in caught.value.hint


def test_an_unknown_variable_names_the_nearest_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTRA_TEMPRATURE", "1")
    with pytest.raises(SettingsError, match="DOCSTRA_TEMPERATURE"):
        settings.load()


def test_the_key_and_the_places_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTRA_API_KEY", "secret")
    assert "secret" not in repr(settings.load())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("answer.temperature", "-0.1"),
        ("answer.temperature", "nan"),
        ("answer.temperature", "inf"),
        ("answer.max_tokens", "0"),
        ("answer.max_tokens", "many"),
        ("answer.reserve", "-1"),
        ("answer.think", "maybe"),
        ("answer.think", "-1"),
        ("answer.think", "1_000"),
        ("engine.idle_minutes", "-5"),
        ("engine.idle_minutes", "nan"),
        ("remote.wait_seconds", "0"),
        ("model.dtype", "float8"),
        ("model.device", "tpu"),
        ("model.device", "cuda:x"),
        ("model.quant", "bnb-2bit"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_where_it_came_from(key: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({key: value})
    assert caught.value.message.startswith("--" + key.rpartition(".")[2].replace("_", "-"))


@pytest.mark.parametrize("key", ["first_token_seconds", "idle_seconds"])
def test_a_key_that_was_is_named_with_the_one_that_does_its_work(key: str) -> None:
    file = paths.private_folder(paths.config_dir()) / "config.toml"
    file.write_text(f"[remote]\n{key} = 300\n")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert f"'remote.{key}' in {file}, line 2 is gone" in caught.value.message
    assert "remote.wait_seconds" in caught.value.hint


def test_a_variable_that_was_is_told_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTRA_REMOTE_IDLE_SECONDS", "300")
    with pytest.raises(SettingsError, match="wait_seconds does its work"):
        settings.load()


def test_a_word_where_a_number_belongs_is_said_in_words() -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"answer.temperature": "hot"})
    assert caught.value.message == "--temperature takes a number, not 'hot'."
    path = write_config("[answer]\ntemperature = 'hot'\n")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert (
        caught.value.message == f"Setting 'answer.temperature' in {path}, line 2 takes a number, not 'hot'."
    )


def test_a_file_that_is_no_utf_8_is_said_in_words() -> None:
    path = write_config("")
    path.write_bytes(b"theme = 'caf\xe9'")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        settings.load()


def test_a_mark_in_front_of_a_file_is_none_of_its_settings() -> None:
    path = write_config("")
    path.write_bytes(b"\xef\xbb\xbftheme = 'paper'\r\n")
    assert settings.load().theme == "paper"


def test_a_folder_in_place_of_the_file_is_said_in_words() -> None:
    path = write_config("")
    path.unlink()
    path.mkdir()
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert "Is a directory." in caught.value.message and "Errno" not in caught.value.message


def test_a_list_element_of_the_wrong_kind_still_says_where_it_came_from() -> None:
    path = write_config("[context]\nignore = [3]\n")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert str(path) in caught.value.message


def test_a_broken_file_is_named() -> None:
    path = write_config("this is not toml")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert str(path) in caught.value.message


def test_ignore_patterns_from_the_environment_are_separated_like_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCSTRA_CONTEXT_IGNORE", os.pathsep.join(["*.log", "build/"]))
    assert settings.load().context.ignore == ("*.log", "build/")


def test_a_project_may_set_the_theme_and_what_to_hide(tmp_path: Path) -> None:
    (tmp_path / settings.PROJECT_FILE).write_text('theme = "paper"\n[context]\nignore = ["*.bin"]\n')
    found = settings.load(project=tmp_path)
    assert (found.theme, found.context.ignore) == ("paper", ("*.bin",))


@pytest.mark.parametrize(
    "text",
    [
        '[model]\nname = "evil/model"\n',
        '[remote]\nbase_url = "http://evil.example/v1"\n',
        "[context]\nmax_file_bytes = 5\n",
        'model = "x"\n',
    ],
)
def test_a_project_can_never_choose_a_model_or_a_server(tmp_path: Path, text: str) -> None:
    (tmp_path / settings.PROJECT_FILE).write_text(text)
    with pytest.raises(SettingsError, match=settings.PROJECT_FILE):
        settings.load(project=tmp_path)


def test_a_project_file_that_is_a_pipe_or_a_link_cannot_stop_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / settings.PROJECT_FILE)
    with pytest.raises(SettingsError, match="not a regular file"):
        settings.load(project=tmp_path)

    linked = tmp_path / "linked"
    linked.mkdir()
    (tmp_path / "elsewhere").write_text('theme = "paper"')
    (linked / settings.PROJECT_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError):
        settings.load(project=linked)


def test_the_users_own_file_may_be_a_link_into_dotfiles(tmp_path: Path) -> None:
    (tmp_path / "dotfile").write_text('theme = "paper"')
    paths.config_dir().mkdir(parents=True)
    (paths.config_dir() / settings.CONFIG_FILE).symlink_to(tmp_path / "dotfile")
    assert settings.load().theme == "paper"


@pytest.mark.parametrize(
    ("written", "think"),
    [("'off'", "off"), ("false", "off"), ("true", "on"), ("500", 500), ("'500'", 500), ("0", "off")],
)
def test_thinking_is_switched_in_words_or_given_a_budget(written: str, think: str | int) -> None:
    assert settings.load().answer.think == "auto"
    write_config(f"[answer]\nthink = {written}\n")
    assert wish.parse(settings.load().answer.think) == think
    assert wish.parse(settings.load({"answer.think": " Off"}).answer.think) == "off"


def test_what_the_setting_takes_the_model_takes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTRA_THINK", "999999")
    assert wish.parse(settings.load().answer.think) == 999_999
    for word in (*wish.WORDS, *wish.EFFORTS):
        assert wish.parse(settings.load({"answer.think": word}).answer.think) == word
    for number in ("1000000", "0x10", "٣"):
        with pytest.raises(SettingsError):
            settings.load({"answer.think": number})


def test_every_key_can_be_set_from_the_environment() -> None:
    names = [variable_of(key) for key in settings.known_keys()]
    assert len(set(names)) == len(names)
    assert not [name for name in names if name.endswith("_DIR")]


@pytest.mark.parametrize("place", ["config.toml", "environment", "flag"])
@pytest.mark.parametrize("url", ["http://me:hunter2@gpu/v1", "http://gpu/v1?key=hunter2", "me:hunter2@gpu"])
def test_a_password_in_a_url_is_refused_where_it_is_read_and_not_shown(
    place: str, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["config", "show"]
    if place == "config.toml":
        write_config(f'[remote]\nbase_url = "{url}"\n')
    elif place == "environment":
        monkeypatch.setenv("DOCSTRA_BASE_URL", url)
    else:
        words += ["--base-url", url]
    assert cli.main(words) == 2
    said = capsys.readouterr()
    assert "base" in said.err and "hunter2" not in said.out + said.err


def test_a_list_of_urls_is_refused_without_being_shown() -> None:
    write_config('[remote]\nbase_url = ["http://me:hunter2@gpu/v1"]\n')
    with pytest.raises(SettingsError, match="takes text") as caught:
        settings.load()
    assert "hunter2" not in str(caught.value)
