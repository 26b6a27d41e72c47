"""Files that are likely to hold passwords or keys, by their names alone: no file is opened for it."""

from __future__ import annotations

import re
from fnmatch import translate

NAMES = (
    *(".env*", "*.env", "secrets.*", "credentials*", ".netrc", "_netrc", ".git-credentials"),
    *(".npmrc", ".pypirc", ".pgpass", ".htpasswd"),
    *("id_*", "*.pem", "*.key", "*.p12", "*.pfx", "*.kdbx"),
    *("*.tfstate", "*.tfstate.*"),
)
FOLDERS = frozenset({".aws", ".ssh", ".gnupg", ".git", ".kube"})
NOT_SECRET = ("*.pub", *(f"*.env.{kind}" for kind in ("example", "sample", "template", "dist")))
"""Made to be shown to others."""

_SECRET = re.compile("|".join(map(translate, NAMES)))
_NOT_SECRET = re.compile("|".join(map(translate, NOT_SECRET)))

CODE = (
    *(".py", ".pyi", ".js", ".jsx", ".mjs", ".ts", ".tsx", ".go", ".rs", ".c", ".h", ".cc", ".cpp", ".hpp"),
    *(".java", ".kt", ".scala", ".cs", ".rb", ".php", ".swift", ".ex", ".hs", ".lua", ".md", ".rst"),
)
"""`id_map.py` and `credentials.go` are source about the thing, not the thing."""


def may_hold_secrets(path: str) -> bool:
    """True for a path (`/` between parts) that is not picked without a word."""
    *folders, name = path.casefold().split("/")
    if not FOLDERS.isdisjoint(folders):
        return True
    if _SECRET.match(name) is None or _NOT_SECRET.match(name) is not None:
        return False
    return not (name.startswith(("id_", "credentials", "secrets.")) and name.endswith(CODE))
