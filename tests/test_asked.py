from __future__ import annotations

from pathlib import Path

import pytest

from bot.asked import Asked
from bot.models import Answer
from index.errors import ArchiveError


def answer(question: str, *, answered: bool = False) -> Answer:
    return Answer(question=question, answered=answered, answer=None, quotes=(), nearest=(), took_ms=1)


def test_what_was_asked_in_vain_is_counted_the_most_frequent_first(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    for question in ("机场何时通航？", "市长是谁？", "市长是谁？"):
        asked.note(answer(question))
    asked.note(answer("图书馆几点闭馆？", answered=True))
    assert [(item.question, item.times) for item in asked.in_vain()] == [("市长是谁？", 2), ("机场何时通航？", 1)]
    asked.close()


def test_the_record_outlives_the_process(tmp_path: Path) -> None:
    first = Asked(tmp_path)
    first.note(answer("市长是谁？"))
    first.close()
    again = Asked(tmp_path)
    assert [item.question for item in again.in_vain()] == ["市长是谁？"]
    again.close()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="nowhere"):
        Asked(tmp_path / "nowhere")
