"""What the next question would take, counted in the background, and read ahead while nobody asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.models.read_ahead import ReadAhead

if TYPE_CHECKING:
    from docstra_tui.context.fitting.budget import Budget
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.session.chat import ChatSession


class Ahead:
    """For the session that goes on. Any thread."""

    def __init__(
        self,
        model: AnsweringModel,
        session: Callable[[], ChatSession | None],
        is_asked: Callable[[], bool],
    ) -> None:
        """`is_asked`: a question is on its way, which takes what there is of the model."""
        self._model = model
        self._session = session
        self._jobs = JobQueue("count", lambda call: call())
        self._ahead = ReadAhead(
            lambda: model.is_ready and not is_asked(), self._read_ahead, lambda call: call()
        )
        self._counted: tuple[BaseLLM, Budget] | None = None
        """What it would take, and who counted that."""

    @property
    def budget(self) -> Budget | None:
        """None while what answers has not counted."""
        if self._counted is None:
            return None
        llm, budget = self._counted
        return budget if llm is self._model.llm else None

    def recount(self) -> None:
        """The files, the conversation or the model are other ones; not before it may be asked at all."""
        status, session = self._model.status, self._session()
        if (status is not None and status.state in ("failed", "waiting")) or session is None:
            return
        llm = session.llm

        def counted(budget: Budget) -> None:
            self._counted = llm, budget
            self._ahead.consider(self._session())

        self._jobs.do(session.count, counted, lambda error: None, key="count")

    def close(self) -> None:
        """Count no more."""
        self._jobs.close()

    def _read_ahead(self) -> None:
        if not self._ahead.is_reading:
            self.recount()
