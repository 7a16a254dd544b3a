from __future__ import annotations

import contextlib
import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import BaodaError
from index.layout import check_trace
from index.models import Article
from index.sources import web

PARAGRAPHS = [
    "河湾小学的天文台3月4日启用，口径为35.5厘米的望远镜由校友捐赠，全校1,208名学生分批观测。",
    "“我第一次看见木星的条纹。”四年级学生陆小满说。学校计划每周五开放两小时，并请天文爱好者讲解。",
    "It was built in 2023 by the “Riverbend Society”, whose members gave 3.5 million yuan.",
]
PAGE = """<!DOCTYPE html><html lang="zh"><head><meta charset="{charset}"><title>河湾小学添了天文台 - 河湾网</title>{meta}
<script>var a = "脚本";</script></head><body><nav><a href="/">首页</a> <a href="/a">要闻</a></nav><article>
<h1>河湾小学添了天文台</h1>{body}</article><aside><h3>相关阅读</h3><a href="/x">另一条新闻的题目在此</a></aside>
<footer>版权所有 2019 河湾网 电话 0573-1234567</footer></body></html>"""
META = """<meta property="og:site_name" content="河湾网"><meta name="author" content="沈一舟">
<meta property="article:published_time" content="2024-03-05T08:00:00+08:00">
<link rel="canonical" href="https://news.example.com/2024/03/05/1.html">"""


def page(meta: str = META, charset: str = "utf-8") -> bytes:
    body = "".join(f"<p>　　{text}</p>\n" for text in PARAGRAPHS)
    return PAGE.format(charset=charset, meta=meta, body=body).encode(charset)


def proved(data: bytes) -> Article:
    pages, (article,) = web.read(data, "a.html")
    lines = {line.number: line.text for line in pages[0].lines}
    check_trace(article, lambda _, number: lines[number])
    return article


def test_an_article_page_gives_its_body_without_the_frame_of_the_site() -> None:
    article = proved(page())
    assert article.body == "\n".join(PARAGRAPHS)
    assert article.title == "河湾小学添了天文台"
    assert [byline.name for byline in article.bylines] == ["沈一舟"]
    assert (article.paper, article.published) == ("河湾网", dt.date(2024, 3, 5))
    assert article.url == "https://news.example.com/2024/03/05/1.html"


def test_a_page_in_gbk_reads_alike() -> None:
    assert proved(page(charset="gbk")).body == proved(page()).body


def test_a_date_that_is_not_told_is_not_guessed() -> None:
    assert proved(page(meta="")).published is None


def test_a_page_without_an_article_gives_nothing() -> None:
    assert web.read(
        "<html><body><nav><a href=/>首页</a> <a href=/a>要闻</a></nav></body></html>".encode(), "a.html"
    ) == ((), ())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 1500))
def test_no_bytes_raise_anything_but_our_own_error(noise: bytes, at: int) -> None:
    whole = page()
    for data in (noise, whole[:at] + noise + whole[at:]):
        with contextlib.suppress(BaodaError):
            web.read(data, "a.html")
