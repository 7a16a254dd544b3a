"""From a question to an answer: search, read, then quote what was checked or refuse."""

from __future__ import annotations

import time
from typing import Self

from bot.models import Answer, Headline, Question
from bot.question import read as read_question
from bot.quoting import Quoted, quote
from bot.reader import Reader
from bot.settings import BotSettings
from index.archive import Archive
from index.embedding import Embedder
from index.errors import ArchiveError
from index.models import Hit

PASSAGES_READ = 10
MOST_NEAREST = 3


class Answerer:
    """Answers questions from one archive. Not thread-safe: call `ask` from one thread at a time."""

    def __init__(self, archive: Archive, reader: Reader, *, strictness: float = 0.3) -> None:
        self._archive = archive
        self._reader = reader
        self._strictness = strictness

    @classmethod
    def open(cls, settings: BotSettings) -> Self:
        """Open the archive that `settings` name, with its models.

        Raises:
            ArchiveError: There is no archive, or it cannot be read.
            ModelError: The embedding model cannot be loaded.
        """
        embedder = Embedder(settings.embedding_model)
        archive = Archive.open(settings.data, embedder=embedder, milvus=settings.milvus_address)
        return cls(archive, Reader(), strictness=settings.strictness)

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def ask(self, text: str, *, id: str | int | None = None) -> Answer:  # noqa: A002 - the contract's name
        """Answer one question, with up to three quotes, or with none and the nearest headlines.

        Raises:
            QuestionError: The question is empty, too long, or has nothing to search for.
            ArchiveError: What is stored is damaged.
        """
        began = time.perf_counter()
        question = read_question(text)
        hits, quoted = self._hits_and_quotes(question)
        return Answer(
            id=id,
            question=question.text,
            answered=bool(quoted.quotes),
            answer=quoted.answer,
            quotes=quoted.quotes,
            differ=quoted.differ,
            nearest=_nearest(hits),
            took_ms=round((time.perf_counter() - began) * 1000),
        )

    def _hits_and_quotes(self, question: Question) -> tuple[list[Hit], Quoted]:
        """Search, read, quote; anew where a commit meanwhile took away what was to be quoted."""
        while True:
            generation = self._archive.generation
            hits = self._archive.search(question.search, k=PASSAGES_READ)
            reading = self._reader.read(question, hits)
            if reading.answerability < self._strictness:
                return hits, Quoted()
            try:
                return hits, quote(self._archive, question, reading)
            except ArchiveError:
                if self._archive.generation == generation:
                    raise


def _nearest(hits: list[Hit]) -> tuple[Headline, ...]:
    articles = {hit.article.id: hit.article for hit in hits}.values()
    shown = [article for article in articles if article.title][:MOST_NEAREST]
    return tuple(Headline(article_id=a.id, title=a.title, published=a.published, url=a.url) for a in shown)
