"""The plain baseline in a process of its own: transformers' `generate` and nothing else.

Reads one JSON request a line, `{"messages": […], "max_new_tokens": n}`, and answers each with
`{"seconds", "first_s", "completion_tokens", "prompt_tokens"}`. `Bare` is the other end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any


class Bare:
    """A bare model in a child process, loaded once.

    With `best` it is then brought to the numeric form in which it answers soonest; else it keeps its own.
    """

    def __init__(self, folder: str, *, best: bool = False) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bare", folder, *(["best"] if best else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.load_s = float(self._receive()["load_s"])
        """Seconds from the first import to a loaded model."""
        self.dtype = str(self._receive()["dtype"])

    def generate(self, messages: Sequence[Mapping[str, Any]], max_new_tokens: int) -> dict[str, Any]:
        """One greedy generation."""
        assert self._child.stdin is not None
        request = {"messages": [dict(message) for message in messages], "max_new_tokens": max_new_tokens}
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        return self._receive()

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.wait()

    def _receive(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError("the bare process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def serve(folder: str, wish: str = "") -> None:
    """The child's side."""
    start = time.monotonic()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    print(json.dumps({"load_s": time.monotonic() - start}), flush=True)
    if wish == "best":
        _into_its_best_form(model)
    print(json.dumps({"dtype": str(model.dtype).removeprefix("torch.")}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        ids = tokenizer.apply_chat_template(
            request["messages"], add_generation_prompt=True, return_dict=False, return_tensors="pt"
        ).to(model.device)
        print(json.dumps(_generate(model, ids, request["max_new_tokens"])), flush=True)


def _into_its_best_form(model: Any) -> None:
    """The one of float32 and bfloat16 that is the first to read a page and answer with a few lines."""
    import torch

    ids = torch.arange(100, 612)[None].to(model.device)
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        model.to(dtype)
        _generate(model, ids, 2)
        answer = _generate(model, ids, 24)
        seconds[dtype] = answer["seconds"] / answer["completion_tokens"]
    model.to(min(seconds, key=lambda dtype: seconds[dtype]))


class _Watch:
    """As much of a streamer as hears when the first token came."""

    def __init__(self) -> None:
        self.heard: list[float] = []

    def put(self, ids: Any) -> None:
        self.heard.append(time.monotonic())

    def end(self) -> None:
        """Nothing is held back."""


def _generate(model: Any, ids: Any, tokens: int) -> dict[str, Any]:
    import torch

    watch = _Watch()
    start = time.monotonic()
    out = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=tokens,
        do_sample=False,
        temperature=None,
        top_p=None,
        top_k=None,
        streamer=watch,
    )
    seconds = time.monotonic() - start
    return {
        "seconds": seconds,
        "first_s": watch.heard[1] - start,  # the prompt is put first
        "completion_tokens": out.shape[1] - ids.shape[1],
        "prompt_tokens": ids.shape[1],
    }


if __name__ == "__main__":
    serve(*sys.argv[1:])
