"""`baoda eval`: measure layout, retrieval and reading on the project's real data, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import SourceError
from scripts.terminal import console, progress_bar

if TYPE_CHECKING:
    from index.embedding import Embedder
    from scripts.evaluate.reading import Read

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Where the project's real data lies beside a checkout."""

DataSets = Annotated[Path, typer.Option("--data-sets", help="The folder of the measuring data.")]
Questions = Annotated[int, typer.Option(min=1, help="How many questions, drawn with a fixed seed.")]

app = typer.Typer(help="Measure layout, retrieval and reading on real data.", no_args_is_help=True)


@app.command()
def retrieval(data_sets: DataSets = SHARED, questions: Questions = 800, split: str = "drcd-test") -> None:
    """Answer in the first 1, 5 and 10 passages: words, vectors, both fused."""
    from scripts.evaluate.retrieval import evaluate

    with progress_bar() as progress:
        found = evaluate(_there(data_sets), split=split, questions=questions, progress=progress)
    _table(asdict(row) for row in found)


@app.command()
def reading(data_sets: DataSets = SHARED, questions: Questions = 200, split: str = "report") -> None:
    """Answer in the first quote and in three, exact match and F1 of the short answer, by system and form."""
    from scripts.evaluate.cases import cases
    from scripts.evaluate.reading import evaluate_reading

    with progress_bar() as progress:
        embedder, systems = _systems()
        drawn = cases(_there(data_sets), split, questions, embedder, progress)
        found = evaluate_reading(drawn, systems, progress)
    _table(asdict(row) for row in found)


@app.command()
def refusal(data_sets: DataSets = SHARED, questions: Questions = 200, split: str = "report") -> None:
    """Rejection at 5% false refusals, area under the curve, and the curve that BAODA_STRICTNESS moves along."""
    from scripts.evaluate.cases import cases
    from scripts.evaluate.reading import evaluate_refusal

    with progress_bar() as progress:
        embedder, systems = _systems()
        drawn = cases(_there(data_sets), split, questions, embedder, progress)
        found = evaluate_refusal(drawn, systems, progress)
    _table({name: value for name, value in asdict(row).items() if name != "curve"} for row in found)
    for row in found:
        typer.echo(f"\n{row.system}, {row.kind}")
        _table({"strictness": t, "false refusals": f, "wrong answers": w} for t, f, w in row.curve)


@app.command()
def layout(
    pages: Annotated[int, typer.Option(min=1, help="How many pages to typeset.")] = 60,
    scans: Annotated[int, typer.Option(min=0, help="How many of them are read as scans too: 20 seconds a page.")] = 6,
    seed: Annotated[int, typer.Option(help="The first seed.")] = 1_000_000,
    other: Annotated[
        bool, typer.Option("--other", help="Pages of papers whose habits layout was not made for.")
    ] = False,
    data_sets: DataSets = SHARED,
) -> None:
    """Typeset pages of known articles, read them back as dumps, PDF and scans, and compare."""
    from scripts.evaluate.layout import KINDS, evaluate

    news = _there(data_sets) / "news" / "crud_news_40k.jsonl.gz"
    scores = {}
    with progress_bar() as progress:
        for kind in KINDS:
            wanted = scans if kind == "scan" else pages
            if wanted:
                scores[kind] = evaluate(wanted, seed, kind, other=other, news=news, progress=progress).rows()
    measures = dict.fromkeys(measure for rows in scores.values() for measure in rows)
    _table({"measure": measure} | {kind: rows.get(measure) for kind, rows in scores.items()} for measure in measures)


def _systems() -> tuple[Embedder, dict[str, Read]]:
    from bot.passage_model import PassageModel
    from bot.reader import Reader
    from index.embedding import Embedder
    from scripts.evaluate.reading import sentence_similarity, word_overlap

    embedder = Embedder()
    return embedder, {
        "word overlap": word_overlap,
        "sentence window, e5": sentence_similarity(embedder),
        "baoda, 32 bits": Reader(PassageModel(bits=32)).read,
        "baoda": Reader().read,
    }


def _there(folder: Path) -> Path:
    if not folder.is_dir():
        raise SourceError(f"{folder}: the measuring data is not there; name its folder with --data-sets")
    return folder


def _table(rows: Iterable[dict[str, Any]]) -> None:
    from rich.table import Table

    found: Sequence[dict[str, Any]] = list(rows)
    table = Table(*found[0], box=None, header_style="dim")
    for row in found:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()))
    console().print(table)
