"""The same question in other words and other glyphs: the same sentence is quoted first."""

from __future__ import annotations

from pathlib import Path

import opencc
import pytest

from bot.answering import Answerer
from bot.question import read
from bot.settings import BotSettings
from index.archive import Archive
from index.embedding import Embedder

SAMPLE = Path(__file__).resolve().parents[1] / "scripts" / "sample"
# What must be quoted first; asked plainly, in keywords, with a typo, in English. Written before any was tried.
TABLE = (
    ("16名帮厨", "早餐铺要用多少帮厨？", "早餐铺 帮厨 人数", "早歺铺要用多少帮厨？", "How many kitchen helpers does the breakfast shop need?"),
    ("投入48.5万元", "老粮站翻修花了多少钱？", "老粮站 翻修 投入", "老粮站翻休花了多少钱？", "How much did renovating the old grain station cost?"),
    ("党支部书记方海生", "柳埠村的党支部书记是谁？", "柳埠村 党支部书记", "柳阜村的党支部书记是谁？", "Who is the party secretary of Liubu village?"),
    ("2360多名", "河东镇有多少留守老人？", "河东镇 留守老人 人数", "河东镇有多少留首老人？", "How many left-behind elderly people are there in Hedong town?"),
    ("一家在渡口，一家在石桥", "早餐铺今年要在哪里开分铺？", "早餐铺 分铺 地点", "早餐铺今年要在那里开分铺？", "Where will the breakfast shop open new branches?"),
    ("推迟到十点", "图书馆闭馆时间推迟到几点？", "图书馆 闭馆时间", "图书馆避馆时间推迟到几点？", "When does the library close now?"),
    ("410人次", "图书馆夜间日均接待多少读者？", "图书馆 夜间 日均接待", "图书馆夜间日均接侍多少读者？", "How many readers does the library receive each evening on average?"),
    ("35名志愿者", "图书馆招募了多少名志愿者？", "图书馆 志愿者 人数", "图书馆招幕了多少名志愿者？", "How many volunteers did the library recruit?"),
    ("多借10本书", "志愿者服务满50小时可以多借几本书？", "志愿者 服务满50小时 多借", "志原者服务满50小时可以多借几本书？", "How many more books may volunteers borrow after 50 hours?"),
    ("9个乡镇分馆", "延时服务要推到多少个乡镇分馆？", "延时服务 乡镇分馆", "廷时服务要推到多少个乡镇分馆？", "How many township branches will get the longer hours?"),
    ("4月28日合龙", "青石大桥什么时候合龙？", "青石大桥 合龙 时间", "青石大侨什么时候合龙？", "When will the two ends of the Qingshi bridge be joined?"),
    ("总投资6.72亿元", "青石大桥总投资多少？", "青石大桥 总投资", "青石大桥总投姿多少？", "What is the total investment in the Qingshi bridge?"),
    ("全长1480米", "青石大桥有多长？", "青石大桥 全长", "清石大桥有多长？", "How long is the Qingshi bridge?"),
    ("130多名工人", "青石大桥桥面上有多少工人？", "青石大桥 桥面 工人", "青石大桥桥面上有多少公人？", "How many workers are on the deck of the Qingshi bridge?"),
    ("24根桩基", "项目部在河床下打了多少根桩基？", "河床下42米 桩基", "项目部在河床下打了多少根庄基？", "How many piles were driven 42 metres below the river bed?"),
    ("6名船工", "轮渡停航后船工怎么安排？", "轮渡停航 船工 安排", "轮度停航后船工怎么安排？", "What happens to the ferry's boatmen after it stops?"),
    ("总投资143.6亿元", "27个市重点项目总投资多少亿元？", "27个市重点项目 总投资", "27个市重点项日总投资多少亿元？", "What is the total investment of the 27 key projects?"),
    ("带动640人就业", "可降解薄膜项目能带动多少人就业？", "可降解薄膜 就业", "可降解簿膜项目能带动多少人就业？", "How many jobs will the degradable film project bring?"),
    ("178天压缩到96天", "从签约到开工平均用时压缩到多少天？", "签约到开工 平均用时", "从签约到开工平均用时压宿到多少天？", "How many days does it now take from signing to the start of building?"),
    ("3月20日22时", "石桥路什么时候停水？", "石桥路 停水 时间", "石乔路什么时候停水？", "When will the water be cut off on Shiqiao road?"),
    ("约3200户", "停水影响多少户？", "停水 影响 户数", "停水影晌多少户？", "How many households are affected by the water cut?"),
    ("96390", "停水的服务热线是多少？", "停水 服务热线", "停水的服务热钱是多少？", "What is the service hotline for the water cut?"),
    ("收购价每斤85元", "鲜叶收购价每斤多少元？", "鲜叶 收购价", "鲜叶收构价每斤多少元？", "What is the price of fresh tea leaves per jin?"),
    ("茶园1350亩", "岭背茶场有多少亩茶园？", "岭背茶场 茶园 面积", "岭背茶厂有多少亩茶园？", "How many mu of tea garden does the Lingbei tea farm have?"),
    ("场长祁木生", "岭背茶场的场长是谁？", "岭背茶场 场长", "岭背茶场的厂长是谁？", "Who is the head of the Lingbei tea farm?"),
    ("决赛定在5月25日", "校园足球联赛决赛是哪天？", "校园足球联赛 决赛 日期", "校园足球联塞决赛是哪天？", "When is the final of the school football league?"),
    ("24支球队", "2025年校园足球联赛有多少支球队？", "校园足球联赛 球队", "2025年校园足球联赛有多少支求队？", "How many teams play in the 2025 school football league?"),
    ("523人次", "银发专窗头一周服务了多少老人？", "银发专窗 头一周 服务", "银发专窗头一周服务了多少老入？", "How many old people did the silver window serve in its first week?"),
    ("120盏手工鱼灯", "花灯会上点亮了多少盏鱼灯？", "花灯会 鱼灯", "花灯会上点亮了多少盏渔灯？", "How many fish lanterns were lit at the lantern fair?"),
    ("每月补1200元", "每带一名徒弟每月补贴多少元？", "带徒补贴 每月", "每带一名徙弟每月补贴多少元？", "How much is the monthly subsidy for each apprentice?"),
)  # fmt: skip
_TRADITIONAL = opencc.OpenCC("s2tw")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


FORMS = ("plain", "keywords", "typo", "english")


@pytest.mark.parametrize("row", TABLE)
def test_traditional_and_full_width_glyphs_are_the_same_question(row: tuple[str, ...]) -> None:
    plain = read(row[1])
    for text in (_TRADITIONAL.convert(row[1]), row[1].translate(_FULL_WIDTH)):
        other = read(text)
        assert (other.search, other.asks, other.unit) == (plain.search, plain.asks, plain.unit)


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str, str | None]]:
    """Of each question: its form, what was asked, what must be quoted first, and what was, None for a refusal."""
    folder = tmp_path_factory.mktemp("sample")
    with Archive.open(folder, embedder=Embedder(), write=True) as archive:
        archive.add([SAMPLE])
    with Answerer.open(BotSettings(data=folder)) as answerer:
        asked = [
            (form, text, row[0], answerer.ask(text)) for row in TABLE for form, text in zip(FORMS, row[1:], strict=True)
        ]
        asked += [("spoken", text, wanted or "", answerer.ask(text)) for text, wanted in SPOKEN]
    return [
        (form, text, wanted, answer.quotes[0].text if answer.quotes else None) for form, text, wanted, answer in asked
    ]


# The least share of the thirty with the right sentence first, and the most with a wrong one.
@pytest.mark.parametrize(
    ("form", "right", "wrong"),
    [
        ("plain", 0.95, 0.05),
        ("keywords", 0.9, 0.05),
        ("typo", 0.75, 0.05),
        ("english", 0.35, 0.1),
    ],
)
def test_a_question_in_other_words_gets_the_same_first_quote(
    answered: list[tuple[str, str, str, str | None]], form: str, right: float, wrong: float
) -> None:
    mine = [(text, wanted, first) for asked_as, text, wanted, first in answered if asked_as == form]
    refused = [text for text, _, first in mine if first is None]
    mistaken = [(text, first) for text, wanted, first in mine if first is not None and wanted not in first]
    assert len(mine) - len(refused) - len(mistaken) >= right * len(mine), (refused, mistaken)
    assert len(mistaken) <= wrong * len(mine), mistaken


# As residents type on a phone, in words that the sample issue does not use; the last two it does not answer.
SPOKEN = (
    ("圖書館晚上幾點關門", "推迟到十点"),
    ("图书馆周一开不开", "周一也不再闭馆"),
    ("停水到几点", "21日6时"),
    ("停水打什么电话", "96390"),
    ("停水影响哪些小区", "南门新村"),
    ("大桥啥时候通车", "9月底通车"),
    ("带徒弟给多少钱", "1200元"),
    ("鱼灯有几盏", "120盏"),
    ("银发专窗在医院哪里", "门诊一楼"),
    ("县长是谁", None),
    ("图书馆在哪条路", None),
)


def test_residents_words_are_understood(answered: list[tuple[str, str, str, str | None]]) -> None:
    said = {text: first for form, text, _, first in answered if form == "spoken"}
    wrong = [text for text, wanted in SPOKEN if said[text] and (wanted is None or wanted not in str(said[text]))]
    refused = [text for text, wanted in SPOKEN if wanted and not said[text]]
    assert not wrong
    assert len(refused) <= 1, refused
