"""Files that are likely to hold passwords or keys, by their names alone: no file is opened for it."""

from __future__ import annotations

from fnmatch import fnmatchcase

NAMES = (".env*", "*.pem", "id_*", "*.key", ".netrc", "_netrc", "credentials*", "*.kdbx", ".pgpass")
FOLDERS = frozenset({".aws", ".ssh", ".gnupg", ".git"})
NOT_SECRET = ("*.pub", ".env.example", ".env.sample", ".env.template")
"""Made to be shown to others."""

CODE = (".py", ".pyi", ".js", ".ts", ".go", ".rs", ".c", ".h", ".cpp", ".java", ".rb", ".md", ".rst")
"""`id_map.py` and `credentials.go` are source about the thing, not the thing."""


def may_hold_secrets(path: str) -> bool:
    """True for a path (`/` between parts) that is not picked without a word."""
    *folders, name = path.casefold().split("/")
    if not FOLDERS.isdisjoint(folders):
        return True
    if any(fnmatchcase(name, pattern) for pattern in NOT_SECRET):
        return False
    if name.startswith(("id_", "credentials")) and name.endswith(CODE):
        return False
    return any(fnmatchcase(name, pattern) for pattern in NAMES)
