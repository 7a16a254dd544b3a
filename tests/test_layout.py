from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.layout import articles, check_trace
from index.models import Article, Box, Line, Page
from index.sources import read

SAMPLE = Path(__file__).resolve().parents[1] / "scripts" / "sample"


def page(text: str, name: str = "page.txt") -> Page:
    return Page(source=name, lines=tuple(Line(number=n, text=line) for n, line in enumerate(text.split("\n"), 1)))


def on(text: str) -> list[Article]:
    return articles([page(text)])


@pytest.fixture(scope="module")
def sample() -> list[Article]:
    """The sample issue: two pages of an invented paper with the faults of a real text layer."""
    pages = [page for path in sorted(SAMPLE.glob("*.txt")) for page in read(path).pages]
    return articles(pages)


def test_each_body_of_the_sample_has_its_own_headline_and_bylines(sample: list[Article]) -> None:
    found = {a.title: (a.kind, a.subtitle, [f"{b.role} {b.name}".strip() for b in a.bylines]) for a in sample}
    assert found == {
        "老粮站里开出“乡村早餐铺”": ("news", "河东镇盘活闲置资产方便八村老人", ["记者 苗可欣", "通讯员 贺小川"]),
        "图书馆的灯，多亮一个半小时": ("news", None, ["记者 姜予安"]),
        "青石大桥还差36米“牵手”": ("news", "主桥四月底合龙 九月底通车", ["记者 佟立夏", "制图 费娟"]),
        "重点项目跑出“加速度”": ("news", "27个市重点项目前两月完成投资逾7亿元", ["记者 罗砚秋", "通讯员 沈桥"]),
        "前两个月我县": ("sidebar", None, []),
        "别让老手艺只剩一块“牌匾”": ("commentary", None, ["钟一鸣"]),
        "灯映古渡": ("caption", None, ["摄影 孟舟", "摄影 管小雨"]),
        "县医院开出“银发专窗”": ("news", "老人看病一窗办完", ["记者 姜予安", "通讯员 厉敏"]),
        "停水公告": ("notice", None, []),
        "岭背茶场“云渡毛峰”开采": ("news", "头采提前六天 鲜叶一斤八十五元", ["记者 罗砚秋"]),
        "校园足球联赛开赛": ("news", "24支球队争夺冠军", ["记者 佟立夏"]),
    }


def test_paper_date_and_page_are_read_from_the_head_of_the_page(sample: list[Article]) -> None:
    assert {(a.paper, str(a.published)) for a in sample} == {("云渡日报", "2025-03-18")}
    assert {a.page for a in sample} == {1, 2}


def test_a_jump_is_joined_across_pages_without_a_seam(sample: list[Article]) -> None:
    bridge = next(a for a in sample if "大桥" in a.title)
    assert "潜水员一天要下水六趟，每趟不能超过25分钟。" in bridge.body
    assert [place.page for place in bridge.places] == [1, 2]
    assert bridge.jump is None


def test_a_jump_whose_other_half_is_missing_is_kept_and_marked() -> None:
    first = articles(read(SAMPLE / "yundu-2025-03-18-01.txt").pages)
    bridge = next(a for a in first if "大桥" in a.title)
    assert bridge.jump == "下转2版"
    assert bridge.body.endswith("潜水员一天")


def test_torn_and_doubled_figures_are_whole(sample: list[Article]) -> None:
    bodies = "\n".join(a.body for a in sample)
    for figure in (
        "每月能结余1.8万元",
        "共27个",
        "为年度计划的19%。",
        "90多名采茶工",
        "投资18.6亿元、增长7.4%",
        "投资7.39亿元",
    ):
        assert figure in bodies
    for fault in ("..", "1919%", " 1", "1 "):
        assert fault not in bodies


def test_every_character_leads_back_to_its_line(sample: list[Article]) -> None:
    lines = {
        (found.source, line.number): line.text
        for path in SAMPLE.glob("*.txt")
        for found in read(path).pages
        for line in found.lines
    }
    for article in sample:
        check_trace(article, lambda place, number, a=article: lines[a.places[place].source, number])


def test_a_trace_that_leads_elsewhere_is_refused(sample: list[Article]) -> None:
    with pytest.raises(ValueError, match="line"):
        check_trace(sample[0], lambda place, number: "别的字")
    cut = sample[0].model_copy(update={"trace": ()})
    with pytest.raises(ValueError, match="no line"):
        check_trace(cut, lambda place, number: "")


BODY = "本报讯 今天上午，新的桥在县城通车。桥有三百\n米长，造了两年，花了不少钱，走的人都说方便。\n往后去河西，不用再等渡船。"


@pytest.mark.parametrize(
    "text",
    [
        f"■记者 王小明\n\n{BODY}\n\n新桥通车了",
        f"新桥通车了\n■记者 王小明\n\n{BODY}",
        f"{BODY}\n\n新桥通车了\n\n■记者 王小明",
    ],
)
def test_headline_and_byline_may_stand_on_either_side(text: str) -> None:
    (article,) = on(text)
    assert (article.title, [b.name for b in article.bylines]) == ("新桥通车了", ["王小明"])


def test_spaces_inside_chinese_go_and_those_inside_english_stay() -> None:
    (article,) = on("这 几 年 ，有 18\n项指标升到 New York\nTimes 的水平，大家都很高兴，一直说好。")
    assert article.body == "这几年，有18项指标升到New York Times的水平，大家都很高兴，一直说好。"


def test_a_page_without_an_article_has_none() -> None:
    assert on("云渡日报\n\n2025年3月18日") == []


@given(st.text(st.sampled_from("桥通车了。，“”■记者王 0.％\n\n（下转2版）上接12"), max_size=200))
def test_any_page_gives_articles_that_lead_back_to_its_lines(text: str) -> None:
    lines = dict(enumerate(text.split("\n"), 1))
    for article in on(text):
        check_trace(article, lambda place, number: lines[number])


@pytest.mark.parametrize(
    ("body", "credited"),
    [
        ("本报讯（记者 王小明 通讯员 李四光）今天上午，新的桥在县城通车，大家都很高兴。", ["王小明", "李四光"]),
        ("今天上午，新的桥在县城通车，走在桥上的人都很高兴。（记者 王小明）", ["王小明"]),
        ("今天上午，新的桥在县城通车，走在桥上的人都很高兴。（王小明）", ["王小明"]),
        ("今天上午，新的桥在县城通车，记者看到很多人在桥上走。", []),
    ],
)
def test_bylines_in_brackets_are_read_and_stay_in_the_body(body: str, credited: list[str]) -> None:
    (article,) = on(body)
    assert ([byline.name for byline in article.bylines], article.body) == (credited, body.replace(" ", ""))


@pytest.mark.parametrize(
    ("line", "credited"),
    [
        ("（记者 王小明 通讯员 李四光）", ["记者 王小明", "通讯员 李四光"]),
        ("王小明 摄", ["摄 王小明"]),
        ("本报记者 王小明 文/图", ["本报记者 王小明"]),
        ("文/王小明 图/李四光", ["文 王小明", "图 李四光"]),
        ("□ 王小明 李四光", ["王小明", "李四光"]),
        ("平湖日报记者 王小明 报道", ["平湖日报记者 王小明"]),
    ],
)
def test_bylines_of_other_papers(line: str, credited: list[str]) -> None:
    (article,) = on(f"新桥通车了\n\n{line}\n\n{BODY}")
    assert [f"{byline.role} {byline.name}".strip() for byline in article.bylines] == credited
    assert article.title == "新桥通车了"


def test_a_subhead_stays_in_its_article_as_a_paragraph_of_its_own() -> None:
    first = "　　今天上午，云渡河的新桥在县城通车。桥长三百米，\n造了两年，走新桥的人都说方便。"
    second = "　　住在河西的老陈说，从前过云渡河要坐渡船，新桥通\n车以后，走新桥只要五分钟。"
    (article,) = on(f"云渡河上新桥通车\n\n■记者 王小明\n\n{first}\n\n只要五分钟\n\n{second}")
    assert article.title == "云渡河上新桥通车"
    assert article.body.split("\n")[1] == "只要五分钟"


def test_two_byline_groups_that_meet_go_to_the_bodies_beside_them() -> None:
    found = on(
        "旧渡口的船停了\n\n渡口的老船昨天停了。船夫老周撑了三十年船，\n舍不得走，说以后天天来看看河水。\n\n■记者 李大海\n\n"
        "■记者 王小明 通讯员 陶 冶\n\n新桥通车了\n\n新桥今天通车了。桥长三百米，造了整整两年时间，\n两岸的人都来看，孩子们跑了好几个来回。"
    )
    assert {a.title: [b.name for b in a.bylines] for a in found} == {
        "旧渡口的船停了": ["李大海"],
        "新桥通车了": ["王小明", "陶冶"],
    }


def test_the_lines_of_a_scan_are_put_into_the_order_of_reading() -> None:
    columns = [
        ["本报讯今天上午，新的桥在县城", "通车。桥有三百米长，造了两年", "时间，花了不少钱，走的人都说"],
        ["方便，往后去河西，不用再等渡", "船。住在河西的老陈说，孩子上", "学的路近了一大半。"],
    ]
    lines = [Line(number=1, text="新桥通车了", box=Box(left=10, top=10, right=210, bottom=50), size=40, confidence=0.9)]
    for row in range(3):
        for at, column in enumerate(columns):
            left, top = 10.0 + 320 * at, 70.0 + 27 * row
            width = 20.0 * len(column[row])
            box = Box(left=left, top=top, right=left + width, bottom=top + 20)
            lines.append(Line(number=len(lines) + 1, text=column[row], box=box, size=20, confidence=0.9))
    (article,) = articles([Page(source="scan.png", lines=tuple(lines))])
    assert article.title == "新桥通车了"
    assert article.body == "".join(columns[0] + columns[1])


def test_a_page_of_thousands_of_stretches_is_laid_out_whole() -> None:
    lines = [f"第{n}段讲的是河边的第{n}座桥，桥上走过了{n}个人。" for n in range(700)]
    bodies = "".join(article.body.replace("\n", "") for article in on("\n\n".join(lines)))
    assert sum(line in bodies for line in lines) == len(lines)


def test_an_endless_line_is_an_article_like_any_other() -> None:
    (article,) = on("桥上的人走来走去，" * 30_000 + "天就黑了。")
    assert len(article.body) == 270_005


SIDES = st.sampled_from([0.0, 5.0, 10.0, 100.0, 110.0, 300.0])
BOXED = st.tuples(
    st.text(st.sampled_from("桥通车了。，“■记者王 0（下转2版）"), min_size=1, max_size=12),
    st.tuples(SIDES, SIDES, SIDES, SIDES),
    st.sampled_from([None, 0.0, 5.0, 10.0, 24.0]),
)


@given(st.lists(BOXED, max_size=25), st.sampled_from([None, 0.9]))
def test_boxes_anywhere_give_articles_that_lead_back_to_their_lines(
    drawn: list[tuple[str, tuple[float, float, float, float], float | None]], confidence: float | None
) -> None:
    lines = tuple(
        Line(
            number=at,
            text=text,
            box=Box(left=min(a, b), top=min(c, d), right=max(a, b), bottom=max(c, d)),
            size=size,
            confidence=confidence,
        )
        for at, (text, (a, b, c, d), size) in enumerate(drawn, 1)
    )
    for article in articles([Page(source="a.png", lines=lines)]):
        check_trace(article, lambda place, number: lines[number - 1].text)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("渡口的启示\n\n■言成声\n", "commentary"),
        ("渡口的启示\n\n本报评论员 丁一\n", "commentary"),
        ("渡口的启示\n\n本报评论员\n", "commentary"),
        ("【云渡时评】\n\n渡口的启示\n\n□ 丁一\n", "commentary"),
        ("社论：渡口的启示\n", "commentary"),
        ("渡口重开了\n\n记者 丁一\n", "news"),
        ("时评论坛重开了\n\n记者 丁一\n", "news"),
    ],
)
def test_commentary_is_told_by_its_credit_or_column(head: str, kind: str) -> None:
    body = (
        "今天上午，新的长桥在县城通车，来往两岸的人不用再等渡船。桥长三百米，用了两年时间才造好。从前过河要等半个小时。"
    )
    lines = [Line(number=number, text=text) for number, text in enumerate(f"{head}\n{body}".split("\n"), 1)]
    (article,) = articles([Page(source="a.txt", lines=tuple(lines))])
    assert (article.kind, article.body) == (kind, body)


def test_a_table_behind_an_article_is_no_part_of_it() -> None:
    found = on(f"新桥通车了\n\n■记者 王小明\n\n{BODY}\n\n今日菜价\n\n青菜 2.30 2.50\n猪肉 15.80 16.20\n鸡蛋 5.10 5.00")
    assert {a.title: a.body[-3:] for a in found} == {"新桥通车了": "渡船。", "今日菜价": ".00"}


def test_an_advertisement_behind_an_article_is_a_notice_of_its_own() -> None:
    shop = "店庆三天全场八折，满一百元送茶叶一包\n地址：河东路12号　电话：0573-85001234"
    found = on(f"新桥通车了\n\n■记者 王小明\n\n{BODY}\n\n河东茶庄喜迎十年\n\n{shop}")
    assert {a.title: (a.kind, a.body[-3:]) for a in found} == {
        "新桥通车了": ("news", "渡船。"),
        "河东茶庄喜迎十年": ("notice", "234"),
    }


def test_a_caption_that_runs_on_is_neither_headline_nor_byline() -> None:
    found = on(f"新桥通车了\n\n■记者 王小明\n\n{BODY}\n\n图为新桥通车的时候\n记者王强摄开幕式现场")
    assert [byline.name for a in found if a.title == "新桥通车了" for byline in a.bylines] == ["王小明"]
    assert [a.title for a in found if a.body.endswith("记者王强摄开幕式现场")] == ["新桥通车了"]


def test_what_stands_in_the_row_of_a_pages_head_is_no_article() -> None:
    row = [("云渡日报", 10), ("2025年3月18日 星期二", 200), ("今日关注", 500), ("第3版", 700)]
    lines = [
        Line(number=at, text=text, box=Box(left=x, top=5, right=x + 10 * len(text), bottom=15), size=10)
        for at, (text, x) in enumerate(row, 1)
    ]
    lines.append(Line(number=5, text="新桥通车了", box=Box(left=10, top=40, right=160, bottom=70), size=30))
    body = "".join(BODY.split())
    for at in range(0, len(body), 20):
        top, part = 90.0 + at * 0.7, body[at : at + 20]
        box = Box(left=10, top=top, right=10 + 10 * len(part), bottom=top + 10)
        lines.append(Line(number=len(lines) + 1, text=part, box=box, size=10))
    (article,) = articles([Page(source="a.pdf", lines=tuple(lines))])
    assert (article.title, article.body) == ("新桥通车了", body)


def test_a_chart_in_faux_bold_between_two_articles_belongs_to_neither() -> None:
    other = (
        "旧渡口的船停了\n\n■记者 李大海\n\n渡口的老船昨天停了。船夫老周撑了三十年船，\n舍不得走，说以后天天来看看河水。"
    )
    chart = "一季度全县投资\n\n完成固定资产投资1414..4848亿元、增长127127..7171%，\n工业投资增长320320..6767%。"
    found = on(f"新桥通车了\n\n■记者 王小明\n\n{BODY}\n\n{chart}\n\n{other}")
    assert {a.title: a.body[-4:] for a in found} == {
        "新桥通车了": "等渡船。",
        "一季度全县投资": "67%。",
        "旧渡口的船停了": "看河水。",
    }
