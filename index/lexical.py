"""Words: jieba over folded text, and BM25 over them in SQLite's FTS5, in the archive's own transactions."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from index.settings import cache_folder
from index.text import fold

if TYPE_CHECKING:
    import jieba.posseg

WORDS = "jieba 0.42.1 search mode, 1"
"""Identity of what `words` does. Postings written under another identity are made anew."""

TITLE_WEIGHT = 1.0
"""Weight of a match in the headline; one in the passage weighs 1."""

CHOSEN = 20_000
"""Passages that a question's rarest words choose. Of 200 questions made by rule on 40,000 articles the answering passage
was among the first ten for 180 by all words, and for 178 by a twelfth of this, as it is where there are half a million articles."""

SCHEMA = """
CREATE VIRTUAL TABLE words USING fts5(
  title, body, content='', tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co Cn'"
);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
"""

# Words that nearly every passage has: they cost most of a query's time and tell nothing.
_STOP = frozenset(
    [
        "的",
        "了",
        "在",
        "是",
        "和",
        "与",
        "及",
        "或",
        "也",
        "都",
        "就",
        "而",
        "又",
        "还",
        "把",
        "被",
        "让",
        "给",
        "对",
        "从",
        "向",
        "到",
        "于",
        "以",
        "为",
        "因",
        "由",
        "等",
        "着",
        "过",
        "地",
        "得",
        "之",
        "其",
        "此",
        "该",
        "这",
        "那",
        "你",
        "我",
        "他",
        "她",
        "它",
        "们",
        "我们",
        "你们",
        "他们",
        "自己",
        "一个",
        "这个",
        "那个",
        "什么",
        "怎么",
        "怎样",
        "如何",
        "哪",
        "哪些",
        "哪里",
        "哪个",
        "谁",
        "吗",
        "呢",
        "吧",
        "啊",
        "多少",
        "几",
        "有",
        "没有",
        "不",
        "并",
        "但",
        "将",
        "会",
        "能",
        "要",
        "上",
        "中",
        "下",
        "里",
        "后",
        "前",
        "the",
        "a",
        "an",
        "of",
        "in",
        "on",
        "at",
        "to",
        "is",
        "are",
        "was",
        "were",
        "and",
        "or",
        "for",
        "by",
        "with",
        "what",
        "which",
        "who",
        "how",
        "when",
        "where",
    ]
)


@cache
def tokenizer() -> jieba.Tokenizer:
    """jieba, with its cache among ours: by itself it shares a file in the temp folder with everyone."""
    import jieba

    folder = cache_folder() / "jieba"
    folder.mkdir(parents=True, exist_ok=True)
    jieba.default_logger.setLevel(logging.WARNING)
    jieba.dt.tmp_dir = str(folder)
    jieba.initialize()
    return jieba.dt


@cache
def tagger() -> jieba.posseg.POSTokenizer:
    """Jieba's part-of-speech tagger, over the same dictionary."""
    import jieba.posseg

    tokenizer()
    return jieba.posseg.dt


def words(text: str) -> list[str]:
    """Return the words of `text` as they are searched: folded, with jieba's shorter words inside long ones.

    Digits, Latin words and units survive; punctuation and words that nearly every text has do not.
    """
    found = (word.strip(" %") for word in tokenizer().cut_for_search(fold(text)))
    return [word for word in found if word not in _STOP and any(character.isalnum() for character in word)]


def in_words(text: str) -> set[int]:
    """Offsets of the characters of folded `text` that stand in words of two or more that jieba's dictionary has."""
    found = tokenizer().tokenize(text, HMM=False)
    return {at for word, start, end in found if len(word) > 1 for at in range(start, end)}


def insert(connection: sqlite3.Connection, rows: Iterable[tuple[int, str, str]]) -> None:
    """Index passages, given as (passage id, words of the headline, words of the text), words parted by blanks."""
    connection.executemany("INSERT INTO words(rowid, title, body) VALUES (?, ?, ?)", rows)


def delete(connection: sqlite3.Connection, rows: Iterable[tuple[int, str, str]]) -> None:
    """Take passages out of the index. A table without content must be told the very words that were inserted."""
    connection.executemany("INSERT INTO words(words, rowid, title, body) VALUES ('delete', ?, ?, ?)", rows)


def search(connection: sqlite3.Connection, query: Sequence[str], n: int) -> list[tuple[int, float]]:
    """Return up to `n` (passage id, BM25 score) for any of the words `query`, best first, ties by id.

    Okapi BM25 as FTS5 has it: k1 = 1.2, b = 0.75, the score's sign turned so that higher is better. The rarest words
    say which passages are scored, as many words as stand in `CHOSEN` passages together, and the others only add to
    those passages' scores ("continue": Moffat and Zobel, ACM TOIS 1996): an archive twice as large is searched in
    nearly the same time.
    """
    counted = sorted((_at_most(connection, word, CHOSEN), word) for word in set(query))
    matching, chosen = [word for count, word in counted if count], 0
    choosing: list[str] = []
    for count, word in counted:
        chosen += count
        if count and (chosen <= CHOSEN or not choosing):
            choosing.append(word)
    if not choosing:
        return []
    match = _any(choosing) if len(choosing) == len(matching) else f"({_any(choosing)}) AND ({_any(matching)})"
    rows = connection.execute(
        f"SELECT rowid, -bm25(words, {TITLE_WEIGHT}, 1.0) AS score FROM words "  # noqa: S608 - a constant of ours
        "WHERE words MATCH ? ORDER BY score DESC, rowid LIMIT ?",
        (match, n),
    )
    return [(passage, score) for passage, score in rows]


def _any(words: Iterable[str]) -> str:
    return " OR ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _at_most(connection: sqlite3.Connection, word: str, most: int) -> int:
    """In how many passages `word` stands; no more than `most` are counted."""
    counted = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
    return int(connection.execute(counted, (_quoted(word), most)).fetchone()[0])
