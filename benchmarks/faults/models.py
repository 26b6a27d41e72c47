"""Models as they really are: kinds that read otherwise in parts, settings that hurt, endless templates.

Small models of random weights, made on the spot; nothing is downloaded.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import Report

NAME = "models"


def count(report: Report) -> None:
    """Adds the figures."""
    from transformers.utils import logging as theirs

    theirs.disable_progress_bar()
    logging.disable(logging.ERROR)
    try:
        _kinds(report)
        with tempfile.TemporaryDirectory(prefix="dt-") as base:
            _settings(report, Path(base))
            _files(report, Path(base))
        _templates(report)
    finally:
        logging.disable(logging.NOTSET)


def _kinds(report: Report) -> None:
    import torch

    from docstra_tui.llm.inference.generation import Generator
    from tests.llm.small_models import small_model
    from tests.llm.test_architectures import KINDS
    from tests.llm.two_turns import ask, is_right, some_ids
    from tests.tiny_models import tiny_tokenizer

    torch.set_num_threads(1)
    tokenizer = tiny_tokenizer("llama", 256)
    otherwise = reused = 0
    for kind in KINDS:
        model = small_model(kind)
        generator = Generator(model, tokenizer, 1 << 26)
        first = some_ids(3, 90)
        answer, _ = ask(generator, first, cut=70)
        second = first + answer + some_ids(5, 20)
        after, kept = ask(generator, second)
        otherwise += not (is_right(model, first, answer) and is_right(model, second, after))
        reused += kept > 0
    report.add("models_kinds", len(KINDS), "kinds of models that were made small")
    report.add("models_otherwise", otherwise, "of them answered otherwise than plain generate", "0")
    report.add("models_reused", reused, "of them took up what they had read for the second question")


def _settings(report: Report, base: Path) -> None:
    from docstra_tui.llm.local import LocalLLM
    from tests.llm.loading.test_advice import BREAKING, CACHES
    from tests.tiny_models import make_tiny

    clean = make_tiny(base / "clean")

    def answer(**values: Any) -> str:
        folder = Path(shutil.copytree(clean, base / "spoilt", dirs_exist_ok=True))
        path = folder / "generation_config.json"
        path.write_text(json.dumps({**json.loads((clean / path.name).read_text()), **values}))
        try:
            llm = LocalLLM(str(folder), max_tokens=12, temperature=0.0, device="cpu", reserve=64)
            try:
                return llm.generate("what does this do?") or ""
            finally:
                llm.close()
        except Exception as error:  # whatever it is: it counts as another answer
            return f"it failed: {error}"

    expected = answer()
    fields = [*BREAKING.items(), *(("cache_implementation", cache) for cache in CACHES)]
    changed = sum(answer(**{name: value}) != expected for name, value in fields)
    report.add("models_settings", len(fields), "settings of a checkpoint, each with a value that hurts")
    report.add("models_settings_changed", changed, "of them changed an answer or broke it", "0")


def _files(report: Report, base: Path) -> None:
    from docstra_tui.llm.local import LocalLLM
    from tests.llm.loading import test_weights
    from tests.tiny_models import make_tiny

    changed = told = 0
    ways = (test_weights.overwrite, test_weights.truncate, test_weights.replace, test_weights.remove)
    for way in ways:
        folder = make_tiny(base / way.__name__)
        llm = LocalLLM(str(folder), max_tokens=12, temperature=0.0, device="cpu", reserve=64)
        try:
            before = llm.generate("what is this?")
            # A file that is mapped and cut short would end this process.
            if test_weights.still_mapped(folder / "model.safetensors"):
                changed += 1
                continue
            way(folder / "model.safetensors")
            llm._generator.prefixes.clear()
            changed += llm.generate("what is this?") != before
            llm._on_disk.compare()
            told += bool(llm.notes)
        finally:
            llm.close()
    report.add("models_files_changed", changed, f"of {len(ways)} changes on the disk reached a model", "0")
    report.add("models_files_told", told, "of them were said", str(len(ways)))


def _templates(report: Report) -> None:
    from docstra_tui.errors import BadModelFile
    from docstra_tui.llm.inference.template_trial import Trial
    from tests.llm.inference.test_template_trial import LARGE, LONG, SLOW, VARIABLES

    refused = 0
    for template in (SLOW, LONG, LARGE):
        try:
            Trial(template, VARIABLES).result()
        except BadModelFile:
            refused += 1
    report.add("models_templates_refused", refused, "of 3 templates that take too much were refused", "3")
