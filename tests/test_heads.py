"""Headlines that a text dump tears, glues or doubles, and what stands beside them."""

from __future__ import annotations

import pytest

from index.layout import articles
from index.models import Article, Line, Page

BRIDGE = "　　今天上午，青石大桥在县城通车。桥有三百米\n长，造了两年，花了不少钱，走的人都说方便。\n　　往后去河西，不用再等渡船。"
FERRY = "　　渡口的老船昨天停了。船夫周大海撑了三十年\n船，舍不得离开渡口，说以后天天来看看河水。"
BODY = "本报讯 今天上午，新的桥在县城通车。桥有三百\n米长，造了两年，花了不少钱，走的人都说方便。\n往后去河西，不用再等渡船。"


def on(text: str) -> list[Article]:
    lines = tuple(Line(number=n, text=line) for n, line in enumerate(text.split("\n"), 1))
    return articles([Page(source="page.txt", lines=lines)])


def test_two_headlines_side_by_side_that_came_as_one_line_are_two() -> None:
    found = on(f"{BRIDGE}\n\n■记者 王小明\n\n青石大桥通车渡口老船停了\n\n■记者 李四光\n\n{FERRY}")
    assert [(a.title, [b.name for b in a.bylines], a.body[-3:]) for a in found] == [
        ("青石大桥通车", ["王小明"], "渡船。"),
        ("渡口老船停了", ["李四光"], "河水。"),
    ]


def test_a_headline_of_two_halves_stays_whole() -> None:
    (article,) = on(f"青石大桥通车往后不用再等渡船\n\n■记者 王小明\n\n{BRIDGE}")
    assert article.title == "青石大桥通车往后不用再等渡船"


def test_two_drawings_of_a_headline_that_share_the_lines_of_several_boxes_are_one() -> None:
    head = "青石大桥今天通车，33天走了\n青石大桥今天通车，\n\n天走了41004100余人余人"
    (article,) = on(f"{head}\n\n■记者 王小明\n\n{BRIDGE}")
    assert article.title == "青石大桥今天通车，3天走了4100余人"


def test_a_headline_in_one_box_with_its_body_is_cut_off_where_a_paragraph_begins() -> None:
    (article,) = on(f"■记者 王小明\n\n青石大桥今天上午通车 两岸往来方便多了\n{BRIDGE}")
    assert article.title == "青石大桥今天上午通车 两岸往来方便多了"
    assert article.body.startswith("今天上午")


def test_a_digest_behind_an_article_is_no_part_of_it() -> None:
    items = "●青石大桥今天通车，县城的人都说方便。\n\n●往后去河西，不用再等渡船。"
    found = on(f"青石大桥通车\n\n■记者 王小明\n\n{BRIDGE}\n\n{items}\n\n简讯")
    assert {a.title: a.body[:3] for a in found} == {"青石大桥通车": "今天上", "简讯": "●青石"}


@pytest.mark.parametrize(
    ("printed", "read_as"),
    [
        ("文化馆33月2323日办灯谜会。", "文化馆3月23日办灯谜会。"),
        ("文化馆11月22日办灯谜会。", "文化馆11月22日办灯谜会。"),
    ],
)
def test_a_day_that_no_year_has_is_a_doubled_one(printed: str, read_as: str) -> None:
    (article,) = on(f"灯谜会\n\n{printed}\n\n■记者 王小明")
    assert article.body == read_as


def test_a_kicker_of_other_words_than_the_body_is_not_the_headline() -> None:
    (article,) = on(f"凡人微光\n\n喜迎新桥：通车以后去河西近\n\n■记者 王小明\n\n{BRIDGE}")
    assert (article.title, article.kicker) == ("喜迎新桥：通车以后去河西近", "凡人微光")


def test_credits_of_text_and_picture_that_meet_are_two_groups() -> None:
    found = on(f"青石大桥通车\n\n{BRIDGE}\n\n文/王小明 图/李四光\n\n文/赵大河 图/钱小川\n\n{FERRY}\n\n渡口老船停了")
    assert [[b.name for b in a.bylines] for a in found] == [["王小明", "李四光"], ["赵大河", "钱小川"]]


def test_a_byline_of_two_equal_halves_is_no_slogan() -> None:
    found = on(f"青石大桥通车\n\n{BRIDGE}\n\n文/王小 图/李光\n\n渡口老船停了\n\n{FERRY}\n\n文/赵大 图/钱川")
    assert [[b.name for b in a.bylines] for a in found] == [["王小", "李光"], ["赵大", "钱川"]]


def test_headlines_of_a_row_that_come_before_all_of_its_texts_are_given_to_them() -> None:
    heads = "青石大桥通车\n\n渡口老船停了"
    found = on(f"{heads}\n\n■记者 王小明\n\n{BRIDGE}\n\n■记者 李四光\n\n{FERRY}")
    assert [(a.title, a.body[:3]) for a in found] == [("青石大桥通车", "今天上"), ("渡口老船停了", "渡口的")]


@pytest.mark.parametrize(
    ("printed", "read_as"),
    [
        ("新桥今日通车新桥今日通车", "新桥今日通车"),
        ("新桥今日新桥今日““通车通车””", "新桥今日“通车”"),
        ("快快乐乐过新年", "快快乐乐过新年"),
        ("1111名师生看新桥", "1111名师生看新桥"),
        ("2020年的新桥", "2020年的新桥"),
    ],
)
def test_faux_bold_is_read_once_and_nothing_else(printed: str, read_as: str) -> None:
    assert on(f"{BODY}\n\n{printed}")[0].title == read_as


@pytest.mark.parametrize("line", ["【民生热线】", "■民生热线", "·记者观察·"])
def test_a_columns_name_over_a_headline_is_neither_headline_nor_byline(line: str) -> None:
    (article,) = on(f"{line}\n\n新桥通车了\n\n■记者 王小明\n\n{BODY}")
    assert (article.title, article.column) == ("新桥通车了", line.strip("【】■·"))
    assert [byline.name for byline in article.bylines] == ["王小明"]


@pytest.mark.parametrize(
    ("first", "second", "title", "subtitle"),
    [
        ("云渡河上新", "桥昨天通车", "云渡河上新桥昨天通车", None),  # the body writes 新桥
        ("云渡河新桥通车", "两岸往来只要五分钟的路程", "云渡河新桥通车", "两岸往来只要五分钟的路程"),
    ],
)
def test_a_second_line_goes_on_the_headline_where_the_first_one_tears_a_word(
    first: str, second: str, title: str, subtitle: str | None
) -> None:
    (article,) = on(
        f"{first}\n{second}\n\n今天上午，云渡河的新桥在县城通车。桥长三百米，\n造了两年，走的人都说方便，孩子们跑了几个来回。"
    )
    assert (article.title, article.subtitle) == (title, subtitle)


@pytest.mark.parametrize(
    "head",
    [
        "美对乌追加\n亿美元军援\n美对乌追加1313亿美元军援",
        "美对乌追加1313亿美元军援\n美对乌追加亿美元军援",
        "美对乌追加美对乌追加\n13亿美元军援\n13亿美元军援",
        "美对乌追加\n13亿美元军援13亿美元军援",
    ],
)
def test_a_headline_whose_two_copies_share_their_lines_is_read_once(head: str) -> None:
    (article,) = on(
        f"{head}\n俄方说无济于事\n\n今天上午，五角大楼宣布对乌追加价值13亿美元军援，\n包括四套防空系统。\n两年来已有多次。"
    )
    assert (article.title, article.subtitle) == ("美对乌追加13亿美元军援", "俄方说无济于事")
