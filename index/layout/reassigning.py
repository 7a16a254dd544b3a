"""Headlines that a source puts away from their bodies, such as all headlines of a row before all of its bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from index.layout.atoms import Atom

_TOLD = 0.4
"""Share of a headline's pairs of letters, weighed by rarity, that its body has at least."""
_MORE = 0.35
"""By how much more the body it goes to tells of it than the one it is taken from."""
_HARDLY = 0.1


class _Piece(Protocol):
    headline: list[Atom]
    body: list[Atom]


def reassign(made: Sequence[_Piece], rarity: Mapping[str, float]) -> None:
    """Give headlines to the bodies that tell of them, where those have none of their own or lose it likewise.

    What stands behind such a headline and is told of nowhere (a caption's) goes to the next body without one.
    """
    told = [frozenset[str]().union(*(atom.pairs for atom in piece.body)) for piece in made]
    moves: dict[int, list[tuple[Atom, int]]] = {}
    for at, piece in enumerate(made):
        for atom in piece.headline:
            shares = [_share(atom, pairs, rarity) for pairs in told]
            best = max(range(len(made)), key=shares.__getitem__)
            if shares[best] >= _TOLD and shares[best] - shares[at] >= _MORE:
                moves.setdefault(at, []).append((atom, best))
    leaving = {at: {id(atom) for atom, _ in gone} for at, gone in moves.items()}
    losing = {at for at, gone in moves.items() if len(gone) == len(made[at].headline)}
    for at, gone in moves.items():
        for atom, to in gone:
            if made[to].headline and to not in losing and not _came(made[to], leaving.get(to, set())):
                continue
            made[at].headline.remove(atom)
            made[to].headline.append(atom)
    for at in moves:
        _spread(made, at, told, rarity)


def _came(piece: _Piece, leaving: set[int]) -> bool:
    """Whether nothing but what came here, or leaves, is its headline."""
    return all(id(atom) in leaving for atom in piece.headline)


def _spread(made: Sequence[_Piece], at: int, told: Sequence[frozenset[str]], rarity: Mapping[str, float]) -> None:
    """Leftover headlines that the body they are with does not tell of go to the bodies behind it that have none."""
    free = [to for to in range(at + 1, len(made)) if not made[to].headline]
    own = made[at].headline
    strange = [atom for atom in own[1:] if _share(atom, told[at], rarity) < _HARDLY]
    for atom, to in zip(strange, free, strict=False):
        own.remove(atom)
        made[to].headline.append(atom)


def _share(atom: Atom, pairs: frozenset[str], rarity: Mapping[str, float]) -> float:
    total = sum(rarity[pair] for pair in atom.pairs)
    return sum(rarity[pair] for pair in atom.pairs if pair in pairs) / total if total else 0.0
