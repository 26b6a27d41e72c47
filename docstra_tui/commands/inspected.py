"""What was found out of a model, as rows for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docstra_tui.commands.arguments import PROGRAM
from docstra_tui.llm.machine.int8_figures import Int8Figures

SYSTEM = {
    "kept": "kept where it stands",
    "moved": "moved by the template, so it is sent in front of the first question",
    "dropped": "left out by the template, so it is sent in front of the first question",
    "refused": "refused by the template, so it is sent in front of the first question",
}

Rows = list[tuple[str, str]]


def rows(report: Mapping[str, Any]) -> Rows:
    """The report of `llm.inference.inspection`, a label and a value each."""
    caches = ", ".join(f"{count} {kind}" for kind, count in report["caches"].items())
    special = "  ".join(f"{name} {text}" for name, text in report["special_tokens"].items())
    found = [
        ("model", report["name"]),
        ("files", report["path"]),
        ("architecture", report["architecture"]),
        ("window", f"{report['window']:,} tokens"),
        ("layers' caches", caches),
        ("vocabulary", f"{report['vocabulary']:,} tokens"),
        ("special tokens", special),
    ]
    found += _template(report["template"]) if report["template"] else [("template", "none: plain text")]
    if report["thinking"]:
        found += _thinking(report["thinking"])
    found.append(("reuse", report["reuse"]))
    found.append(("--quant int8", _int8(report)))
    return found + [("note", note) for note in report["notes"]]


def _int8(report: Mapping[str, Any]) -> str:
    if report["int8"] is None:
        return f"not compared yet: {PROGRAM} models inspect {report['name']} --quant int8"
    return f"{Int8Figures(**report['int8']).words} here"


def _template(template: Mapping[str, Any]) -> Rows:
    broken = sorted({word for words in template["broken_up"].values() for word in words})
    facts = [
        (template["content"] == "parts", "takes contents as parts"),
        (template["must_alternate"], "questions and answers must alternate"),
        (not template["second_question"], "one question only"),
        (template["writes_date"], "writes the day on which a conversation began"),
        (template["trims"], "cuts spaces off in front of a question, which are kept by a mark"),
        (bool(broken), f"would cut out {' '.join(broken)}, which is broken up by a mark"),
    ]
    return [
        ("template", f"{template['sha256'][:16]}  {template['characters']:,} characters"),
        ("system text", SYSTEM[template["system"]]),
        *[("", words) for is_so, words in facts if is_so],
        ("behind a question", repr(template["behind_question"])),
        ("an answer ends with", template["end_mark"] or "the model's own end mark"),
    ]


def _thinking(thinking: Mapping[str, Any]) -> Rows:
    switch = thinking["switch"]
    rows = [
        (
            "thinking",
            f"between the marks of {', '.join(thinking['marks'])}" if thinking["marks"] else "no marks",
        )
    ]
    if thinking["opens"]:
        rows.append(("", f"begun by the template: {thinking['opens']!r}"))
    if switch is not None:
        by = (
            f"the variable {switch['variable']}"
            if switch["variable"]
            else f"{switch['off_word']} and {switch['on_word']}"
        )
        usual = {"off": "; off by itself", "on": "; on by itself"}.get(switch["usual"], "")
        rows.append(("thinking switch", by + usual))
    if thinking["note"]:
        rows.append(("" if switch is not None else "thinking switch", thinking["note"]))
    return rows
