"""Where lines stand on a page says what belongs together."""

from __future__ import annotations

from collections.abc import Sequence

from index.layout import articles
from index.models import Article, Box, Line, Page

EM = 10.0
BRIDGE = "本报讯今天上午，新的桥在县城通车。桥有三百米长，造了两年，花了不少钱，走的人都说方便。往后去河西，不用再等渡船，骑车只要五分钟。"
FERRY = "本报讯渡口的老船昨天停了。船夫老周撑了三十年船，舍不得走，说以后天天来看看河水，也看看对岸种下的那片柳树林子长得怎么样。"

MARKET = "本报讯城南菜场下月搬到河东路，摊位从八十个添到一百二十个，摊主说新棚子不漏雨，买菜的人说停车方便，老主顾都说会跟着去。"


def block(text: str, x: float, y: float, *, size: float = EM, wide: int = 15) -> list[Line]:
    """Lines of at most `wide` characters, the first set in by two, from (x, y) down."""
    rows = [text[: wide - 2], *(text[at : at + wide] for at in range(wide - 2, len(text), wide))]
    if len(text) <= wide - 2 or size != EM:
        rows = [text]
    lines = []
    for at, row in enumerate(rows):
        left = x + 2 * size * (at == 0 and len(rows) > 1)
        top = y + 1.35 * size * at
        box = Box(left=left, top=top, right=left + size * len(row), bottom=top + size)
        lines.append(Line(number=1, text=row, box=box, size=size))
    return lines


def page(*blocks: Sequence[Line]) -> Page:
    lines = [line for lines in blocks for line in lines]
    numbered = [line.model_copy(update={"number": at}) for at, line in enumerate(lines, 1)]
    return Page(source="a.pdf", lines=tuple(numbered))


def on(*blocks: Sequence[Line]) -> dict[str, Article]:
    return {article.title: article for article in articles([page(*blocks)])}


def test_a_text_goes_on_in_the_next_column_and_not_in_one_across_the_page() -> None:
    half, rest = BRIDGE[:43], BRIDGE[43:]
    found = on(
        block("新桥通车了", 0, 0, size=20),
        block(half, 0, 30),
        block(rest, 170, 30),
        block("桥头的茶摊也开张了，行人歇脚喝茶不收钱。", 700, 330),
        block("桥头的桥灯今晚亮起，行人不用再摸黑过桥。", 700, 371),
        block("简讯", 700, 300, size=20),
    )
    assert [article.title for article in found.values()] == ["新桥通车了", "简讯"]
    assert found["新桥通车了"].body.replace("\n", "") == BRIDGE


def test_a_byline_belongs_to_the_article_in_whose_column_it_stands() -> None:
    found = on(
        block(MARKET, 0, 230),
        block("菜场搬家了", 0, 200, size=20),
        block("■记者 李四光", 0, 310),
        block(FERRY, 0, 30),
        block("老船停了", 0, 0, size=20),
        block("■记者 王小明", 160, 25),
        block("新桥通车了", 160, 0, size=20),
        block(BRIDGE, 160, 40),
    )
    assert {title: [byline.name for byline in article.bylines] for title, article in found.items()} == {
        "菜场搬家了": ["李四光"],
        "老船停了": [],
        "新桥通车了": ["王小明"],
    }


def test_a_subtitle_hardly_larger_than_body_type_is_told_by_the_headline_over_it() -> None:
    found = on(
        block(BRIDGE, 0, 60),
        block("新桥通车了", 0, 0, size=20),
        block("两岸往来方便了许多", 0, 24, size=10.6),
        block(FERRY[3:60], 160, 30),
        block("■记者 王小明", 160, 120),
        block("老船停了", 160, 0, size=20),
    )
    assert (found["新桥通车了"].subtitle, found["老船停了"].body) == ("两岸往来方便了许多", FERRY[3:60])


def test_a_jump_mark_belongs_to_the_body_over_it_though_that_ends_with_a_sentence() -> None:
    front = BRIDGE[: BRIDGE.index("往后")]
    first = page(
        block("新桥通车了", 0, 0, size=20),
        block(front, 0, 30),
        block("老船停了", 170, 0, size=20),
        block(FERRY, 170, 30),
        block("（下转2版）", 0, 110),
    ).model_copy(update={"number": 1})
    second = page(
        block("新桥通车了", 0, 0, size=20),
        block("（上接1版）", 0, 24),
        block(BRIDGE[len(front) :], 0, 40),
    ).model_copy(update={"number": 2, "source": "b.pdf"})
    found = {article.title: article for article in articles([first, second])}
    assert found["新桥通车了"].body.replace("\n", "") == BRIDGE
    assert (found["老船停了"].body, found["老船停了"].jump) == (FERRY, None)


def test_a_line_set_tight_within_its_column_is_a_subhead_though_its_type_is_large() -> None:
    subhead = "桥上走的人都说方便"
    found = on(
        block("新桥通车了", 0, 0, size=20),
        block(BRIDGE[:43], 0, 30),
        block(subhead, 20, 70, size=13),
        block("走的人都说方便。" + MARKET[3:], 0, 86),
    )
    assert list(found) == ["新桥通车了"]
    assert subhead in found["新桥通车了"].body.split("\n")


def scanned(*blocks: Sequence[Line]) -> dict[str, Article]:
    """Articles of the same lines as a scan gives them: from the top down, whatever column they stand in."""
    lines = sorted(page(*blocks).lines, key=lambda line: (line.box.top, line.box.left) if line.box else (0.0, 0.0))
    told = tuple(line.model_copy(update={"number": at, "confidence": 0.9}) for at, line in enumerate(lines, 1))
    return {article.title: article for article in articles([Page(source="a.png", lines=told)])}


def test_headlines_under_the_texts_of_a_scan_end_their_articles() -> None:
    found = scanned(
        block(BRIDGE, 0, 0),
        block("■记者 王小明", 0, 85),
        block("新桥通车了", 0, 105, size=20),
        block(FERRY[:42] + "。", 180, 0),
        block("■记者 李四光", 180, 65),
        block("老船停了", 180, 85, size=20),
        block(MARKET, 0, 165),
        block("■记者 赵大河", 0, 250),
        block("菜场搬家了", 0, 270, size=20),
    )
    assert {title: (article.body, article.bylines[0].name) for title, article in found.items()} == {
        "新桥通车了": (BRIDGE, "王小明"),
        "老船停了": (FERRY[:42] + "。", "李四光"),
        "菜场搬家了": (MARKET, "赵大河"),
    }


def test_a_row_of_a_scan_ends_where_white_space_crosses_the_page() -> None:
    found = scanned(
        block("新桥通车了", 0, 0, size=20),
        block(BRIDGE, 0, 30),
        block("老船停了", 180, 0, size=20),
        block(FERRY, 180, 30),
        block("菜场搬家了", 0, 150, size=20),
        block(MARKET[:43], 0, 180),
        block(MARKET[43:], 180, 180),
    )
    assert {title: article.body for title, article in found.items()} == {
        "新桥通车了": BRIDGE,
        "老船停了": FERRY,
        "菜场搬家了": MARKET,
    }
