"""CUDA as C++ that its parser knows, character by character in the same place.

Only for the parser: what is shown is the text as it stands.
"""

from __future__ import annotations

import re

_MARKS = (b"__global__", b"__device__", b"__host__")

_LAUNCH = re.compile(rb"<<<((?>(?:(?!<<<|>>>)[^;{}])*))>>>")
_OF_LAMBDA = re.compile(rb"\][ \t]*(?:__(?:device|host)__[ \t]*)+")
_BOUNDS = re.compile(rb"__launch_bounds__[ \t]*\((?>(?:[^()\n]|\([^()\n]{0,99}\)){0,200})\)")
_SPECIFIER = re.compile(rb"__(?:global|device|host|forceinline|noinline|shared|constant|managed)__")
_OF_PARAMETER = re.compile(rb"__(?:grid_constant|restrict)__")


def as_cpp(source: bytes) -> bytes:
    """Kernels as functions and launches as calls; the same bytes where there is no CUDA in them."""
    if not any(mark in source for mark in _MARKS) and b"<<<" not in source:
        return source
    source = _LAUNCH.sub(rb"  (\1)  ", source)
    for blank in (_OF_LAMBDA, _BOUNDS, _OF_PARAMETER):
        source = blank.sub(_blank, source)
    return _SPECIFIER.sub(lambda found: b"inline".ljust(len(found[0])), source)


def _blank(found: re.Match[bytes]) -> bytes:
    return found[0][:1].replace(b"_", b" ").ljust(len(found[0]))
