"""What a request asks of the logits, before a token is chosen from them: penalties and biases."""

from __future__ import annotations

from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList

from docstra_tui.llm.sampling import Sampling


def steering(sampling: Sampling, prompt_length: int) -> LogitsProcessorList:
    """What `generate` takes; empty where nothing is asked for."""
    found = LogitsProcessorList()
    if sampling.logit_bias:
        found.append(Bias(sampling))
    if sampling.frequency_penalty or sampling.presence_penalty:
        found.append(Penalties(sampling, prompt_length))
    return found


class Bias(LogitsProcessor):
    """Adds to the logits of some ids."""

    def __init__(self, sampling: Sampling) -> None:
        self._ids = torch.tensor(list(sampling.logit_bias))
        self._added = torch.tensor(list(sampling.logit_bias.values()))

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        # Once: for each copy the host would wait for a GPU.
        self._ids, self._added = self._ids.to(scores.device), self._added.to(scores.device, scores.dtype)
        return scores + torch.zeros_like(scores[0]).index_put_((self._ids,), self._added)


class Penalties(LogitsProcessor):
    """Makes what the answer has already less likely: the prompt does not count."""

    def __init__(self, sampling: Sampling, prompt_length: int) -> None:
        self._frequency = sampling.frequency_penalty
        self._presence = sampling.presence_penalty
        self._start = prompt_length

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        written = input_ids[:, self._start :]
        counts = torch.zeros_like(scores).scatter_add_(
            1, written, torch.ones_like(written, dtype=scores.dtype)
        )
        return scores - self._frequency * counts - self._presence * (counts > 0).to(scores.dtype)
