"""Headlines that a source puts away from their bodies, such as all headlines of a row before all of its bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from index.layout.atoms import Atom, pairs_of

_TOLD = 0.4
"""Share of a headline's pairs of letters, weighed by rarity, that its body has at least."""
_MORE = 0.35
"""By how much more the body it goes to tells of it than the one it is taken from."""
_HARDLY = 0.1
"""Share below which a body does not tell of a headline."""


class _Piece(Protocol):
    headline: list[Atom]
    body: list[Atom]


def reassign(made: Sequence[_Piece], rarity: Mapping[str, float]) -> None:
    """Give headlines to the bodies that tell of them, where those have none of their own or lose it likewise.

    What stands behind such a headline and is told of nowhere (a caption's) goes to the next body without one.
    """
    told = [pairs_of(piece.body) for piece in made]
    moves: list[tuple[int, Atom, int]] = []
    for at, piece in enumerate(made):
        for atom in piece.headline:
            shares = [_share(atom, pairs, rarity) for pairs in told]
            to = max(range(len(made)), key=shares.__getitem__)
            if shares[to] >= _TOLD and shares[to] - shares[at] >= _MORE:
                moves.append((at, atom, to))
    leaving = {id(atom) for _, atom, _ in moves}
    free = [all(id(atom) in leaving for atom in piece.headline) for piece in made]
    left = [(at, atom, to) for at, atom, to in moves if free[to]]
    for at, atom, to in left:
        made[at].headline.remove(atom)
        made[to].headline.append(atom)
    for at in dict.fromkeys(at for at, _, _ in left):
        _hand_on(made, at, told[at], rarity)


def _hand_on(made: Sequence[_Piece], at: int, told: frozenset[str], rarity: Mapping[str, float]) -> None:
    """Give headlines that the body they were left with does not tell of to the bodies behind it that have none."""
    strange = [atom for atom in made[at].headline[1:] if _share(atom, told, rarity) < _HARDLY]
    bare = [piece for piece in made[at + 1 :] if not piece.headline]
    for atom, piece in zip(strange, bare, strict=False):
        made[at].headline.remove(atom)
        piece.headline.append(atom)


def _share(atom: Atom, pairs: frozenset[str], rarity: Mapping[str, float]) -> float:
    total = sum(rarity[pair] for pair in atom.pairs)
    return sum(rarity[pair] for pair in atom.pairs if pair in pairs) / total if total else 0.0
