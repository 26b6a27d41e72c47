"""Python, torch, the driver, the devices, and how fast each kind of number is here."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from docstra_tui.figures import count, size
from docstra_tui.llm.machine.pace_rows import PRODUCTS, PaceRow, latest, pace_row, products_key, products_of
from docstra_tui.workspace.doctor.case import Case
from docstra_tui.workspace.doctor.check import Check, changed, together
from docstra_tui.workspace.title import shown_path

PACKAGE = "docstra-tui"
REINSTALL = "pip install --force-reinstall"
LOOK_LONGER = "docstra-tui doctor --measure"
DRIVER = Path("/proc/driver/nvidia")
"""Where the driver says what it is; not in WSL."""
LITTLE_MEMORY = 1_000_000_000
"""Bytes; what the starter takes, and something to work with."""


def python(case: Case) -> Check:
    """Which one, where, and whether all that we need is installed beside it."""
    found = f"{platform.python_version()} in {shown_path(Path(sys.prefix))}"
    missing = [name for name in _needed() if _version(name) == ""]
    if missing:
        names = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        return Check("python", "fail", f"{found} lacks {names}", f"{REINSTALL} {PACKAGE}")
    return Check("python", "ok", found)


def torch(case: Case) -> Check:
    """Its version, what it is built for, and whether it can be imported, as far as that is known in time."""
    version, others = _version("torch"), f"transformers {_version('transformers') or 'missing'}"
    if not version:
        return Check("torch", "fail", "it is not installed", f"{REINSTALL} {PACKAGE}")
    build = built_for()
    found = f"{version}, {f'built for {build}' if build else 'without CUDA'}, {others}"
    told = case.machine.told("torch", case.until)
    if told is not None and "problem" in told:
        return Check(
            "torch", "fail", f"{version} cannot be imported: {told['problem']}", f"{REINSTALL} torch"
        )
    if told is None and case.machine.failed:
        failed = f"{version} could not be tried: {case.machine.failed}"
        return Check("torch", "fail", failed, 'python -c "import torch"')
    if told is None:
        return Check("torch", "ok", f"{found}; it was still loading", LOOK_LONGER)
    return Check("torch", "ok", found)


def cuda(case: Case) -> Check:
    """CUDA and its driver: whether there is one, and torch can use it."""
    driver, cards, build = _driver(), _cards(), built_for()
    visible = case.environ.get("CUDA_VISIBLE_DEVICES")
    told = case.machine.told("devices", case.until)
    with_driver = f"driver {driver}" if driver else "its driver does not say its version"
    if told is not None and told.get("problem"):
        problem = told["problem"]
        is_needed = case.settings.model.device.partition(":")[0] not in ("cpu", "mps")
        status: Any = "fail" if is_needed and case.settings.server is None else "warn"
        message = str(problem.get("message", "")).rstrip(".")
        return Check("cuda", status, message, str(problem.get("hint", "")).rstrip("."))
    if told is not None and told.get("gpus"):
        return Check("cuda", "ok", f"{build or 'CUDA'}, {with_driver}")
    if cards and visible is not None and visible.strip() in ("", "-1"):
        return Check("cuda", "ok", f"{with_driver}, hidden by CUDA_VISIBLE_DEVICES")
    if cards and told is None:
        detail = f"{', '.join(cards)}, {with_driver}; whether torch can use it was not known in time"
        return Check("cuda", "warn", detail, LOOK_LONGER)
    if visible is not None and visible.strip() not in ("", "-1"):
        detail = f"CUDA_VISIBLE_DEVICES is {visible!r}, and no such GPU is here: the CPU answers"
        return Check("cuda", "warn", detail, "unset CUDA_VISIBLE_DEVICES")
    return Check("cuda", "ok", "no NVIDIA GPU is here: the CPU answers")


def devices(case: Case) -> Check:
    """Each with the memory it has free, and whether the one that is wanted is among them."""
    memory = case.machine.told("memory", case.until) or {}
    told = case.machine.told("devices", case.until)
    gpus = told.get("gpus", []) if told is not None else []
    free, total = memory.get("free"), memory.get("total")
    room = f", {size(free)} of {size(total)} free" if free and total else ""
    lines = [f"cpu: {count(os.cpu_count() or 1, 'thread')}{room}"]
    for gpu in gpus:
        lines.append(f"cuda:{gpu['index']} {gpu['name']}: {size(gpu['free'])} of {size(gpu['total'])} free")
    if told is not None and told.get("mps"):
        lines.append("mps: the Apple GPU")
    if told is None and _cards():
        lines.append(f"{', '.join(_cards())}: not asked in time")
    found = _wrong_device(case, told)
    if free and free < LITTLE_MEMORY:
        found.append(Check("devices", "warn", f"only {size(free)} of memory are free", "free -h"))
    return together(
        "devices", [*found, Check("devices", "ok", "; ".join(lines))] if found else [], "; ".join(lines)
    )


def _wrong_device(case: Case, told: dict[str, Any] | None) -> list[Check]:
    """Where the settings ask for a device that is not there."""
    wanted = case.settings.model.device
    kind, _, number = wanted.partition(":")
    if case.settings.server is not None or kind in ("auto", "cpu"):
        return []
    if told is None and (built_for() if kind == "cuda" else sys.platform == "darwin"):
        return []  # it may be there
    told = told or {}
    indexes = [str(gpu["index"]) for gpu in told.get("gpus", [])]
    is_there = bool(told.get("mps")) if kind == "mps" else bool(indexes) and (not number or number in indexes)
    if is_there:
        return []
    return [
        Check(
            "devices",
            "fail",
            f"the setting model.device asks for {wanted}, which is not here",
            changed("model.device", f"{PACKAGE} config set model.device auto", case.given),
        )
    ]


def dtypes(case: Case) -> Check:
    """What was measured of them at an earlier start, or just now."""
    told = case.machine.told("paces", case.until) if case.is_measured else None
    row: PaceRow | None
    if told is not None:
        row = pace_row(told.get("rows"), str(told.get("layers")), str(told.get("hidden")))
    else:
        row = latest(_version("torch"))
    lines = []
    if row is not None:
        paces = "; ".join(row.words(name) for name in sorted(row.paces))
        lines.append(f"cpu: {paces} ({row.layers} layers of {row.hidden})")
    lines += [f"cuda:{index}: {words}" for index, words in _products(case)]
    if told is not None and not told.get("is_sure", True):
        return Check("dtypes", "warn", f"{'; '.join(lines)}; others had the processor meanwhile", LOOK_LONGER)
    if not lines:
        return Check("dtypes", "ok", "nothing was measured here yet", LOOK_LONGER)
    return Check("dtypes", "ok", "; ".join(lines))


def _products(case: Case) -> Iterator[tuple[int, str]]:
    """What was measured of each GPU, in words."""
    now: dict[Any, Any] = {}
    if case.is_measured:  # said last: all of it is there, or nothing more will be
        now = {one.get("index"): one.get("rows") for one in case.machine.all_told("products", case.until)}
    devices = case.machine.told("devices", case.until) or {}
    kept = PRODUCTS.rows if devices.get("gpus") else {}
    for gpu in devices.get("gpus", []):
        key = products_key(gpu["name"], _version("torch"))
        if found := products_of(now.get(gpu["index"]) or kept.get(key)):
            figures = ", ".join(f"{name} {value:,.1f}" for name, value in found.items())
            yield gpu["index"], f"{figures} TFLOP/s"


@cache
def built_for() -> str:
    """`CUDA 12.8`, `ROCm 6.4`, or nothing: as torch's own file has it, which is not run."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return ""
    try:
        text = Path(spec.origin).with_name("version.py").read_text(errors="replace")
    except OSError:
        return ""
    for name, called in (("cuda", "CUDA"), ("hip", "ROCm")):
        found = re.search(rf"^{name}\b[^=\n]*= *['\"]([\w.+-]+)['\"]", text, re.MULTILINE)
        if found is not None:
            return f"{called} {found[1]}"
    return ""


def _needed() -> list[str]:
    """The packages that ours names, without those of its extras."""
    try:
        rows = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:  # run from its sources
        return []
    return [name[0] for row in rows if "extra ==" not in row and (name := re.match(r"[\w.-]+", row))]


@cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _driver() -> str:
    """The NVIDIA driver's version; empty where there is none, or it does not say."""
    try:
        text = (DRIVER / "version").read_text(errors="replace")
    except OSError:
        return ""
    found = re.search(r"Kernel Module(?: for \S+)? +([\d.]+)", text)
    return found[1] if found is not None else ""


def _cards() -> list[str]:
    """The NVIDIA devices that the driver has, by their names."""
    names = []
    try:
        for place in sorted((DRIVER / "gpus").iterdir()):
            text = (place / "information").read_text(errors="replace")
            found = re.search(r"^Model:\s*(.+)$", text, re.MULTILINE)
            names.append(found[1].strip() if found is not None else "an NVIDIA GPU")
    except OSError:
        pass
    return names
