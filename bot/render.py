"""An answer as Telegram HTML and as terminal text: the same parts in the same order, quotes letter for letter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from bot.language import PHRASES, Language, Phrases, language_of
from index.models import Byline

if TYPE_CHECKING:
    import datetime as dt

    from rich.text import Text

    from bot.models import Answer, Quote
    from index.models import Article

# Telegram allows 4,096 characters; three quotes of 200 and three citations cut to this stay far below.
_LONGEST_HEADLINE = 80
_LONGEST_NEAREST = 40
_LONGEST_DETAILS = 160
_LONGEST_URL = 1024
# The first quote's score is the chance that it answers; below this it is more likely not to.
_CERTAIN = 0.5
# A page dump may hold control characters; a terminal must show them, never obey them.
_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
_VISIBLE |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


@dataclass(frozen=True)
class _Citation:
    """Where quotes stand: the headline in 《》, and paper, date, page and bylines on one line."""

    headline: str
    details: str
    url: str | None = None


@dataclass(frozen=True)
class _Cited:
    """Quotes that follow one another in an answer and come from one article, each cut around its short answer."""

    quotes: tuple[tuple[str, str, str], ...]
    citation: _Citation


def telegram_html(answer: Answer, language: Language) -> str:
    """The answer as a message in Telegram's HTML, at most 4,096 characters after parsing.

    `language` is that of the bot's own words; quotes and headlines stay as they are printed.
    """
    phrases = PHRASES[language]
    lead = _lead(answer, phrases)
    blocks = [lead] if lead else []
    for cited in _cited(answer, phrases):
        for before, short, after in cited.quotes:
            bold = f"<b>{escape(short, quote=False)}</b>" if short else ""
            quote = f"{escape(before, quote=False)}{bold}{escape(after, quote=False)}"
            blocks.append(f"<blockquote>{quote}</blockquote>")
        blocks[-1] += "\n" + _citation_html(cited.citation)
    if not blocks:
        headlines = [_citation_html(citation) for citation in _nearest(answer, phrases)]
        blocks = [phrases.refusal + ("\n\n" + "\n".join([phrases.nearest, *headlines]) if headlines else "")]
    return "\n".join(blocks)


def _citation_html(citation: _Citation) -> str:
    headline = escape(citation.headline, quote=False)
    if citation.url:
        headline = f'<a href="{escape(citation.url)}">{headline}</a>'
    return " ".join(filter(None, (headline, escape(citation.details, quote=False))))


def terminal(answer: Answer) -> Text:
    """The answer for a rich console; print it with `soft_wrap=True`, so that a quote is never broken by a line end.

    The bot's own words are in the question's language.
    """
    from rich.text import Text

    phrases = PHRASES[language_of(answer.question)]
    lead = _lead(answer, phrases)
    lines = [Text(_safe(answer.question), style="bold"), *([Text(lead)] if lead else [])]
    for cited in _cited(answer, phrases):
        for before, short, after in cited.quotes:
            lines.append(Text.assemble(("│ ", "dim"), _safe(before), (_safe(short), "bold green"), _safe(after)))
        lines.append(_citation_text(cited.citation))
    if not answer.quotes:
        lines.append(Text(phrases.refusal))
        headlines = [_citation_text(citation) for citation in _nearest(answer, phrases)]
        lines += [Text(phrases.nearest), *headlines] if headlines else []
    return Text("\n").join(lines)


def _citation_text(citation: _Citation) -> Text:
    from rich.style import Style
    from rich.text import Text

    parts = Text(_safe(citation.headline), style=Style(link=citation.url)), Text(_safe(citation.details), style="dim")
    return Text(" ").join(part for part in parts if part)


def terminal_article(article: Article) -> str:
    """A whole article as plain text: its headlines, where it stands, its body, and the lines it was read from."""
    phrases = PHRASES[language_of(article.title + article.body)]
    details = _details(article.paper, article.published, article.pages, article.bylines, phrases)
    places = [
        f"{place.source}: " + ", ".join(f"{first}-{last}" for first, last in place.lines) for place in article.places
    ]
    head = [article.column, article.kicker, article.title or phrases.untitled, article.subtitle, details]
    jump = [article.jump] if article.jump else []
    return _safe("\n".join([*filter(None, head), "", article.body, *jump, "", *places]))


def _lead(answer: Answer, phrases: Phrases) -> str:
    """What a reader should know before the quotes; mostly nothing."""
    if answer.differ:
        return phrases.differ
    return phrases.uncertain if answer.quotes and answer.quotes[0].score < _CERTAIN else ""


def _cited(answer: Answer, phrases: Phrases) -> Iterator[_Cited]:
    for _, group in groupby(answer.quotes, key=lambda quote: quote.article_id):
        quotes = tuple(group)
        first = quotes[0]
        title = first.title or first.subtitle or ""
        details = _details(
            first.paper,
            first.published,
            first.pages or (() if first.page is None else (first.page,)),
            first.bylines,
            phrases,
        )
        if not title and not details:
            details = first.source
        details = _cut(details, _LONGEST_DETAILS)
        corrected = max((quote.corrected for quote in quotes if quote.corrected), default=None)
        notes = [
            phrases.also.format(first.also) if first.also else "",
            phrases.corrected.format(corrected.isoformat()) if corrected else "",
            phrases.doubtful if any(quote.doubtful for quote in quotes) else "",
        ]
        details = " ".join(filter(None, [details, *notes]))
        yield _Cited(tuple(map(_around_short, quotes)), _Citation(_headline(title, ""), details, _link(first.url)))


def _around_short(quote: Quote) -> tuple[str, str, str]:
    """The quote before, in and after its short answer; put together they are the quote."""
    if quote.answer_start is None or quote.answer_end is None:
        return quote.text, "", ""
    start, end = quote.answer_start, quote.answer_end
    return quote.text[:start], quote.text[start:end], quote.text[end:]


def _nearest(answer: Answer, phrases: Phrases) -> Iterator[_Citation]:
    for headline in answer.nearest:
        date = headline.published.isoformat() if headline.published else ""
        title = _cut(headline.title, _LONGEST_NEAREST)
        yield _Citation(_headline(title, phrases.untitled), date, _link(headline.url))


def _headline(title: str, otherwise: str) -> str:
    return f"《{_cut(title, _LONGEST_HEADLINE)}》" if title else otherwise


def _details(
    paper: str | None,
    published: dt.date | None,
    pages: Sequence[int | str],
    bylines: Iterable[Byline],
    phrases: Phrases,
) -> str:
    """Such as 云渡日报 2025-03-18 第1版 记者 苗可欣 贺小川: a role is said once for all who follow in it."""
    credited = []
    for role, group in groupby(bylines, key=lambda byline: byline.role):
        credited.append(" ".join([role, *(byline.name for byline in group)]).strip())
    parts = (
        paper or "",
        published.isoformat() if published else "",
        phrases.page.format("、".join(map(str, pages))) if pages else "",
        *credited,
    )
    return " ".join(filter(None, parts))


def _cut(text: str, longest: int) -> str:
    """`text` on one line, and cut with … where it is too long to be read on a phone."""
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _link(url: str | None) -> str | None:
    """`url` where a message and a terminal can link it: Telegram refuses whole messages for some schemes."""
    if url is None or len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        return None
    return url if url.lower().startswith(("http://", "https://")) else None


def _safe(text: str) -> str:
    return text.translate(_VISIBLE)
