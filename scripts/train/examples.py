"""Training examples for the reader: a question with a passage that answers it and passages that do not.

    python -m scripts.train.examples --data ../shared/data --out /tmp/reader

writes `train.jsonl`, `develop.jsonl` and `report.jsonl`, a question a line:
`{id, source, kind, question, passages: [{title, text, answers: [[start, end], ...]}]}`, where a passage without answers
does not answer the question. Passages of one article, or of one event (news: by date, with days left out between), are
on one side only. `report.jsonl` is for the closing measurement alone.

`second.jsonl` is for training's second stage: the questions of `asked.tsv` (article, kind, question, answer, - where the
article has none), written one by one on news of the train split, like residents ask; and some of `train.jsonl`,
lest it be forgotten.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from index.lexical import words
from index.text import fold
from scripts.train import questions
from scripts.train.mining import Builder

Split = Literal["train", "develop", "report"]
SEED = 20241201
NEWS_TRAIN_END = dt.date(2023, 8, 8)
NEWS_DEVELOP = (dt.date(2023, 8, 11), dt.date(2023, 8, 12))
NEWS_REPORT_START = dt.date(2023, 8, 15)
NEWS: dict[Split, tuple[int, int]] = {"train": (2400, 6000), "develop": (200, 1500), "report": (400, 4000)}
"""News articles that are asked about, and those in the pool for negatives."""
ASKED = Path(__file__).parent / "asked.tsv"
ASKED_POOL = 12_000
REPLAYED = 2_500


def _bucket(key: str) -> Split:
    value = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    return "report" if value < 0.14 else "develop" if value < 0.22 else "train"


def _reading(folder: Path, builders: dict[Split, Builder]) -> None:
    for name in ("drcd_dev", "drcd_test", "cmrc_trial", "xquad_zh"):
        english = _english(folder) if name == "xquad_zh" else {}
        for number, article in enumerate(json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["data"]):
            title = fold(article.get("title", ""))
            builder = builders[_bucket(title or f"{name}-{number}")]
            for part, paragraph in enumerate(article["paragraphs"]):
                rows = builder.add(title or f"{name}-{number}", title, paragraph["context"])
                for qa in paragraph["qas"]:
                    start, answer = _first_answer(qa, paragraph["context"])
                    if start < 0 or not qa["question"].strip():  # one of CMRC's is empty
                        continue
                    source = name.split("_")[0]
                    builder.ask(
                        f"{name}-{part}-{qa['id']}", source, "", qa["question"], rows, start, start + len(answer)
                    )
                    if qa["id"] in english:
                        builder.ask(
                            f"xquad_en-{qa['id']}", "english", "", english[qa["id"]], rows, start, start + len(answer)
                        )


def _first_answer(qa: dict[str, Any], context: str) -> tuple[int, str]:
    """The first answer, with trailing punctuation off; its offset is mended where the file's is wrong."""
    answer = qa["answers"][0]["text"].strip(" 。，")
    start = qa["answers"][0]["answer_start"]
    if context[start : start + len(answer)] != answer:
        start = context.find(answer)
    return (start, answer) if answer else (-1, "")


def _english(folder: Path) -> dict[str, str]:
    data = json.loads((folder / "xquad_en.json").read_text(encoding="utf-8"))["data"]
    return {qa["id"]: qa["question"] for a in data for p in a["paragraphs"] for qa in p["qas"]}


def _news(path: Path, builders: dict[Split, Builder], wanted: dict[Split, tuple[int, int]]) -> None:
    """Add news: per split (articles that are asked about, articles in the pool)."""
    for split, articles in news(path).items():
        builder = builders[split]
        builder.dice.shuffle(articles)
        asked, pool = wanted[split]
        for number, article in enumerate(articles[:pool]):
            rows = builder.add(article["id"], article["title"] or "", article["body"])
            if number >= asked:
                continue
            made = [m for m in questions.ask(article["body"], builder.dice) if m.question]
            by_kind = {m.kind: m for m in builder.dice.sample(made, len(made))}
            chosen = list(by_kind.values())
            builder.dice.shuffle(chosen)
            for part, m in enumerate(chosen[:2]):
                builder.ask(f"{article['id']}-{part}", "news", m.kind, m.question, rows, m.start, m.end)


def news(path: Path) -> dict[Split, list[dict[str, Any]]]:
    """Articles of the news file by split, those that are neither scraps nor long reads."""
    by_split: dict[Split, list[dict[str, Any]]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            article = json.loads(line)
            if (split := _news_split(article["published"])) and 120 <= len(article["body"]) <= 2500:
                by_split[split].append(article)
    return by_split


def _news_split(published: str | None) -> Split | None:
    if not published:
        return None
    day = dt.date.fromisoformat(published)
    if day <= NEWS_TRAIN_END:
        return "train"
    if NEWS_DEVELOP[0] <= day <= NEWS_DEVELOP[1]:
        return "develop"
    return "report" if day >= NEWS_REPORT_START else None


def build(data: Path, out: Path, splits: Sequence[Split] = ("train", "develop", "report")) -> None:
    """Write the examples of `splits` to `out`, from the shared data folder; with train's, those of the second stage."""
    builders: dict[Split, Builder] = {"train": Builder(SEED), "develop": Builder(SEED + 1), "report": Builder(SEED + 2)}
    _reading(data / "reading", builders)
    _news(data / "news" / "crud_news_40k.jsonl.gz", builders, NEWS)
    out.mkdir(parents=True, exist_ok=True)
    for split in splits:
        builder = builders[split]
        train = split == "train"
        made = list(builder.examples(1 if train else 9, 0.15 if train else 0.0))
        builder.dice.shuffle(made)
        _write(made, out / f"{split}.jsonl")
        if train:
            asked = _asked(data / "news" / "crud_news_40k.jsonl.gz")
            mixed = [*asked.examples(1, 0.15), *asked.dice.sample(made, min(REPLAYED, len(made)))]
            asked.dice.shuffle(mixed)
            _write(mixed, out / "second.jsonl")


def _asked(path: Path) -> Builder:
    """The questions of `ASKED` among the train split's news."""
    questions_of: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for line in ASKED.read_text(encoding="utf-8").splitlines():
        identity, kind, question, answer = line.split("\t")
        if not is_held(identity):
            questions_of[identity].append((kind, question, answer))
    builder = Builder(SEED + 3)
    train = news(path)["train"]
    builder.dice.shuffle(train)
    train.sort(key=lambda article: article["id"] not in questions_of)  # those asked about come first
    for article in (article for article in train[:ASKED_POOL] if not is_held(article["id"])):
        body = article["body"]
        rows = builder.add(article["id"], article["title"] or "", body)
        for number, (kind, question, answer) in enumerate(questions_of[article["id"]]):
            identity = f"{article['id']}-{number}"
            if kind == "none":
                builder.ask_in_vain(identity, "asked", question, rows)
            else:
                start = nearest(fold(answer), fold(question), fold(body))
                builder.ask(identity, "asked", kind, question, rows, start, start + len(answer))
    return builder


def nearest(answer: str, question: str, body: str) -> int:
    """Where in `body` the answer stands among most of the question's words; all are folded."""
    starts = [found.start() for found in re.finditer(re.escape(answer), body)]
    whole = [start for start in starts if not (answer[0] + body[start - 1 : start]).isdigit()]  # 5名 is not in 685名
    asked = set(words(question))
    return max(whole or starts, key=lambda start: len(asked & set(words(body[max(start - 100, 0) : start + 100]))))


def is_held(identity: str) -> bool:
    """Whether the second stage leaves an article's questions out, to choose by."""
    return _bucket(identity) == "develop"


def _write(made: Sequence[dict[str, Any]], path: Path) -> None:
    aside = path.with_suffix(".partial")
    with aside.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(example, ensure_ascii=False) + "\n" for example in made)
    aside.replace(path)
    sys.stderr.write(f"{path.name}: {dict(Counter(example['source'] for example in made))}\n")


def main() -> None:
    """Write the three splits, and the second stage's examples."""
    arguments = argparse.ArgumentParser(description="Make the reader's examples.")
    arguments.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--out", type=Path, required=True)
    options = arguments.parse_args()
    build(options.data, options.out)


if __name__ == "__main__":
    main()
