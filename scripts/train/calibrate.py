"""Fit answerability: a logistic regression on what the reader sees, over questions with and without their answer.

    python -m scripts.train.calibrate --data ../shared/data

reads the develop split, and the questions written by hand that training left out, with the shipped weights, and writes
`bot/weights/answerability.json`. A question counts as answered when the sentence put first holds the answer; so a wrong sentence and an unanswerable question weigh the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.passage_model import PassageModel
from bot.question import read as read_question
from bot.reader import FEATURES, candidates, features
from index.embedding import Embedder
from index.text import fold
from scripts.evaluate.cases import Case, cases

SPLITS = {"develop": 240, "held": 821}
"""Questions of each split; `held` has no more."""
OUT = Path(__file__).parents[2] / "bot" / "weights" / "answerability.json"


def observe(case: Case, model: PassageModel) -> list[tuple[list[float], bool]]:
    """Features and truth of a case, with the passage that answers, if one does, and without."""
    asked = read_question(case.question)
    pairs = [(fold(hit.article.title), fold(hit.passage.text)) for hit in case.hits]
    spans = dict(zip((hit.passage.id for hit in case.hits), model.read(fold(asked.search), pairs), strict=True))
    seen = []
    for hits in (case.hits, case.others) if case.answers else (case.hits,):
        if found := candidates(asked, hits, [spans[hit.passage.id] for hit in hits]):
            body = found[0].hit.article.body
            sentence = fold(body[found[0].start : found[0].end])
            seen.append((features(asked, found), any(answer in sentence for answer in case.answers)))
    return seen


def fit(observed: Sequence[tuple[list[float], bool]]) -> dict[str, float]:
    """Coefficients for features as they are, with the intercept."""
    from sklearn.linear_model import LogisticRegression

    x = np.array([values for values, _ in observed])
    y = np.array([answers for _, answers in observed])
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    model = LogisticRegression(C=1.0, max_iter=5000).fit((x - mean) / spread, y)
    weights = model.coef_[0] / spread
    intercept = float(model.intercept_[0] - (weights * mean).sum())
    return {"intercept": round(intercept, 4), **dict(zip(FEATURES, weights.round(4).tolist(), strict=True))}


def main() -> None:
    """Read the command line, fit, write."""
    arguments = argparse.ArgumentParser(description="Fit the reader's answerability.")
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = arguments.parse_args()
    model = PassageModel()
    embedder = Embedder()
    drawn = [case for split, n in SPLITS.items() for case in cases(options.data, split, n, embedder)]
    observed = [seen for case in drawn for seen in observe(case, model)]
    fitted = {"questions": SPLITS, "observations": len(observed), "coefficients": fit(observed)}
    OUT.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(fitted) + "\n")


if __name__ == "__main__":
    main()
