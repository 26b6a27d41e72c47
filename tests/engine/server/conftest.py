"""An engine that listens, with a model made for the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.engines import RunningEngine, running


@pytest.fixture
def engine() -> Iterator[RunningEngine]:
    with running() as engine:
        yield engine
