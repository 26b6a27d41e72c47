"""The line below the prompt: the engine's state, the model, the files, the tokens."""

from __future__ import annotations

from prompt_toolkit.formatted_text import StyleAndTextTuples

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.status import Facts, Tone, Ways, status_line
from docstra_tui.workspace.title import answering, details, thinking

STYLES: dict[Tone, str] = {
    "good": "class:bottom-toolbar.strong",
    "busy": "class:bottom-toolbar.strong",
    "warning": "class:bottom-toolbar.warning",
    "error": "class:bottom-toolbar.error",
}
OTHER = "/restart, or /model another one"
WAYS = Ways(agree="asked with a question", restart=OTHER, failed=OTHER)


def toolbar(
    model: AnsweringModel, status: Status, budget: Budget | None, files: int, problem: str, hint: str = ""
) -> StyleAndTextTuples:
    """`ready · Fake-1B · cpu bf16 · 2 files · 12.4k / 32k tokens`; `hint` stands for facts of
    the model."""
    line = status_line(Facts(status=status, budget=budget, llm=model.llm), WAYS)
    about = 0 if line.state == "ready" else 1  # what stands beside any other state belongs to it
    of_model = [" ".join(details(status)), thinking(model.llm) if model.llm is not None else ""]
    parts = [
        *line.parts[:about],
        answering("" if model.label == model.host else model.label, model.remote)
        + (f" → {sanitize_line(model.host)}" if model.host else ""),
        *([hint] if hint else of_model),
        f"{files} file" + ("" if files == 1 else "s") if files else "",
        *line.parts[about:],
        f"NOT SAVED: {sanitize_line(problem)}" if problem else "",
    ]
    return [
        (STYLES[line.tone], f" {line.state}"),
        ("", "".join(f" · {part}" for part in parts if part)),
    ]
