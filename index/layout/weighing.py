"""How much an atom looks like a headline, and how much like a piece of a body."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.layout.atoms import Atom, distance, is_signature

_OPENS = "，。、；：！？”’）》】％%…"
"""What no headline begins with."""
_HARDLY_LARGER = 0.03
"""How much larger than body type a kicker or subtitle is at least."""
_CAPTION = re.compile(r"[上下左右]?图[①-⑩]?[为：:]|.*记者[一-鿿]{2,4}摄(?!影)")


def odds(atom: Atom, before: Atom | None, behind: Atom | None, body_size: float | None) -> float:
    """Log odds of headline to body, by size where it is known, else by what it says and how it fills its column."""
    if atom.is_notice:
        return -9.0
    told = _by_size(atom, (before, behind), body_size)
    if told is not None:
        return told
    text, n = atom.text, len(atom.lines)
    is_name = behind is not None and is_signature(behind) and len(text) <= 30
    if is_name and before is not None and before.sort == "text" and not before.is_open:
        return -7.0
    if atom.is_doubled and "。" not in text and n <= 6:
        return 7.0
    if (
        "。" in text
        or n >= 5
        or text[0] in _OPENS
        or text[-1] in "，、；"
        or is_signature(atom)
        or _CAPTION.match(text)
    ):
        return -9.0
    near_by = 0.0
    if behind is not None and behind.sort == "jump" and behind.came_from:
        near_by += 3.0
    if behind is not None and behind.sort == "text" and n == 1 and atom.is_open and atom.begins >= 1.5:
        # A paragraph's first line, set apart: what follows goes on in mid-sentence.
        near_by -= 3.0 * (behind.begins <= 0 and not behind.is_lead)
    return near_by + _by_lines(
        atom, {near.column for near in (atom, before, behind) if near is not None and near.column}
    )


def _by_size(atom: Atom, beside: Sequence[Atom | None], body_size: float | None) -> float | None:
    """What the size of an atom's type says, None where it says nothing."""
    if not atom.size or not body_size:
        return None
    larger = atom.size / body_size - 1
    if abs(larger) < 1.0 and atom.text[-1] in "。，；":
        return -9.0
    if abs(larger) > 0.15:
        return 8.0 if larger > 0 else -2.0
    return 5.0 if larger > _HARDLY_LARGER and any(_beside(atom, near, body_size) for near in beside) else None


def _beside(atom: Atom, near: Atom | None, body_size: float) -> bool:
    """Whether an atom stands right over or under a headline, as its kicker or subtitle does."""
    if near is None or near.sort != "text" or near.box is None or atom.box is None or "。" in atom.text:
        return False
    is_large = (near.size or 0.0) > 1.15 * body_size
    return is_large and abs(near.box.left - atom.box.left) < 1.0 and 0.0 < distance(atom, near) < 1.0


def _by_lines(atom: Atom, columns: set[float]) -> float:
    text, n = atom.text, len(atom.lines)
    if atom.is_banner:
        return 1.0
    if atom.is_chart:
        return -6.0
    odds = 1.0 - 4.0 * (n == 4) - 3.0 * (text[-1] in "：—") - 1.5 * text.count("；") - 0.6 * text.count("，")
    odds -= 2.0 * (text.count("“") != text.count("”")) + 3.0 * (len(text) > 45) + 3.0 * (len(text) < 3)
    for at, w in enumerate(atom.widths):
        if any(-1.5 <= w - column <= 1.0 or (at == 0 and -3.5 <= w - column <= -1.5) for column in columns):
            odds -= 1.0
        elif all(w > column + 1.5 for column in columns):
            odds += 1.0 if re.search("[，、]", text) else 4.0
        elif at + 1 < n:
            odds += 3.0
        elif text[-1] not in "！？”":
            odds += 2.0
    return odds - 1.0 * (text[-1] in "！？") - 5.0 * atom.is_lead
