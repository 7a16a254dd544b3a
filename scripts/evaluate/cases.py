"""Cases to measure a reader on: a question, the passage that answers it, and passages like it that do not.

Each comes with up to nine that BM25 finds for it and that do not hold the answer, among them passages of the same article
and of the same event, all in the order of e5's cosines.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from index.cache import Progress
from index.embedding import Embedder
from index.models import Article, Hit, Passage, Place
from index.settings import cache_folder
from index.text import fold
from scripts.train.examples import ASKED, SEED, Split, build, is_held, nearest, news
from scripts.train.mining import Builder

_HERE = Path(__file__).parent
WRITTEN: dict[str, tuple[Path, Split]] = {
    "written": (_HERE / "news_questions.tsv", "report"),
    "asked": (_HERE / "asked_questions.tsv", "train"),
    "unseen": (_HERE / "unseen_questions.tsv", "report"),
    "held": (ASKED, "train"),
}
"""Questions written one by one, like residents ask (article, …, question, answer), and the split of the news they are on.

`held` are those of the second stage's articles that training leaves out, to choose by. The answer of a question that its
article does not answer is -.
"""


@dataclass(frozen=True)
class Case:
    """A question, its passages, nearest first, the answering one among them, and that one's answers (folded).

    Where there are no answers, `answering` is the nearest passage of the article asked about, which does not answer.
    """

    source: str
    question: str
    hits: tuple[Hit, ...]
    answering: Hit
    answers: tuple[str, ...]

    @property
    def others(self) -> tuple[Hit, ...]:
        """The passages that do not answer."""
        return tuple(hit for hit in self.hits if hit is not self.answering or not self.answers)


def cases(data: Path, split: str, questions: int, embedder: Embedder, progress: Progress | None = None) -> list[Case]:
    """Draw cases of a split in a fixed random order; it is made on first use (2 minutes) and kept in the cache.

    Args:
        data: The folder of the measuring data.
        split: `develop` or `report` of `scripts.train.examples`, or one of `WRITTEN`.
        questions: How many, at most.
        embedder: Ranks each question's passages.
        progress: Counts questions.
    """
    folder = cache_folder() / "evaluate-reading"
    file = folder / f"{split}.jsonl"
    if not file.exists():
        if split in WRITTEN:
            _write_written(data, split, file)
        else:
            build(data, folder, [split])  # type: ignore[list-item]
    drawn = []
    with file.open(encoding="utf-8") as lines:
        for line in islice(lines, questions):
            drawn.append(_case(json.loads(line), embedder))
            if progress:
                progress("Preparing questions", len(drawn), questions)
    return drawn


def _write_written(data: Path, split: str, file: Path) -> None:
    """Make cases of questions written by hand, among articles of their split, no more than the report split has."""
    questions, of = WRITTEN[split]
    asked: dict[str, list[tuple[str, str, str]]] = {}
    for line in questions.read_text(encoding="utf-8").splitlines():
        identity, *kind, question, answer = line.split("\t")
        if split != "held" or is_held(identity):
            source = "english" if "english" in kind else "in vain" if answer == "-" else split
            asked.setdefault(identity, []).append((source, question, answer))
    builder = Builder(SEED)
    everything = news(data / "news" / "crud_news_40k.jsonl.gz")
    others = [article["id"] for article in everything[of] if article["id"] not in asked]
    pool = {*asked, *others[: len(everything["report"]) - len(asked)]}
    for article in (article for article in everything[of] if article["id"] in pool):
        rows = builder.add(article["id"], article["title"] or "", article["body"])
        for number, (source, question, answer) in enumerate(asked.get(article["id"], ())):
            name = f"{article['id']}-{number}"
            if answer == "-":
                builder.ask_in_vain(name, source, question, rows)
                continue
            start = nearest(fold(answer), fold(question), fold(article["body"]))
            builder.ask(name, source, "", question, rows, start, start + len(answer))
    file.parent.mkdir(parents=True, exist_ok=True)
    builder.dice.shuffle(builder.asked)
    made = [json.dumps(example, ensure_ascii=False) for example in builder.examples(9, 0.0)]
    aside = file.with_suffix(".partial")
    aside.write_text("\n".join(made) + "\n", encoding="utf-8")
    aside.replace(file)


def _case(example: dict[str, Any], embedder: Embedder) -> Case:
    answering, *_ = passages = example["passages"]
    answers = tuple(dict.fromkeys(answering["text"][a:b] for a, b in answering["answers"]))
    cosines = embedder.passages([p["text"] for p in passages]) @ embedder.query(example["question"])
    hits = [_hit(i, p["title"], p["text"], c) for i, (p, c) in enumerate(zip(passages, cosines.tolist(), strict=True))]
    nearest = tuple(sorted(hits, key=lambda hit: -hit.score))
    return Case(example["source"], example["question"], nearest, hits[0], answers)


def _hit(number: int, title: str, text: str, cosine: float) -> Hit:
    article = Article(id=str(number), title=title, body=text, places=(Place(source="", page=None, lines=()),))
    passage = Passage(id=number, article_id=str(number), start=0, end=len(text), text=text)
    return Hit(passage=passage, article=article, score=cosine, cosine=cosine)
