"""Cutting an article into passages: the slices that are embedded, indexed and handed to the reader."""

from __future__ import annotations

import re

from index.text import CLOSERS, sentences

LIMIT = 240
"""Characters a passage holds at most, unless one sentence is longer. Chosen on DRCD dev, see the README."""

BOUND = 480
"""Characters of the longest sentence that stays whole: about 320 tokens of the model's 512."""

_CLAUSE_END = re.compile(r"[，,；;：:、\s]")


def cut(body: str) -> list[tuple[int, int]]:
    """Return the (start, end) of each passage of `body`, in order, without overlap.

    Passages end where sentences end and leave out nothing but the white space between them. They are
    of even length within an article: one of 250 characters becomes two of about 125, not 240 and 10.
    Only a sentence of more than `BOUND` characters is cut, at its clauses where it has any.
    """
    pieces = _pieces(body)
    if not pieces:
        return []
    total = pieces[-1][1] - pieces[0][0]
    even = total / -(-total // LIMIT)
    passages: list[tuple[int, int]] = []
    start, end = pieces[0]
    for first, last in pieces[1:]:
        grown = last - start
        if grown > LIMIT or abs(grown - even) > abs(end - start - even):
            passages.append((start, end))
            start = first
        end = last
    passages.append((start, end))
    return passages


def _pieces(body: str) -> list[tuple[int, int]]:
    """All of `body` but white space between sentences, as sentences with what stands before them."""
    ends = [_past_closers(body, end) for _, end in sentences(body)]
    pieces: list[tuple[int, int]] = []
    start = 0
    for end in [*ends[:-1], len(body)]:
        pieces += _bounded(body, *_stripped(body, start, end))
        start = end
    return pieces


def _past_closers(body: str, end: int) -> int:
    while end < len(body) and body[end] in CLOSERS:
        end += 1
    return end


def _stripped(body: str, start: int, end: int) -> tuple[int, int]:
    while start < end and body[start].isspace():
        start += 1
    while start < end and body[end - 1].isspace():
        end -= 1
    return start, end


def _bounded(body: str, start: int, end: int) -> list[tuple[int, int]]:
    """Cut a sentence longer than `BOUND` at the last clause end that keeps a piece within `LIMIT`."""
    pieces: list[tuple[int, int]] = []
    while end - start > BOUND:
        clauses = list(_CLAUSE_END.finditer(body, start + 1, start + LIMIT))
        middle = clauses[-1].end() if clauses else start + LIMIT
        pieces.append(_stripped(body, start, middle))
        start, _ = _stripped(body, middle, end)
    if start < end:
        pieces.append((start, end))
    return pieces
