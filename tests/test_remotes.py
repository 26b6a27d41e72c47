"""Remotes by name: what is written, what wins, and what is refused without showing a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui import cli, paths, remotes, setting_words, settings
from docstra_tui.address import parse
from docstra_tui.errors import SettingsError
from docstra_tui.workspace.models.consent import Consent
from tests.test_settings import write_config

GPU = '[remote.gpu]\nbase_url = "http://gpu7:8000/v1"\n'
TWO = (
    '[model]\nname = "here"\n[remote]\nwait_seconds = 100\n'
    f'{GPU}model = "big"\nmax_tokens = 99\n[remote.other]\nbase_url = "http://gpu8:8000/v1"\n'
)


def of_text(text: str) -> settings.Settings:
    return settings.of_text(text, Path("config.toml"))


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ('[remote.gpu]\nbase_ur = "http://a/v1"', "no setting 'base_ur'", "'base_url'"),
        ('[remote.gpu]\nmodel = "x"', "'remote.gpu.base_url' in config.toml is missing", "/v1"),
        (GPU + 'api_key = "sk-s3cret"', "no setting 'api_key'", "key_file"),
        (GPU + 'token = "sk-s3cret"', "no setting 'token'", "key_env"),
        (GPU + 'key_env = "sk-s3cret"', "no name of a variable", "key_file"),
        (GPU + 'key_env = "A"\nkey_file = "b"', "beside key_file", "one place"),
        (GPU + "key_env = 3", "takes text", ""),
        (GPU + 'key_env = "HOME"', "names HOME", "key_file"),
        (GPU + 'key_env = "DOCSTRA_STATE_DIR"', "names DOCSTRA_STATE_DIR", "key_file"),
        ('[remote.gpu]\nbase_url = "http://me:s3cret@a/v1"', "user name or a password", "/v1"),
        ('[remote.gpu]\nbase_url = ["http://me:s3cret@a/v1"]', "takes text", ""),
        (GPU + "max_tokens = 0", "the least is 1", "tokens"),
        (GPU + "temperature = nan", "the least is 0", "greedy"),
        (GPU + 'context = "many"', "takes a whole number", ""),
        ('[remote.local]\nbase_url = "http://a/v1"', "can be called 'local'", "letters"),
        ('[remote.context]\nbase_url = "http://a/v1"', "can be called 'context'", "letters"),
        ('[remote."a b"]\nbase_url = "http://a/v1"', "can be called 'a b'", "letters"),
        ('[remote.gpu.more]\nx = "y"', "no setting 'more.x'", ""),
        ('[remote]\nname = "gp"\n' + GPU, "There is no remote 'gp'", "'gpu'"),
        ("[remote]\nname = 3", "takes text", ""),
    ],
)
def test_what_cannot_be_is_refused_without_a_secret(text: str, says: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        of_text(text)
    assert says in caught.value.message and hint in caught.value.hint
    assert "s3cret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("flags", "variables", "server", "here"),
    [
        ({}, {}, None, "here"),
        ({"remote.name": "gpu"}, {}, ("http://gpu7:8000/v1", "big", 99), "here"),
        ({"remote.name": "other"}, {}, ("http://gpu8:8000/v1", "", 2000), "here"),
        ({"remote.name": "gpu", "model.name": "x"}, {}, ("http://gpu7:8000/v1", "x", 99), "here"),
        ({"remote.name": "gpu", "answer.max_tokens": 5}, {}, ("http://gpu7:8000/v1", "big", 5), "here"),
        ({}, {"DOCSTRA_REMOTE": "gpu"}, ("http://gpu7:8000/v1", "big", 99), "here"),
        # a variable's model is the chosen remote's only where nothing stronger chose it
        (
            {},
            {"DOCSTRA_REMOTE": "gpu", "DOCSTRA_MODEL": "v"},
            ("http://gpu7:8000/v1", "v", 99),
            "here",
        ),
        ({"remote.name": "gpu"}, {"DOCSTRA_MODEL": "v"}, ("http://gpu7:8000/v1", "big", 99), "v"),
        ({"remote.name": "local"}, {"DOCSTRA_REMOTE": "gpu"}, None, "here"),
        (
            {"remote.base_url": "http://x/v1"},
            {"DOCSTRA_REMOTE": "gpu"},
            ("http://x/v1", "here", 2000),
            "here",
        ),
        (
            {"remote.name": "gpu"},
            {"DOCSTRA_BASE_URL": "http://x/v1"},
            ("http://gpu7:8000/v1", "big", 99),
            "here",
        ),
    ],
)
def test_what_chooses_a_remote_brings_its_table_and_only_what_is_as_strong_changes_it(
    flags: dict[str, object],
    variables: dict[str, str],
    server: tuple[str, str, int] | None,
    here: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_config(TWO)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = settings.load(flags)
    there = found.server
    assert (there and (there.base_url, there.model, found.max_tokens)) == server
    assert found.model.name == here
    assert there is None or there.wait_seconds in (None, 100)


def test_a_name_and_a_url_on_the_command_line_are_one_too_many() -> None:
    write_config(GPU)
    with pytest.raises(SettingsError, match="both"):
        settings.load({"remote.name": "gpu", "remote.base_url": "http://x/v1"})


def test_an_unknown_name_names_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    write_config(TWO)
    assert cli.main(["ask", "?", "--remote", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert "no remote 'nowhere'" in said and "gpu, other" in said and "local" in said


def test_a_projects_own_file_names_no_server(tmp_path: Path) -> None:
    for text in (GPU, '[remote]\nname = "gpu"\n'):
        (tmp_path / settings.PROJECT_FILE).write_text(text)
        with pytest.raises(SettingsError, match="may not set"):
            settings.load(project=tmp_path)


def test_config_set_begins_a_remote_and_takes_it_out(capsys: pytest.CaptureFixture[str]) -> None:
    path = write_config("# mine\n[remote]\nwait_seconds = 5\n")
    assert cli.main(["config", "set", "remote.gpu.base_url", "http://gpu7:8000/v1"]) == 0
    assert cli.main(["config", "set", "remote.gpu.max_tokens", "12"]) == 0
    assert cli.main(["config", "set", "remote.name", "gpu"]) == 0
    assert settings.load().max_tokens == 12 and "# mine" in path.read_text()
    assert cli.main(["config", "unset", "remote.gpu.max_tokens"]) == 0
    assert settings.load().max_tokens == 2000
    assert cli.main(["config", "unset", "remote.gpu.base_url"]) == 2, "it is the one that answers"
    capsys.readouterr()
    assert cli.main(["config", "show"]) == 0
    assert 'remote.gpu.base_url = "http://gpu7:8000/v1"' in capsys.readouterr().out


def test_the_schema_knows_what_a_remote_takes() -> None:
    found = setting_words.schema()["properties"]["remote"]["additionalProperties"]
    assert set(found["properties"]) == set(remotes.FIELDS) and found["required"] == ["base_url"]
    assert all(setting_words.of_remotes().values())


def test_remotes_are_listed_with_where_their_key_is_and_what_is_allowed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_config(TWO + 'key_env = "OTHER_KEY"\n[remote.here]\nbase_url = "http://localhost:8000/v1"\n')
    Consent().give(parse("http://gpu7:8000/v1"), for_good=True)
    Consent().give(parse("http://elsewhere:1/v1"), for_good=True)
    assert cli.main(["remotes", "--remote", "gpu"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "● gpu  http://gpu7:8000/v1 · big · always allowed",
        "  other  http://gpu8:8000/v1 · key: $OTHER_KEY · asks before anything is sent",
        "  here  http://localhost:8000/v1 · this machine",
        "  http://elsewhere:1  always allowed",
    ]


@pytest.mark.parametrize("word", ["gpu", "http://gpu7:8000/v1", "http://gpu7:8000", "gpu7:8000"])
def test_a_yes_is_withdrawn(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_config(TWO)
    there, other = parse("http://gpu7:8000/v1"), parse("https://other/v1")
    for address in (there, other):
        Consent().give(address, for_good=True)
    assert cli.main(["remotes", "forget", word]) == 0
    assert not Consent().is_given(there) and Consent().is_given(other)
    assert cli.main(["remotes", "forget", word]) == 0
    assert "was not always allowed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "rest"),
    [
        ("gpu", []),  # with each scheme and each port, and as earlier versions wrote it
        ("GPU:8000", ["http://gpu:80", "https://gpu:443", "gpu"]),
        ("https://gpu", ["http://gpu:80", "https://gpu:8000", "gpu:8000"]),
        ("https://gpu:8000/v1", ["http://gpu:80", "https://gpu:443", "gpu"]),
    ],
)
def test_a_host_is_forgotten_as_it_is_named(
    word: str, rest: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    every = ["http://gpu:80", "https://gpu:443", "https://gpu:8000", "gpu:8000", "gpu", "https://other:1"]
    paths.private_folder(paths.state_dir())
    paths.write_private(paths.state_dir() / "allowed-hosts", "".join(f"{line}\n" for line in every))
    assert cli.main(["remotes", "forget", word]) == 0
    assert Consent().kept() == [*rest, "https://other:1"]
    assert cli.main(["remotes", "forget", word]) == 0
    assert "Allowed are" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["forget"], ["forget", "no host"], ["list", "gpu"]])
def test_what_is_no_host_withdraws_nothing(words: list[str]) -> None:
    assert cli.main(["remotes", *words]) == 2
