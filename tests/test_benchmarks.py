"""The table of chat templates sees what is lost, and that nothing is; an unknown flag measures nothing."""

from __future__ import annotations

import pytest

from benchmarks.report import Report
from benchmarks.said import Speaker
from benchmarks.templates import Row, try_one
from tests.llm.inference import templates


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    return Speaker(tmp_path_factory.mktemp("speaker"))


def test_a_thinking_model_loses_nothing_in_five_questions(speaker: Speaker) -> None:
    row = try_one(speaker, templates.SWITCHED)

    assert (row.losses, row.problem) == ([], "")
    assert (row.rendered, row.system, row.text, row.appends) == (True, "kept", "whole", False)
    assert (row.thinking, row.off) == ("split", "off")
    assert max(row.read[1:]) < row.read[0] / 4


def test_what_a_template_cuts_out_is_marked_or_said(speaker: Speaker) -> None:
    assert try_one(speaker, templates.CUTS_THINKING).text == "marked"
    assert try_one(speaker, templates.NO_BLANK_LINES).text == "noted"


def test_growing_reading_is_a_loss() -> None:
    assert Row(read=[900, 76, 117, 158, 199]).losses == ["re-reading"]
    assert Row(read=[900, 76, 76, 75, 78]).losses == []


@pytest.mark.parametrize(("flag", "code"), [("--help", 0), ("--quik", 2)])
def test_a_flag_that_is_not_known_measures_nothing(
    flag: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmark", flag])

    with pytest.raises(SystemExit) as ended:
        Report("figures", flags=["--quick"])

    assert ended.value.code == code
    assert "figures" not in capsys.readouterr().out
