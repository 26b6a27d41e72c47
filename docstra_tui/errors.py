"""What can go wrong, in the user's words: every error says what happened and what to do next.

An error crosses the engine's socket as `{kind, message, hint, details}` and comes out on the other
side as the same class (`error_forms.from_wire`), so a face never has to parse a sentence.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self


class DocstraError(Exception):
    """The root of every error this project raises on purpose.

    `kind` names it on the wire, `exit_code` is the command line's (0 done, 1 failed, 2 usage,
    3 no model or engine, 4 does not fit, 5 not in the files, 130 cancelled).
    """

    kind: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1
    is_of_machine: ClassVar[bool] = False
    """True where the cause may lie in the machine or its settings, at which the doctor looks."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        """What happened, one sentence."""
        self.hint = hint
        """What to do next, one sentence; empty when there is nothing better than the message."""

    @property
    def details(self) -> dict[str, Any]:
        """The figures a face may want to show beside the sentence; plain JSON values."""
        return {}

    def again(self) -> Self:
        """Another error that says the same. One that is kept is told to many: raised twice, it would
        collect the frames of every raise, of several threads at once, and all that those frames hold.
        """
        other = type(self).__new__(type(self))
        other.args = self.args
        other.__dict__.update(self.__dict__)
        return other

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UsageError(DocstraError):
    """The command line was called with words it does not know."""

    kind = "usage"
    exit_code = 2


class SettingsError(DocstraError):
    """A configuration file, an environment variable or a flag has a key or value that cannot be used."""

    kind = "settings"
    exit_code = 2


class UnsafePath(DocstraError):
    """A folder or file of ours is a link, belongs to someone else, or is open to others."""

    kind = "unsafe_path"
    is_of_machine = True


class StoreError(DocstraError):
    """A session could not be read from or written to the disk."""

    kind = "store"


class UnreadableFile(DocstraError):
    """A file cannot become a context item: binary, missing, not a regular file, outside the folder."""

    kind = "unreadable_file"


class NoIndex(DocstraError):
    """A project has no index, and none can be made of it now."""

    kind = "no_index"


class NoSearch(NoIndex):
    """Whatever index there is, nobody can look into it now."""

    kind = "no_search"


class TemplateError(DocstraError):
    """A task template is unknown, or a placeholder of it was not given."""

    kind = "template"
    exit_code = 2


class ModelError(DocstraError):
    """A model could not be found or loaded."""

    kind = "model"
    exit_code = 3


class ModelNotFound(ModelError):
    """No such model on the hub, in the cache, or at the path."""

    kind = "model_not_found"


class HubUnreachable(ModelError):
    """The model is not on this machine and the hub cannot be reached (or offline mode is on)."""

    kind = "hub_unreachable"
    is_of_machine = True


class GatedModel(ModelError):
    """The hub wants a token, or the licence to be accepted, before it hands out this model."""

    kind = "gated_model"


class IncompleteDownload(ModelError):
    """Some of the model's files are missing, cut short, or only git-lfs pointers."""

    kind = "incomplete_download"


class UnsafeWeights(ModelError):
    """The weights exist only as pickle files, which can run code when they are read."""

    kind = "unsafe_weights"


class NeedsRemoteCode(ModelError):
    """The model needs Python code from its own repository, and that is off."""

    kind = "needs_remote_code"


class UnknownArchitecture(ModelError):
    """transformers does not know this kind of model, or it cannot write text."""

    kind = "unknown_architecture"


class BadModelFile(ModelError):
    """A file of the model is damaged, or not what its name says."""

    kind = "bad_model_file"


class MissingPackage(ModelError):
    """The model needs a Python package that is not installed; the hint is the pip command."""

    kind = "missing_package"
    is_of_machine = True


class NotEnoughMemory(ModelError):
    """The model (or the prompt's cache) is larger than the memory that is free."""

    kind = "not_enough_memory"
    is_of_machine = True


class DeviceUnavailable(ModelError):
    """The device that was asked for is not there, or torch cannot use the one that is."""

    kind = "device_unavailable"
    is_of_machine = True


class EngineError(DocstraError):
    """The engine process could not be started, found or spoken to."""

    kind = "engine"
    exit_code = 3
    is_of_machine = True


class EngineDied(EngineError):
    """The engine went away in the middle of something."""

    kind = "engine_died"


class StrangeEngine(EngineError):
    """What answers at an engine's place cannot be understood: another version, or no engine at all."""

    kind = "strange_engine"


class GenerationFailed(DocstraError):
    """The model raised while it read the prompt or wrote the answer."""

    kind = "generation_failed"


class ModelClosed(DocstraError, RuntimeError):
    """A model was asked after it had been closed."""

    kind = "model_closed"


class RemoteError(DocstraError):
    """Another server refused a request, or answered with something that is not an answer."""

    kind = "remote"
    exit_code = 3


class NotAllowed(DocstraError):
    """Something may not be sent to another machine, or not yet; nothing was."""

    kind = "not_allowed"
    exit_code = 2


class NotAsked(DocstraError):
    """Somebody stopped a question while it was still being counted; nothing was sent."""

    kind = "not_asked"
    exit_code = 130


class AnswerCutOff(RemoteError):
    """The connection ended before the server said that the answer was complete."""

    kind = "answer_cut_off"
    exit_code = 1


class AnswerFailed(RemoteError):
    """The server ended an answer without finishing it: an error, a filter, or a reason nobody knows."""

    kind = "answer_failed"
    exit_code = 1


class ServerLoading(RemoteError):
    """The server is there and still loads its model."""

    kind = "server_loading"


class NoAnswer(DocstraError):
    """An answer ended without any text."""

    kind = "no_answer"


class ContextOverflow(DocstraError):
    """The prompt leaves less of the model's window than the reserve for the answer."""

    kind = "context_overflow"
    exit_code = 4

    def __init__(self, prompt_tokens: int, limit: int, reserve: int, *, is_least: bool = False) -> None:
        over = f"{prompt_tokens + reserve - limit:,}"
        more = "more than " if is_least else ""
        super().__init__(
            f"The prompt has {more}{prompt_tokens:,} tokens; the model's window is {limit:,} "
            f"and {reserve:,} are kept for the answer.",
            f"Shorten it by {more}{over} tokens (leave out files or parts of them), "
            "or pick a model with a longer window.",
        )
        self.is_least = is_least
        """True when nobody counted further."""
        self.prompt_tokens = prompt_tokens
        """Tokens of the whole rendered prompt."""
        self.limit = limit
        """The model's window, in tokens."""
        self.reserve = reserve
        """Tokens kept free for the answer."""

    @property
    def details(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "limit": self.limit,
            "reserve": self.reserve,
            "is_least": self.is_least,
        }


class MemoryOverflow(ContextOverflow):
    """The prompt would fit the model's window, but not, once it is read, the memory that is free now."""

    kind = "memory_overflow"

    def __init__(
        self,
        prompt_tokens: int,
        limit: int,
        reserve: int,
        *,
        is_least: bool = False,
        compact: int | None = None,
        on_gpu: bool = False,
    ) -> None:
        super().__init__(prompt_tokens, limit, reserve, is_least=is_least)
        wanted = prompt_tokens + reserve
        ways = [f"Shorten it by {wanted - limit:,} tokens (leave out files or parts of them)"]
        if compact is not None and compact >= wanted:
            ways.append("keep what is read in 8 bits (--kv-cache int8)")
        ways.append("answer on the CPU (--device cpu)" if on_gpu else "pick a smaller model")
        self.message = (
            f"The prompt has {prompt_tokens:,} tokens; the memory that is free holds {limit:,} "
            f"and {reserve:,} are kept for the answer."
        )
        self.hint = f"{', '.join(ways[:-1])}, or {ways[-1]}."
        self.args = (self.message,)
        self.compact = compact
        """Tokens that free memory holds in 8 bits; None where that is no choice."""
        self.on_gpu = on_gpu
        """True where the CPU has memory of its own."""

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"compact": self.compact, "on_gpu": self.on_gpu}
