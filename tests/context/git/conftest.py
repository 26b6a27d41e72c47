"""One repository with some history, made once; a test that changes it takes a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.context.git.made import git, write


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits, the first packed with deltas, a branch and a tag."""
    root = tmp_path_factory.mktemp("repository") / "project"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    write(root, ".gitignore", "*.log\nout/\n")
    write(root, "src/shop.py", "".join(f"line {number}\n" for number in range(60)))
    write(root, "src/deep/er/cart.py", "def add():\n    return 1\n")
    write(root, "gone.py", "x = 1\n")
    write(root, "moved.py", "".join(f"m = {number}\n" for number in range(20)))
    write(root, "ümlaut name.py", "ä = 1\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "First\n\nWith words.")
    write(root, "src/shop.py", "".join(f"line {number}\n" for number in range(1, 61)))
    git(root, "commit", "-q", "-am", "Second")
    git(root, "gc", "-q")
    git(root, "tag", "-a", "v1", "-m", "one", "HEAD~1")
    git(root, "branch", "feature/x", "HEAD~1")
    return root
