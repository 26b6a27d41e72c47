"""The plain baseline in a process of its own: transformers' `generate` and nothing else.

Reads one JSON request a line, `{"messages": […], "max_new_tokens": n}`, and answers each with
`{"seconds", "completion_tokens", "prompt_tokens"}`. `Bare` is the other end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any


class Bare:
    """A bare model in a child process, loaded once."""

    def __init__(self, folder: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bare", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.load_s = float(self._receive()["load_s"])
        """Seconds from the first import to a loaded model."""

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


def serve(folder: str) -> None:
    """The child's side."""
    start = time.monotonic()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True).eval()
    model.to("cuda" if torch.cuda.is_available() else "cpu")
    print(json.dumps({"load_s": time.monotonic() - start}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        ids = tokenizer.apply_chat_template(
            request["messages"], add_generation_prompt=True, return_dict=False, return_tensors="pt"
        ).to(model.device)
        start = time.monotonic()
        out = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=request["max_new_tokens"],
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
        )
        seconds = time.monotonic() - start
        tokens = out.shape[1] - ids.shape[1]
        answer = {"seconds": seconds, "completion_tokens": tokens, "prompt_tokens": ids.shape[1]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
