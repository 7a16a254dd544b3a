"""The real page of 嘉兴日报平湖版: questions written before anything was tuned, and what must be quoted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answering import Answerer
from bot.settings import BotSettings
from index.archive import Archive
from index.embedding import Embedder

PAGE = "pages/000_27413fd82a551e03.txt"
# title: kind, bylines, how the body begins and ends
PIECES = {
    "用青春之声讲好理论": ("news", "记者 陶佳敏", "本报讯昨天下午，", "宣讲员凌伟豪说。"),
    "“优水入户”润民心": ("news", "记者 荣怡婷 通讯员 陶冶 通讯员 曹律", "【改革故事】近日，", "“优水标准示范”行动，"),
    "我市一案例入选省委改革办典型案例": ("news", "记者 黄雨欣", "本报讯日前，", "“两提一降”。"),
    "共富工坊有了职业经理人": ("news", "记者 林旭东 通讯员 陈明远", "本报讯“今天订单需要3吨", "多样化发展。"),
    "平湖重大项目建设按下“快进键”": (
        "news",
        "记者 胡佳英 通讯员 孙玲 通讯员 张丹燕 制图 王茹彤",
        "本报讯大项目拉动大投资",
        "10.4%、40.6%、22.2%。",
    ),
    "基层治理需要更多“新力量”": ("commentary", "言成声", "外卖骑手除了送餐", "事实上，这几年，"),
    "前三季度我市": ("sidebar", "", "完成固定资产投资347.2亿元、增长9.5%，", "目标任务的138%。"),
    "邻里情深": ("caption", "摄影 王强 摄影 夏晓蕾", "近日，当湖街道南河头社区举行了第二届", "社区环境。"),
}
ANSWERABLE = [
    ("净菜工坊要用多少人？", "大概需要20名阿姨处理", "20名"),
    ("青年理论宣讲集训为期几天？", "为期4天的集训", "4天"),
    ("有多少名青年宣讲员代表参加集训？", "41名青年宣讲员代表", "41名"),
    ("研学宣讲活动开班仪式在哪里举行？", "平湖市委党校举行", "平湖市委党校"),
    ("水务大脑涵盖多少项指标？", "涵盖了18项指标", "18项"),
    ("市水务集团信息技术部副经理是谁？", "信息技术部副经理周皛晶", "周皛晶"),
    ("平湖哪个案例入选省委改革办典型案例？", "破解“内贼难防”之困", None),
    ("共富工坊的职业经理人是谁？", "张兰", "张兰"),
    ("“净菜”共富工坊每年能完成多少订单量？", "每年可以完成100万元左右的订单量", "100万元"),
    ("共富工坊平均每月让村民增收多少？", "每月让村民增收3000元以上", "3000元"),
    ("中华村党委书记是谁？", "谢微叶", "谢微叶"),
    ("列入省“千项万亿”工程计划的项目共多少个？", "项目共20个", "20个"),
    ("千项万亿项目总投资多少亿元？", "总投资570.8亿元", "570.8亿元"),
    ("赛本达项目什么时候取得施工许可证？", "于今年9月取得施工许可证", "今年9月"),
    ("独山能源一体化项目前10月完成投资多少？", "完成投资24.5亿元", "24.5亿元"),
    ("前三季度平湖完成固定资产投资多少亿元？", "完成固定资产投资347.2亿元", "347.2亿元"),
    ("北河溇社区有多少快递员、外卖骑手参与社区治理？", "30余名快递员", "30余名"),
    ("骑管家协助社区解决了多少个民生事项？", "解决43个民生事项", "43个"),
    ("第二届邻舍节是哪个社区举行的？", "南河头社区举行了第二届", "南河头社区"),
    ("How many people does the clean-vegetable workshop need?", "大概需要20名阿姨处理", "20名"),
]
UNANSWERABLE = [
    "平湖市市长是谁？",
    "净菜工坊的电话号码是多少？",
    "嘉兴机场什么时候通航？",
    "职业经理人张兰今年多少岁？",
    "外卖骑手每月工资多少元？",
]


@pytest.fixture(scope="module")
def archive(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that holds the real page and nothing else."""
    folder = tmp_path_factory.mktemp("real")
    with Archive.open(folder, embedder=Embedder(), write=True) as archive:
        archive.add([shared / PAGE], paper="嘉兴日报平湖版")
    return folder


@pytest.fixture(scope="module")
def answerer(archive: Path) -> Iterator[Answerer]:
    with Answerer.open(BotSettings(data=archive)) as answerer:
        yield answerer


def test_all_eight_pieces_are_whole_with_their_own_headlines_and_bylines(archive: Path) -> None:
    with Archive.open(archive) as opened:
        found = {article.title: article for article in opened.articles()}
    assert found.keys() == PIECES.keys()
    for title, (kind, bylines, begins, ends) in PIECES.items():
        article = found[title]
        assert article.kind == kind
        assert " ".join(f"{b.role} {b.name}".strip() for b in article.bylines) == bylines
        assert article.body.startswith(begins)
        assert article.body.endswith(ends)
    assert [a.jump for a in found.values() if a.jump] == ["下转2版", "下转2版"]


def test_the_right_sentence_comes_first(answerer: Answerer) -> None:
    first = {}
    for question, _, _ in ANSWERABLE:
        answer = answerer.ask(question)
        first[question] = answer.quotes[0].text if answer.quotes else None
    wrong = {q: first[q] for q, fragment, _ in ANSWERABLE if fragment not in (first[q] or "")}
    assert len(ANSWERABLE) - len(wrong) >= 16, wrong


def test_the_card_example_is_quoted_as_a_careful_reader_would(answerer: Answerer) -> None:
    answer = answerer.ask("净菜工坊要用多少人？")
    assert answer.answer == "20名"
    assert answer.quotes[0].text == "今天订单需要3吨青甘蓝、1吨洋葱、300公斤小青菜……大概需要20名阿姨处理。"
    assert answer.quotes[0].title == "共富工坊有了职业经理人"


@pytest.mark.parametrize("question", UNANSWERABLE)
def test_what_the_page_does_not_say_is_refused(answerer: Answerer, question: str) -> None:
    answer = answerer.ask(question)
    assert not answer.answered
    assert answer.quotes == ()
    assert answer.nearest
