"""A model in this process: load it, count tokens, stream answers.

One inference thread owns the model; `stream` and `submit` may be called from any thread and queue.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

import torch
from transformers import DynamicCache, GenerationConfig, StoppingCriteriaList

from docstra_tui.errors import ContextOverflow, DocstraError, EngineDied
from docstra_tui.llm import failures, loading
from docstra_tui.llm.answer import AnswerStream, Finished, FinishReason, Usage
from docstra_tui.llm.base import BaseLLM, Prompt
from docstra_tui.llm.chat_tokenizer import ChatTokenizer
from docstra_tui.llm.inference import InferenceThread, Job
from docstra_tui.llm.prefill import ChunkSizer, decoder_layers, gate, prefill, probe
from docstra_tui.llm.sources import ModelSpec, Progress
from docstra_tui.llm.stopping import Cancelled, KeywordsStoppingCriteria, special_ids
from docstra_tui.llm.streaming import AnswerStreamer

Sink = Callable[[str | Finished | BaseException], None]
"""Takes pieces of text, then exactly one terminal event; called in the inference thread."""

END_MARKS = ("<|endoftext|>", "<|im_end|>", "</s>")


class LocalLLM(BaseLLM):
    """A transformers model in this process.

    `model_name` is a hub id, a folder, a `.gguf` file, a GGUF repository (`repo:QUANT`) or `starter`;
    empty is the configured model, else the starter. `model_path` is a local path that wins over the
    name. `device` is `auto`, `cpu`, `cuda`, `cuda:1` or `mps`. Raises a `ModelError` that says what to
    do when the model cannot be loaded.
    """

    def __init__(
        self,
        model_name: str = "",
        model_path: str | None = None,
        max_tokens: int = 2000,
        temperature: float = 0.7,
        device: str = "auto",
        *,
        revision: str = "",
        dtype: str = "auto",
        quant: str = "",
        trust_remote_code: bool = False,
        reserve: int = 512,
        progress: Progress | None = None,
        on_tokenizer: Callable[[ChatTokenizer], None] | None = None,
    ) -> None:
        super().__init__(model_name, max_tokens=max_tokens, temperature=temperature)
        spec = ModelSpec(
            name=model_name or _configured_name(model_path),
            path=model_path,
            revision=revision,
            device=device,
            dtype=dtype,
            quant=quant,
            trust_remote_code=trust_remote_code,
        )
        self.stopping_keywords: list[str] = list(END_MARKS)
        """Texts that end an answer and are never shown."""
        self._dead: DocstraError | None = None
        self._thread = InferenceThread()
        try:
            self._thread.call(lambda: self._load(spec, progress, on_tokenizer))
        except BaseException:
            self._thread.close()
            raise
        self.reserve = min(reserve, self.window // 2)
        """Tokens of the window kept free for the answer."""

    def _load(
        self,
        spec: ModelSpec,
        progress: Progress | None,
        on_tokenizer: Callable[[ChatTokenizer], None] | None,
    ) -> None:
        def tokenizer_came(tokenizer: Any, window: int) -> None:
            self._chat = ChatTokenizer(tokenizer, window)
            if on_tokenizer is not None:
                on_tokenizer(self._chat)

        loaded = loading.load(spec, progress, tokenizer_came)
        self.model = loaded.model
        """The transformers model."""
        self.tokenizer = loaded.tokenizer
        """The transformers tokenizer."""
        self.model_name = loaded.name
        self.model_path = loaded.path
        """The folder or file that was loaded."""
        self.device = loaded.device
        """`cpu`, `cuda:0`, or `cuda:0+1` for a model that is spread."""
        self.dtype = loaded.dtype
        """`bfloat16`, `float32`, …"""
        self.reason = loaded.reason
        """Why this device."""
        self._special = special_ids(self.tokenizer)
        self._defaults = self.model.generation_config
        self._sizer = ChunkSizer(len(decoder_layers(self.model)))
        probe(self.model, self._sizer)

    # The verbs

    @property
    def window(self) -> int:
        return self._chat.window

    @property
    def queue_length(self) -> int:
        """Requests that wait for their turn."""
        return self._thread.waiting

    @property
    def busy(self) -> bool:
        """True while a request runs."""
        return self._thread.busy

    def count_tokens(self, prompt: Prompt) -> int:
        return self._chat.count(prompt)

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
    ) -> AnswerStream:
        source = _QueueSource()
        stream = AnswerStream(source)  # the clock starts here: rendering and queueing count
        source.job = self.submit(prompt, source.put, max_tokens=max_tokens, temperature=temperature)
        return stream

    def submit(
        self,
        prompt: Prompt,
        sink: Sink,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
    ) -> Job:
        """Queue a request whose events go to `sink`.

        Raises `ContextOverflow` when the prompt leaves less than the reserve, `ValueError` for a
        malformed prompt or setting, `EngineDied` once the device answers no more.
        """
        if self._dead is not None:
            raise self._dead
        temperature = self.temperature if temperature is None else temperature
        if temperature < 0:
            raise ValueError(f"temperature is {temperature}; it cannot be below 0 (0 is greedy)")
        ids = self._chat.render(prompt)
        if len(ids) + self.reserve > self.window:
            raise ContextOverflow(len(ids), self.window, self.reserve)
        wanted = self.max_tokens if max_tokens is None else max_tokens
        if wanted < 1:
            raise ValueError(f"max_tokens is {wanted}; it must be at least 1")
        config = self._generation_config(min(wanted, self.window - len(ids)), temperature)

        def work(job: Job) -> None:
            sink(self._answer(ids, config, sink, job))

        return self._thread.submit(work)

    def close(self) -> None:
        self._thread.close()

    def __del__(self) -> None:
        thread = getattr(self, "_thread", None)
        if thread is not None:
            thread.close(seconds=0)

    # One request, in the inference thread

    def _answer(
        self, ids: list[int], config: GenerationConfig, sink: Sink, job: Job
    ) -> Finished | BaseException:
        """The one terminal event; whatever goes wrong becomes it."""
        streamer: AnswerStreamer | None = None
        failure: DocstraError | None = None
        reason: FinishReason = "cancelled"
        try:
            if self._dead is not None:
                return self._dead
            if job.is_cancelled():
                return Finished("cancelled", Usage(len(ids), 0, 0))
            texts = self._keyword_texts()
            with gate(self.model, job.is_cancelled) as open_gate:
                streamer = AnswerStreamer(self.tokenizer, texts, sink, job.is_cancelled, open_gate)
                reason = self._generate(ids, config, texts, streamer)
            streamer.finish()
        except Cancelled:
            if streamer is not None:
                streamer.finish()
        except BaseException as error:
            failure = failures.explain(error, len(ids))
            failures.log_and_release(error)
        if failure is not None:
            failures.free_memory()
            if isinstance(failure, EngineDied):
                self._dead = failure
            return failure
        written = len(streamer.ids) if streamer is not None else 0
        return Finished(reason, Usage(len(ids), written, 0))

    @torch.inference_mode()
    def _generate(
        self, ids: list[int], config: GenerationConfig, texts: tuple[str, ...], streamer: AnswerStreamer
    ) -> FinishReason:
        cache = DynamicCache(config=self.model.config)
        prefill(self.model, ids, cache, self._sizer)
        criteria = StoppingCriteriaList()
        if texts:
            criteria.append(KeywordsStoppingCriteria(texts, self.tokenizer, prompt_length=len(ids)))
        inputs = torch.tensor([ids], device=self.model.device)
        self.model.generate(
            inputs,
            attention_mask=torch.ones_like(inputs),
            generation_config=config,
            past_key_values=cache,
            streamer=streamer,
            stopping_criteria=criteria,
        )
        ended = streamer.matched_keyword or (streamer.ids and streamer.ids[-1] in config.eos_token_id)
        return "stop" if ended else "length"

    def _generation_config(self, max_new_tokens: int, temperature: float) -> GenerationConfig:
        """The model's own defaults (top_p, penalties) with this request's length and temperature."""
        values = self._defaults.to_dict()
        for name in ("max_length", "min_length", "cache_implementation", "transformers_version"):
            values.pop(name, None)
        values["max_new_tokens"] = max_new_tokens
        values["do_sample"] = temperature > 0
        if temperature > 0:
            values["temperature"] = temperature
        else:  # sampling flags on a greedy run are warned about
            for name in ("temperature", "top_p", "top_k", "min_p", "typical_p"):
                values.pop(name, None)
        stops = self._stop_ids()
        values["eos_token_id"] = stops
        if values.get("pad_token_id") is None:
            values["pad_token_id"] = stops[0] if stops else 0
        return GenerationConfig.from_dict(values)

    def _stop_ids(self) -> list[int]:
        """Ids that end an answer by themselves: the model's own, and keywords that are special tokens."""
        own = self._defaults.eos_token_id
        ids = list(own) if isinstance(own, (list, tuple)) else [own]
        ids.append(self.tokenizer.eos_token_id)
        ids += [self._special[k] for k in self.stopping_keywords if k in self._special]
        return list(dict.fromkeys(id_ for id_ in ids if isinstance(id_, int)))

    def _keyword_texts(self) -> tuple[str, ...]:
        """Keywords to look for in the text.

        The default marks belong to other models' templates: where this tokenizer has an end mark of
        its own among them, the others are ordinary text (`</s>` closes a tag in HTML).
        """
        has_own_mark = any(mark in self._special for mark in END_MARKS)
        return tuple(
            keyword
            for keyword in self.stopping_keywords
            if keyword not in self._special and not (has_own_mark and keyword in END_MARKS)
        )


LocalModelClient = LocalLLM
"""The origin's name of the class."""


class _QueueSource:
    """Carries events from the inference thread to the reader of an `AnswerStream`."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[str | Finished | BaseException] = queue.SimpleQueue()
        self.put = self._events.put
        self.job: Job | None = None

    def next_event(self) -> str | Finished:
        event = self._events.get()
        if isinstance(event, BaseException):
            raise event
        return event

    def cancel(self) -> None:
        if self.job is not None:
            self.job.cancel()


def _configured_name(path: str | None) -> str:
    """The model that the user's settings name; the starter when they name none."""
    from docstra_tui import settings

    return path or settings.load().model.name or "starter"
