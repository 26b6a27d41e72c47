"""What the engine can say of itself and its model, whether it loads, answers or has failed."""

from __future__ import annotations

import os
import re

from docstra_tui import __version__
from docstra_tui.engine.client.identity import EngineOptions
from docstra_tui.engine.client.wire import Health, WireError
from docstra_tui.engine.server.host import Host
from docstra_tui.engine.server.model import Tokenizer
from docstra_tui.engine.server.presence import Presence
from docstra_tui.error_forms import to_wire
from docstra_tui.errors import ContextOverflow, EngineError
from docstra_tui.llm.sampling import DRAWING, GREEDY

SNAPSHOT = re.compile(r"/snapshots/([0-9a-f]{40})(?:/|\Z)")
"""Where the hub's cache has a commit of a model."""


class Facts:
    """One engine's name, window and health."""

    def __init__(self, options: EngineOptions, host: Host, presence: Presence) -> None:
        self._options = options
        self._host = host
        self._presence = presence

    @property
    def model_name(self) -> str:
        model = self._host.model
        return model.model_name if model is not None else self._options.identity.model

    @property
    def model_names(self) -> tuple[str, ...]:
        """Every name under which the model may be asked for; the empty one means whatever is here."""
        return "", self._options.identity.model, self.model_name

    def who(self, temperature: float | None = None) -> dict[str, str | float]:
        """Who answers, and on what; of a model from the hub the commit; and what else its author advises that
        counts at that temperature."""
        identity, model = self._options.identity, self._host.model
        commit = SNAPSHOT.search(model.model_path) if model is not None else None
        packages = [f"docstra-tui {__version__}"]
        packages += [f"torch {identity.torch}"] if identity.torch else []
        packages += [f"transformers {identity.transformers}"] if identity.transformers else []
        away = DRAWING if temperature is not None and temperature < GREEDY else ()
        advised = model.advised.items() if model is not None else ()
        return {f"advised.{name}": value for name, value in advised if name not in away} | {
            "model": self.model_name,
            "revision": commit[1] if commit is not None else identity.revision,
            "quant": identity.quant,
            "dtype": model.dtype if model is not None else "",
            "device": model.device if model is not None else "",
            "engine": ", ".join(packages),
        }

    @property
    def window(self) -> int | None:
        """Tokens; None until the tokenizer is there."""
        tokenizer = self._host.tokenizer
        return tokenizer.window if tokenizer is not None else None

    def tokenizer(self) -> Tokenizer:
        """Raises why there is none."""
        if self._host.tokenizer is None:
            raise self._host.error or EngineError(
                "The model's tokenizer is not loaded yet.", "Ask again when /health shows a window."
            )
        return self._host.tokenizer

    def overflow(self, tokens: int) -> ContextOverflow:
        """Counting ended at so many tokens."""
        window = self.window or 0
        return ContextOverflow(tokens, window, min(self._options.reserve, window // 2), is_least=True)

    def health(self, waiting: int) -> Health:
        """How it is; `waiting` requests have not reached the model."""
        host, model = self._host, self._host.model
        loading = host.state == "loading"
        progress = host.progress if loading else None
        phase = progress.phase if progress is not None else "start"
        return Health(
            state=host.state,
            identity=self._options.identity,
            version=__version__,
            pid=os.getpid(),
            phase=phase if loading else "",
            done=progress.done if progress is not None else None,
            total=progress.total if progress is not None else None,
            error=None if host.error is None else WireError(**to_wire(host.error)),
            model=self.model_name,
            device=model.device if model is not None else "",
            dtype=model.dtype if model is not None else "",
            reason=model.reason if model is not None else "",
            notes=model.notes if model is not None else (),
            can_switch_thinking=model.can_switch_thinking if model is not None else None,
            think_note=model.think_note if model is not None else "",
            window=self.window,
            parked=model is not None and model.is_parked,
            clients=self._presence.clients,
            queue=waiting + (model.queue_length if model is not None else 0),
            leave_after_minutes=self._presence.leave_after_minutes,
            leaves_in_s=self._presence.leaves_in_s,
        )
