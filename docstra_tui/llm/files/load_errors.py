"""What other libraries say when a model does not load, told in one sentence and a hint.

The whole original goes to the log, where whoever runs the process decides what becomes of it.
Knows nothing of torch: exceptions are told apart by name and text.
"""

from __future__ import annotations

import errno
import json
import re
import struct
from collections.abc import Callable
from typing import TypeVar

from docstra_tui.error_forms import first_line
from docstra_tui.errors import (
    BadModelFile,
    DeviceUnavailable,
    DocstraError,
    GatedModel,
    HubUnreachable,
    IncompleteDownload,
    MissingPackage,
    ModelError,
    ModelNotFound,
    NeedsRemoteCode,
    NotEnoughMemory,
    UnknownArchitecture,
    UnsafeWeights,
)
from docstra_tui.llm.log import logger

_PIP = re.compile(r"pip install [^`\n]*[\w\])'\"]")
T = TypeVar("T")

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def translated(work: Callable[[], T], explain: Callable[[Exception], DocstraError]) -> T:
    """The result of `work`; whatever other libraries raise in it becomes the error that `explain` gives."""
    try:
        return work()
    except DocstraError:
        raise
    except Exception as error:  # of four libraries, and of the code of a model
        failure = explain(error)
    # Raised here and not in the handler: the original keeps its frames alive, and with them the weights.
    raise failure


def translate(error: BaseException, name: str) -> DocstraError:
    """The error to raise from `error`, which came up while the model `name` was loaded."""
    if isinstance(error, DocstraError):
        return error
    logger.error("loading %s failed", name, exc_info=error)
    text = str(error)
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError" or "out of memory" in text:
        return NotEnoughMemory(
            f"The memory was used up while {name} was loaded.",
            "Close other programs, or pick a smaller model or quantisation.",
        )
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return disk_full(f"{name} was loaded")
    if "trust_remote_code" in text or "custom code" in text:
        return NeedsRemoteCode(
            f"{name} needs Python code from its own repository, and that is off.",
            "Pick a model that transformers knows by itself; code from a model runs with all your rights.",
        )
    if isinstance(error, ImportError):
        command = _PIP.search(text)
        return MissingPackage(
            f"{name} needs a package that is not installed: {_reason(error)}",
            command[0] if command else "",
        )
    if "ignore_mismatched_sizes" in text:
        return BadModelFile(
            f"{name} has weights of other sizes than its configuration says.",
            "Download it again, or pick another model.",
        )
    if "GGUF model with architecture" in text or "gguf model_type" in text:
        return UnknownArchitecture(
            f"{name} is a GGUF of an architecture that transformers cannot read.",
            "Pick the same model as safetensors, or serve the file with llama-server and use --base-url.",
        )
    if any(words in text for words in ("recognize this architecture", "Unrecognized", "model_type")):
        return UnknownArchitecture(
            f"transformers does not know the architecture of {name}.",
            "A newer transformers may: pip install -U transformers. Or pick another model.",
        )
    if "not compiled with CUDA" in text or "NVIDIA driver" in text or "No CUDA GPUs" in text:
        return DeviceUnavailable(f"torch cannot use the GPU: {_reason(error)}", "Try --device cpu.")
    if ("safetensors" in text and "pickle" in text) or "torch.load" in text:
        return UnsafeWeights(f"{name} has its weights only as pickle files.", "Pick one with safetensors.")
    if kind == "SafetensorError" and "ncomplete" in text:
        return IncompleteDownload(f"A weights file of {name} is truncated.", "Download it again.")
    if kind == "SafetensorError" or isinstance(
        error, (json.JSONDecodeError, UnicodeDecodeError, struct.error)
    ):
        return BadModelFile(f"A file of {name} is damaged: {_reason(error)}", "Download it again.")
    if isinstance(error, OSError) and "no file named" in text:
        return IncompleteDownload(f"{name} is incomplete: {_reason(error)}", "Download it again.")
    return ModelError(f"{name} could not be loaded: {kind}: {_reason(error)}", "The log has the whole story.")


def translate_hub(error: BaseException, repository: str, revision: str) -> ModelError:
    """The error to raise from `error`, which came up while the hub was asked for `repository`."""
    logger.info("the hub did not give %s", repository, exc_info=error)
    chain = _chain(error)
    names = {base.__name__ for link in chain for base in type(link).__mro__}
    status = next((s for link in chain if (s := _status(link)) is not None), None)
    if any(isinstance(link, OSError) and link.errno in DISK_FULL for link in chain):
        return disk_full(f"{repository} was downloaded")
    if "GatedRepoError" in names or (status == 403 and "DisabledRepoError" not in names):
        return GatedModel(
            f"{repository} is gated: its owner wants you to accept a licence first.",
            "Accept it on the model's page, then set HF_TOKEN (or run: hf auth login).",
        )
    if "RevisionNotFoundError" in names:
        return ModelNotFound(f"{repository} has no revision {revision or 'main'}.", "Check --revision.")
    if names & {"RepositoryNotFoundError", "HFValidationError"}:
        return ModelNotFound(
            f"There is no model {repository} on the hub, or it is private.",
            "Check the spelling; for a private model set HF_TOKEN (or run: hf auth login).",
        )
    if status == 401:
        return GatedModel(f"The hub wants a token for {repository}.", "Set HF_TOKEN (or run: hf auth login).")
    if "EntryNotFoundError" in names and "LocalEntryNotFoundError" not in names:
        return ModelNotFound(f"A file of {repository} is not on the hub.", "Try again, or another revision.")
    text = " ".join(str(link) for link in chain)
    if "Consistency check failed" in text or (status is None and "peer closed" in text):
        return IncompleteDownload(
            f"The download of {repository} broke off.", "Try again: it resumes where it stopped."
        )
    if "OfflineModeIsEnabled" in names:
        return HubUnreachable(
            f"{repository} is not whole on this machine, and offline mode is on.", "Unset HF_HUB_OFFLINE."
        )
    if status is not None:
        return HubUnreachable(f"The hub answered {status} for {repository}.", "Try again later.")
    if names & {"TransportError", "ConnectionError", "TimeoutError", "LocalEntryNotFoundError", "gaierror"}:
        return HubUnreachable(
            f"{repository} is not on this machine and the hub cannot be reached.",
            "Check the network and HF_ENDPOINT, or name a model that is here (docstra-tui models list).",
        )
    return ModelError(
        f"{repository} could not be downloaded: {type(error).__name__}: {_reason(error)}",
        "The log has the whole story.",
    )


def disk_full(doing: str) -> ModelError:
    """The disk ran full while `doing` ("x was downloaded")."""
    return ModelError(
        f"The disk ran full while {doing}.",
        "Free some space, or move the caches (HF_HOME, DOCSTRA_CACHE_DIR).",
    )


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain


def _status(error: BaseException) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _reason(error: BaseException) -> str:
    return first_line(error, 200) or "no reason given"
