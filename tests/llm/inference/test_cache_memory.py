"""What the caches of all conversations may take, and what goes first."""

from __future__ import annotations

import pytest

from docstra_tui.llm.inference.cached_prompt import SNAPSHOTS
from docstra_tui.llm.inference.generation import Generator
from tests.llm.inference.cached import (
    answer,
    converse,
    is_within_limit,
    live_bytes,
    memory_limit,
    some_ids,
    tokens_read,
)


def test_conversations_share_the_memory_and_the_oldest_leaves(generator: Generator) -> None:
    generator.prefixes.clear()
    conversations = [some_ids(n, 120) for n in range(3)]
    answer(generator, conversations[0])
    one = generator.prefixes.nbytes()
    with memory_limit(generator, int(one * 2.5)):
        answer(generator, conversations[1])
        answer(generator, conversations[0])  # the first is the recent one now
        answer(generator, conversations[2])

        assert generator.prefixes.nbytes() <= one * 2.5
        assert generator.prefixes.reusable(conversations[0]) > 0
        assert generator.prefixes.reusable(conversations[2]) > 0
        assert generator.prefixes.reusable(conversations[1]) == 0


def test_a_long_conversation_holds_a_few_snapshots(generator: Generator) -> None:
    generator.prefixes.clear()

    converse(generator, some_ids(20, 300), 25)

    _, states = generator.prefixes._prompts[-1].rates()
    assert len(generator.prefixes._prompts) == 1
    assert generator.prefixes.nbytes() <= live_bytes(generator) + SNAPSHOTS * states


def test_a_long_conversation_finds_a_snapshot_near_where_it_is_cut(generator: Generator) -> None:
    generator.prefixes.clear()
    files = some_ids(21, 300)
    generator.warm(files[:200], lambda: False)  # ticked one after the other
    generator.warm(files, lambda: False)
    contexts = converse(generator, files, 12)
    reusable = generator.prefixes.reusable

    assert reusable([*contexts[-2], 5, 6]) == len(contexts[-2])  # the last question in other words
    assert reusable([*contexts[-4], 5, 6]) > len(files) + 100  # some turns further back
    assert reusable([*files, 5, 6]) == len(files)  # a new conversation
    assert reusable([*files[:200], 5, 6]) == 200  # without the last file


@pytest.mark.parametrize("share", [0.5, 1.0, 1.2, 1.6])
def test_one_conversation_keeps_to_the_limit(generator: Generator, share: float) -> None:
    """Above it there is the cache in use, and nothing else."""
    generator.prefixes.clear()
    files = some_ids(22, 300)
    answer(generator, [*files, 1, 2, 3], cut=len(files))

    with memory_limit(generator, int(live_bytes(generator) * share)):
        said = list(files)
        for turn in range(6):
            *_, said = converse(generator, said, 1, seed=turn)
            assert is_within_limit(generator)
            assert generator.prefixes.reusable([*said, 5]) == len(said)


def test_the_memory_of_a_read_is_seen_while_it_lasts(generator: Generator) -> None:
    generator.prefixes.clear()
    prompt = generator.prefixes.take(ids := some_ids(23, 200))
    generator._prefill(prompt, ids, len(ids))
    _, states = prompt.rates()

    assert generator.prefixes.nbytes() >= sum(t.nbytes for t in prompt.tensors()) > states
    assert len({point.length for point in prompt._points()}) <= 1  # one mark, whatever the chunks


def test_room_is_made_before_a_long_read(generator: Generator) -> None:
    generator.prefixes.clear()
    answer(generator, some_ids(24, 300))
    half = live_bytes(generator) // 2  # of what the next one will take

    with memory_limit(generator, generator.prefixes.nbytes() + half):
        generator.prefixes.take(some_ids(25, 300))
        assert not generator.prefixes._prompts
    generator.prefixes.forget_taken()


def test_a_cache_at_rest_keeps_no_chunk_alive(generator: Generator) -> None:
    """A window that is a view of a long chunk would hide most of its memory."""
    generator.prefixes.clear()

    generator.warm(some_ids(26, 400), lambda: False)

    tensors = {id(t): t for t in generator.prefixes._prompts[-1].tensors()}.values()
    held = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in tensors}
    assert sum(held.values()) <= 1.25 * generator.prefixes.nbytes()


def test_two_conversations_over_the_same_files_leave_each_other_alone(generator: Generator) -> None:
    generator.prefixes.clear()
    files = some_ids(29, 300)
    said = [list(files), list(files)]
    read_after_the_first: list[int] = []
    for turn in range(4):
        for who in range(2):
            question = some_ids(60 + 2 * turn + who, 50)
            with tokens_read(generator) as read:
                prompt = said[who] + question
                written, _ = answer(generator, prompt, tokens=30, cut=len(said[who]))
            said[who] = prompt + written
            if turn:
                read_after_the_first.append(sum(read) - len(written))

    # Its own question, and the last id of the answer before, which nobody has read yet.
    assert max(read_after_the_first) <= 50 + 2
    assert len(generator.prefixes._prompts) == 2


def test_without_room_for_a_copy_the_cache_itself_goes_back(generator: Generator) -> None:
    generator.prefixes.clear()
    files = some_ids(30, 300)
    converse(generator, files, 3)

    with memory_limit(generator, int(generator.prefixes.nbytes() * 1.1)):
        _, reused = answer(generator, [*files, *some_ids(31, 10)], cut=len(files))

        assert reused == len(files)
        assert len(generator.prefixes._prompts) == 1
        assert is_within_limit(generator)


def test_a_short_end_is_given_up_for_a_new_question(generator: Generator) -> None:
    generator.prefixes.clear()
    files = some_ids(32, 300)
    for seed in range(5):
        answer(generator, [*files, *some_ids(seed, 10)], cut=len(files))

    assert len(generator.prefixes._prompts) == 1


def test_what_edits_leave_behind_goes_before_another_conversation(generator: Generator) -> None:
    generator.prefixes.clear()
    other = converse(generator, some_ids(33, 300), 2)[-1]
    files = some_ids(34, 300)
    answer(generator, [*files, *some_ids(35, 80)], tokens=20, cut=len(files))

    with memory_limit(generator, generator.prefixes.nbytes() * 2):
        for seed in range(12):  # the same question again and again, each time a long one
            answer(generator, [*files, *some_ids(100 + seed, 80)], tokens=20, cut=len(files))
            assert is_within_limit(generator)
        assert len(generator.prefixes._prompts) > 2
        assert generator.prefixes.reusable([*other, 5]) >= len(other) - 1
