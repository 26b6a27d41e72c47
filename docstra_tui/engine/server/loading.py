"""How this engine's model is loaded: politely, with what takes long begun early."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from docstra_tui.engine.client.identity import EngineOptions
from docstra_tui.engine.server import courtesy
from docstra_tui.engine.server.model import Load, Model, Progress, Tokenizer
from docstra_tui.llm.inference import template_trial


def load_local(options: EngineOptions) -> Load:
    """Loads what the options' identity names, politely."""

    def load(progressed: Callable[[Progress], None], tokenizer_came: Callable[[Tokenizer], None]) -> Model:
        with courtesy.polite(), _template_trial():
            courtesy.run_politely(_import_heavy)
            from docstra_tui.llm.local import LocalLLM  # torch and transformers: seconds

            identity = options.identity
            return LocalLLM(
                identity.model,
                device=identity.device,
                revision=identity.revision,
                dtype=identity.dtype,
                quant=identity.quant,
                reserve=options.reserve,
                cache_gb=options.cache_gb,
                decode=options.decode,
                progress=progressed,
                on_tokenizer=tokenizer_came,
            )

    return load


@contextlib.contextmanager
def _template_trial() -> Iterator[None]:
    """The process that tries the model's chat template starts beside the imports, and costs no time later."""
    with contextlib.suppress(OSError):  # it is started when it is needed, and failing is said then
        template_trial.prepare()
    try:
        yield
    finally:
        template_trial.dismiss()


def _import_heavy() -> None:
    import docstra_tui.llm.local  # noqa: F401
