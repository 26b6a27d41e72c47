"""Writes the answers of one model: by the loop here where the model allows it, else by `generate`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import torch
from transformers import StoppingCriteria

from docstra_tui.llm.inference.cache_layers import can_draft
from docstra_tui.llm.inference.cached_prompt import CachedPrompt
from docstra_tui.llm.inference.decoding import late, loop, on_gpu
from docstra_tui.llm.inference.decoding.drafts import Drafts, Payoff
from docstra_tui.llm.inference.decoding.graphs import GraphStep
from docstra_tui.llm.inference.decoding.lean import LeanBody, LeanStep, lean
from docstra_tui.llm.inference.decoding.step import ModelStep, Step
from docstra_tui.llm.inference.decoding.writing import Writing, fits, rules
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.inference.recipe import Recipe, Request
from docstra_tui.llm.inference.steering import steering
from docstra_tui.llm.inference.streaming import AnswerStreamer
from docstra_tui.llm.inference.thoughts import ClosedByForce, ThoughtReader
from docstra_tui.llm.inference.threads import ThreadPace

Decode = Literal["auto", "plain"]
"""`plain` is `generate` for every model."""


class Watched(StoppingCriteria):
    """Ends nothing: tells of each token of `generate`."""

    def __init__(self, pace: ThreadPace) -> None:
        self._pace = pace

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        self._pace.tick()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


class Writer:
    """One model's, in the inference thread."""

    def __init__(self, forward: Forward, recipe: Recipe, decode: Decode = "auto") -> None:
        self._model = forward.model
        self._forward = forward
        self._recipe = recipe
        self.step: Step | None = ModelStep(forward) if decode == "auto" and fits(self._model) else None
        """What reads what was written; None is `generate`."""
        self.payoff = Payoff()
        """Whether drafts are worth their time."""
        self._held: list[torch.Tensor] = []
        self.runs_ahead = getattr(self._model.device, "type", "cpu") == "cuda"
        """True where the device is asked for the next step before the host knows what came of this one."""

    @property
    def note(self) -> str:
        """What a user should know about how it writes, a sentence; mostly empty."""
        return self.step.note if isinstance(self.step, GraphStep) else ""

    def choose(self, ids: torch.Tensor, files: str) -> None:
        """Find the quickest step that is right here; `ids`, of shape (1, length), are ordinary text, and
        `files` says which the weights were read from."""
        if self.step is None:
            return
        quick = lean(self._forward, self.step, ids, files)
        bodies = [LeanBody(quick.decoder)] if isinstance(quick, LeanStep) else []
        self._held = [*quick.decoder.tensors()] if isinstance(quick, LeanStep) else []
        self.step = on_gpu.recorded(self._forward, quick, ids, bodies)

    def forget(self) -> None:
        """Let go of what is held beside weights and prompts; it comes back when it is needed."""
        if isinstance(self.step, GraphStep):
            self.step.forget()

    def tensors(self) -> Iterator[torch.Tensor]:
        """What steps hold on the model's device, most of it parts of the model's own weights."""
        yield from self._held

    def write(
        self,
        request: Request,
        prompt: CachedPrompt | None,
        reader: ThoughtReader,
        streamer: AnswerStreamer,
        pace: ThreadPace,
    ) -> None:
        """Read the rest of the prompt and write the answer; without a `prompt`, nothing is kept."""
        with torch.inference_mode():
            if prompt is None or self.step is None:
                with self._luck(request.sampling.seed):
                    self._generate(request, prompt, reader, streamer, pace)
                return
            answer = self.begin(request, prompt, reader, streamer)
            pace.begin()
            drafts = Drafts(answer.ids, self.payoff) if can_draft(prompt.cache) else None
            # What is read for nothing must be taken back, and who closes thinking must know each token.
            is_late = self.runs_ahead and not prompt.needs_snapshots and request.thinking is None
            write = late.write if is_late else loop.write
            with self._model._optimize_model_for_decode():
                if isinstance(self.step, GraphStep):
                    self.step.prepare([answer.slot])
                write(answer, self.step, drafts, pace.took)

    def begin(
        self,
        request: Request,
        prompt: CachedPrompt,
        reader: ThoughtReader,
        streamer: AnswerStreamer,
    ) -> Writing:
        """Read the rest of the prompt and write the first token; what comes behind is for a `Step`."""
        answer = self.prepared(request, prompt, reader, streamer, self.chance(request))
        answer.begin(self._forward, len(prompt.ids))
        return answer

    def prepared(
        self,
        request: Request,
        prompt: CachedPrompt,
        reader: ThoughtReader,
        streamer: AnswerStreamer,
        generator: torch.Generator | None = None,
    ) -> Writing:
        """An answer that nothing is read or written of yet.

        Several that are written at once need a `generator` each where they are seeded.
        """
        inputs = torch.tensor([request.ids], device=self._model.device)
        found = rules(self._model, inputs, **self._wishes(request, reader, streamer))
        return Writing(found, prompt.cache, streamer, generator)

    def chance(self, request: Request) -> torch.Generator | None:
        """Where the random numbers of an answer come from; None without a seed."""
        seed = request.sampling.seed
        return None if seed is None else torch.Generator(self._model.device).manual_seed(seed)

    def _generate(
        self,
        request: Request,
        prompt: CachedPrompt | None,
        reader: ThoughtReader,
        streamer: AnswerStreamer,
        pace: ThreadPace,
    ) -> None:
        inputs = torch.tensor([request.ids], device=self._model.device)
        known, read = (prompt.cache, len(prompt.ids)) if prompt is not None else (None, 0)
        wishes = self._wishes(request, reader, streamer)
        wishes["stopping_criteria"].append(Watched(pace))
        with self._forward.on_top(known, read) as given:
            self._model.generate(inputs, attention_mask=torch.ones_like(inputs), **wishes, **given)

    def _wishes(self, request: Request, reader: ThoughtReader, streamer: AnswerStreamer) -> dict[str, Any]:
        """What `generate` is asked for."""
        processors = steering(request.sampling, request.begun)
        if request.thinking is not None:
            processors.append(ClosedByForce(reader))
        return {
            "generation_config": self._recipe.config(request),
            "streamer": streamer,
            "stopping_criteria": self._recipe.criteria(request, reader, lambda: streamer.matched_keyword),
            "logits_processor": processors,
        }

    @contextlib.contextmanager
    def _luck(self, seed: int | None) -> Iterator[None]:
        """With a seed, chance begins there, and goes on afterwards as if nothing had been."""
        if seed is None:
            yield
            return
        on_gpu = self._model.device.type == "cuda"
        with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if on_gpu else []):
            torch.manual_seed(seed)
            yield
