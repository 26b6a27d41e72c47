"""What a server's refusals mean, in our words; whatever it says itself is cut short and made harmless.

No sentence that leaves here holds the key or a control character.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

from docstra_tui.error_forms import from_wire
from docstra_tui.errors import AnswerFailed, ContextOverflow, DocstraError, RemoteError, ServerLoading
from docstra_tui.llm.http import overflows

LONGEST_QUOTE = 300
"""Characters of a server's own words."""

SECRETS = re.compile(r"\bsk-[A-Za-z0-9_\-]{6,}|(?<=://)[^/\s@]+@")
"""What looks like a key, and the user part of a URL."""

INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
"""Control characters, and those that reorder or hide text."""

GAP = r"[\s\x00-\x20\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*+"
"""What a server may put between two characters of a word: it is not shown, or shown as a space."""

LONGEST_PATTERN = 64
"""Characters of a key that are looked for one by one."""

LOADING = re.compile(r"loading|starting|warming", re.IGNORECASE)
"""How servers say that they are not ready yet."""

RESERVE = 512
"""Tokens that must be left for the answer where another server's window is known."""


def quote(text: str, key: str = "") -> str:
    """Words from outside for one of our sentences: one line, no control characters, no secrets.

    The key is none of them however it was spelt: as it is, as JSON, HTML or a URL has it, broken over lines.
    """
    text = SECRETS.sub("…", _without(key, text))
    text = " ".join(INVISIBLE.sub(" ", text).split())
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def _without(key: str, text: str) -> str:
    """The beginning of `text`, cut behind a key and never within one."""
    most = 20 * LONGEST_QUOTE
    if not key:
        return text[:most]
    parts, at = [], 0
    for found in re.finditer(_any_spelling(key), text[: 2 * most + 12 * len(key)], re.IGNORECASE):
        if found.start() >= most:
            break
        parts += [text[at : found.start()], "…"]
        at = found.end()
    return "".join(parts) + text[at : max(at, most)]


def _any_spelling(key: str) -> str:
    """A pattern for a key; of a long one its beginning, and what follows it."""
    runs = re.findall(r"\\+|[^\\]", key[:LONGEST_PATTERN])  # an escaped backslash is some backslashes
    rest = r"[^\s\"'<>]*" if len(key) > LONGEST_PATTERN else ""
    return GAP.join(map(_spellings, runs)) + rest


def _spellings(character: str) -> str:
    if character.startswith("\\"):
        return r"(?>(?:\\|%5c|&#0*92;|&#x0*5c;|\\u005c)+)"
    code = ord(character)
    forms = [re.escape(character), f"%{code:02x}", f"u{code:04x}", f"&#0*{code};", f"&#x0*{code:x};"]
    if (named := html.escape(character)) != character:
        forms.append(re.escape(named))
    return rf"\\*+(?:{'|'.join(forms)})"


def refusal(server: str, status: int, headers: Any, body: bytes, key: str) -> DocstraError:
    """The error for an HTTP status that is not 2xx."""
    words = words_of(body)
    said = quote(words, key)
    if (overflow := overflows.find_in(body, words)) is not None:
        return _too_long(overflow)
    if status == 503 and LOADING.search(words):
        return _loading(server)
    says = f" It says: {said}" if said else ""
    if 300 <= status < 400:
        target = quote(str(headers.get("location", "")), key) or "nowhere"
        return RemoteError(
            f"{server} redirects to {target} ({status}).", "Use that URL as --base-url if you trust it."
        )
    if status in (401, 403):
        have = "The key it was given is refused" if key else "It wants a key"
        return RemoteError(
            f"{server} does not let us in ({status}).{says}",
            f"{have}: of --base-url it is DOCSTRA_API_KEY, or a file api_key (mode 0600) beside config.toml. "
            "Any other server has its own, by key_file or key_env of its [remote.NAME] in config.toml, and "
            "none where it was only named for this session.",
        )
    if status == 404:
        return RemoteError(
            f"{server} does not know this model or address (404).{says}",
            "The URL goes up to and including /v1; its models are listed at /v1/models.",
        )
    if status == 429:
        after = quote(str(headers.get("retry-after", "")), key)
        wait = f"Ask again in {after} s." if after.isdigit() else "Ask again in a while."
        return RemoteError(f"{server} has too many requests (429).{says}", wait)
    if status >= 500:
        return RemoteError(f"{server} failed ({status}).{says}", "Ask again, or look at the server's log.")
    return RemoteError(f"{server} refused the request ({status}).{says}")


def reported(server: str, body: Any, key: str, *, is_ours: bool) -> DocstraError:
    """The error for one that the server described: in the stream, or as the body of a refusal.

    Only our own engine may choose the class and the hint.
    """
    error = (body.get("error") or body) if isinstance(body, dict) else body
    if is_ours and isinstance(error, dict) and isinstance(error.get("kind"), str):
        return from_wire(error)
    words = _words(error)
    if (overflow := overflows.find(body, words)) is not None:
        return _too_long(overflow)
    if isinstance(error, dict) and error.get("code") == 503 and LOADING.search(words):
        return _loading(server)
    said = quote(words, key) or "nothing about why"
    return AnswerFailed(f"{server} failed in the middle of the answer. It says: {said}")


def _loading(server: str) -> ServerLoading:
    return ServerLoading(f"{server} still loads its model.", "Ask again in a moment.")


def _too_long(overflow: overflows.Overflow) -> ContextOverflow:
    limit, prompt = overflow.limit, overflow.prompt
    reserve = min(RESERVE, limit // 2)
    return ContextOverflow(limit if prompt is None else prompt, limit, reserve, is_least=prompt is None)


def words_of(body: bytes) -> str:
    """What a server says in an error's body, JSON or not."""
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return _words((value.get("error") or value) if isinstance(value, dict) else value)


def _words(error: Any) -> str:
    if isinstance(error, dict):
        for name in ("message", "detail", "error"):
            if isinstance(error.get(name), str):
                return str(error[name])
    return error if isinstance(error, str) else json.dumps(error, default=str)
