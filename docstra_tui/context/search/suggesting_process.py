"""The process that looks for files: `python -P -m docstra_tui.context.search.suggesting_process`.

Weighing a question holds Python's lock for milliseconds at a time, and numpy takes a tenth of a second to
come: neither is for the process of a screen. It ends when nobody asks any more, or asked nothing for a while.
"""

from __future__ import annotations

import gc
import os
import select
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from docstra_tui.context.child import bound
from docstra_tui.context.search.asking import Answer, Question
from docstra_tui.context.search.index.messages import receive, send
from docstra_tui.context.search.index.priority import MEMORY
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.context.search.suggestions import load, suggest
from docstra_tui.errors import NoIndex, NoSearch
from docstra_tui.sqlite_codes import result_code

IDLE_SECONDS = 120.0


def main() -> None:
    """Answer until nobody asks any more."""
    bound(MEMORY)
    with suppress(NoSearch):  # said to whoever asks
        load()
    gc.freeze()
    gc.set_threshold(50_000)  # rows by the thousand, and no circles among them
    reader: IndexReader | None = None
    path = b""
    while select.select([sys.stdin], [], [], IDLE_SECONDS)[0] and (message := receive(sys.stdin.buffer)):
        question = msgspec.msgpack.decode(message, type=Question)
        try:
            if reader is None or path != question.index:
                reader, path = IndexReader(Path(os.fsdecode(question.index))), question.index
            answer = _answer(reader, question)
        except NoSearch as error:
            answer = Answer(unable=error.message)
        except NoIndex as error:
            reader, answer = None, Answer(missing=error.message)
        except sqlite3.Error as error:
            reader, answer = None, Answer(problem=f"{error}", code=result_code(error))
        except MemoryError:  # of which the file is not to blame
            reader, answer = None, Answer(problem="no memory", code=sqlite3.SQLITE_NOMEM)
        send(sys.stdout.buffer, answer)


def _answer(reader: IndexReader, question: Question) -> Answer:
    found = suggest(reader, question.text, ticked=question.ticked, limit=question.limit, words=question.words)
    return Answer(found)


if __name__ == "__main__":
    main()
