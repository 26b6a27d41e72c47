"""The hub's cache, the files of the model that is wanted, and its chat template. Only the disk is asked."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

from docstra_tui.errors import ModelError, ModelNotFound
from docstra_tui.figures import count, size
from docstra_tui.llm.files import gguf_files, hub, location, starter
from docstra_tui.llm.files.catalog import installed_models
from docstra_tui.llm.files.sources import STARTER, ModelFiles, ModelSpec, is_hub_id
from docstra_tui.paths import can_be_written, nearest
from docstra_tui.workspace.doctor.case import Case
from docstra_tui.workspace.doctor.check import Check, aside, changed, made_writable, of_error, typed
from docstra_tui.workspace.title import shown_path

LEAST = 20_000_000
"""Bytes; no model of the hub takes less room."""
MOST_BYTES = 50_000_000
"""Of a file with a template in it; none is as large."""
PLACES = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME")


def hub_cache(case: Case) -> Check:
    """Where the hub's models are, and whether that can be read and written."""
    folder, name = hub.cache_folder(), "hub cache"
    shown = shown_path(folder)
    offline = "; offline: nothing is fetched" if hub.is_offline() else ""
    variable = next((one for one in PLACES if case.environ.get(one)), "")
    if not os.path.lexists(folder):
        if variable and not os.path.isdir(folder.parent):
            detail = f"{variable} names {shown}, which is not there{offline}"
            return Check(name, "warn", detail, f"mkdir -p {typed(folder)}")
        if not can_be_written(folder):
            return Check(name, "warn", f"{shown} cannot be made{offline}", f"ls -ld {typed(nearest(folder))}")
        return Check(name, "ok", f"{shown} is made with the first model{offline}")
    if not folder.is_dir():
        return Check(name, "fail", f"{shown} is no folder", aside(folder))
    if not os.access(folder, os.R_OK | os.X_OK):
        return Check(name, "fail", f"{shown} may not be read", f"chmod u+rwx {typed(folder)}")
    models = [one for one in installed_models() if one.kind != STARTER]
    total = sum(one.size or 0 for one in models)
    detail = f"{shown}, {count(len(models), 'model')}" + (f" of {size(total)}" if models else "") + offline
    if not os.access(folder, os.W_OK):
        return Check(name, "warn", f"{detail}; nothing can be written there", f"chmod u+w {typed(folder)}")
    return Check(name, "ok", detail)


def model_files(case: Case) -> Check:
    """Whether the model that is wanted lies here, whole."""
    name, wanted = "model files", case.settings.model
    if case.settings.server is not None:
        return Check(name, "ok", "none are needed: another server answers")
    model = wanted.name or STARTER
    pull = f"docstra-tui models pull {typed(model)}"
    try:
        found = _found(case)
    except ModelError as error:
        check = of_error(name, "fail", error)
        other = changed("model.name", f"docstra-tui config set model.name {STARTER}", case.given)
        if isinstance(error, ModelNotFound):
            return replace(check, cure=f"choose one of docstra-tui models list, or: {other}")
        if is_hub_id(model):
            return replace(check, cure=pull)
        return replace(check, cure=f"{check.cure}, or: {other}" if check.cure else other)
    if model == STARTER and found is not None and (problem := _wrong_starter()) is not None:
        again = f"rm {typed(starter.folder() / starter.FILE)}; {pull}"
        return replace(of_error(name, "fail", problem), cure=again)
    if found is not None:
        return Check(name, "ok", f"{model} in {shown_path(found.gguf or found.folder)}")
    if model != STARTER and hub.is_offline():
        detail = f"{model} is not on this machine, and offline mode is on"
        return Check(name, "fail", detail, f"HF_HUB_OFFLINE=0 {pull}")
    place = starter.folder() if model == STARTER else hub.cache_folder()
    there = nearest(place)
    if not can_be_written(place):
        variable = "DOCSTRA_CACHE_DIR" if model == STARTER else "HF_HUB_CACHE"
        detail = f"{model} is not on this machine, and {shown_path(there)} takes no files"
        return Check(name, "fail", detail, made_writable(there, [variable]))
    if shutil.disk_usage(there).free < (starter.NEEDED if model == STARTER else LEAST):
        detail = f"{model} is not on this machine, and there is no room for it in {shown_path(there)}"
        return Check(name, "fail", detail, f"df -h {typed(there)}")
    return Check(name, "warn", f"{model} is not fetched yet; the first start does it", pull)


def _wrong_starter() -> ModelError | None:
    """Why the starter that lies here cannot be loaded; one that was compared with its hash can."""
    if starter.is_checked():
        return None
    try:
        gguf_files.read_header(starter.folder() / starter.FILE)
    except ModelError as error:
        return error
    return None


def chat_template(case: Case) -> Check:
    """Whether the model that is wanted has one, without which a chat is only text to go on with."""
    name = "chat template"
    if case.settings.server is not None:
        return Check(name, "ok", "the other server's own")
    try:
        files = _found(case)
        if files is None:
            return Check(name, "ok", "known when the model is here")
        where, text = template_of(files)
    except ModelError:
        return Check(name, "ok", "not known: see the model files")
    if text:
        return Check(name, "ok", f"in {where}, {len(text):,} characters")
    detail = f"{files.name} has none: it was not made for questions"
    return Check(name, "warn", detail, "docstra-tui models list")


def template_of(files: ModelFiles) -> tuple[str, str]:
    """Where a model's template stands, and its text; empty where there is none."""
    if files.gguf is not None:
        key = "tokenizer.chat_template"
        text = gguf_files.read_header(files.gguf).metadata.get(key)
        return files.gguf.name, text if isinstance(text, str) else ""
    jinja = files.folder / "chat_template.jinja"
    if jinja.is_file():
        return jinja.name, _text(jinja)
    for path in (files.folder / "tokenizer_config.json", files.folder / "chat_template.json"):
        try:
            told = json.loads(_text(path)).get("chat_template")
        except (ValueError, RecursionError, AttributeError):
            continue
        if isinstance(told, list):  # several by name
            told = " ".join(str(one.get("template")) for one in told if isinstance(one, dict))
        if isinstance(told, str) and told:
            return path.name, told
    return "", ""


def _found(case: Case) -> ModelFiles | None:
    """The files of the model that is wanted. Raises `ModelError`."""
    wanted = case.settings.model
    return location.here(ModelSpec(wanted.name, revision=wanted.revision, quant=wanted.quant))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
