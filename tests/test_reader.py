from __future__ import annotations

import numpy as np
import pytest

from bot.models import Reading
from bot.passage_model import WEIGHTS, PassageModel, Spans
from bot.question import read as read_question
from bot.reader import Reader
from index.models import Article, Hit, Passage, Place
from index.passages import cut

# An invented town: nothing here was trained on.
ARTICLES = {
    "豆腐工坊开进柳溪村": "柳溪村的豆腐工坊昨天开张。工坊每天需要12名村民轮班，一天能做出800公斤豆腐。"
    "工坊负责人沈月娥说，村民每人每月能多挣2600元。豆腐卖到县城的三家超市。",
    "柳溪镇图书馆新馆开放": "柳溪镇图书馆新馆12月3日起对市民开放，位于清河路18号。新馆面积4200平方米，藏书9万册。"
    "镇长高文博参加了开馆仪式。图书馆周一闭馆，其余时间上午9点开门。",
    "清河大桥年底合龙": "清河大桥全长1.2公里，总投资3.4亿元，由县交通集团建设。大桥2022年3月动工，预计2025年6月通车。",
    "柳溪中学足球队夺冠": "柳溪中学女子足球队在省中学生联赛决赛中以2比1战胜云河一中，第一次捧起冠军奖杯。教练是退役球员马小楠。",
}
ANSWERED = [
    ("豆腐工坊每天需要多少村民？", "工坊每天需要12名村民", "12名"),
    ("豆腐工坊 负责人", "沈月娥说", "沈月娥"),
    ("图书馆新馆在哪里？", "位于清河路18号", "清河路18号"),
    ("柳溪镇图书馆什么时候开放？", "12月3日起", "12月3日"),
    ("清河大桥投资了多少钱？", "总投资3.4亿元", "3.4亿元"),
    ("大桥预计什么时候通车？", "2025年6月通车", "2025年6月"),
    ("女子足球队的教练是谁？", "马小楠", "马小楠"),
    ("How much did the bridge cost?", "总投资3.4亿元", "3.4亿元"),
]
UNANSWERED = [
    "柳溪镇医院有多少张床位？",
    "清河大桥2019年发生了什么事故？",
    "云河一中的校长是谁？",
    "图书馆的电话号码是多少？",
]


def _hits(*, titles: tuple[str, ...] = tuple(ARTICLES)) -> list[Hit]:
    found = []
    for title in titles:
        place = Place(source="test.jsonl", page=None, lines=())
        article = Article(id=title, title=title, body=ARTICLES[title], places=(place,))
        for start, end in cut(article.body):
            passage = Passage(id=len(found), article_id=title, start=start, end=end, text=article.body[start:end])
            found.append(Hit(passage=passage, article=article, score=1.0))
    return found


@pytest.fixture(scope="module")
def model() -> PassageModel:
    return PassageModel()


@pytest.fixture(scope="module")
def reader(model: PassageModel) -> Reader:
    return Reader(model)


def _first(reading: Reading) -> str:
    best = reading.sentences[0]
    return best.hit.article.body[best.start : best.end]


@pytest.mark.parametrize(("question", "sentence", "short"), ANSWERED)
def test_the_sentence_that_answers_comes_first(reader: Reader, question: str, sentence: str, short: str) -> None:
    reading = reader.read(read_question(question), _hits())
    best = reading.sentences[0]
    assert sentence in _first(reading)
    assert best.answer_start is not None
    assert short in best.hit.article.body[best.answer_start : best.answer_end]
    assert best.start <= best.answer_start < (best.answer_end or 0) <= best.end


def test_what_the_paper_does_not_say_is_believed_less_than_what_it_says(reader: Reader) -> None:
    answered = [reader.read(read_question(question), _hits()).answerability for question, _, _ in ANSWERED]
    unanswered = [reader.read(read_question(question), _hits()).answerability for question in UNANSWERED]
    assert min(answered) > max(unanswered) + 0.1
    assert max(unanswered) < 0.25


@pytest.mark.parametrize(
    "form",
    [
        "豆腐工坊每天需要多少村民？",
        "豆腐工坊每天需要多少村民",
        "豆腐工坊每天需要多少村民？？",
        "豆腐工坊每天須要多少村民?",
    ],
)
def test_a_questions_form_does_not_change_its_answer(reader: Reader, form: str) -> None:
    assert "12名村民" in _first(reader.read(read_question(form), _hits()))


def test_every_sentence_of_the_passages_is_scored_once_best_first(reader: Reader) -> None:
    hits = _hits()
    reading = reader.read(read_question("图书馆有多少册书？"), [*hits, hits[0]])
    places = [(s.hit.article.id, s.start) for s in reading.sentences]
    assert len(places) == len(set(places)) == 12
    scores = [s.score for s in reading.sentences]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] <= scores[0] <= 1


def test_no_passages_give_an_empty_reading(reader: Reader) -> None:
    reading = reader.read(read_question("有人吗？"), [])
    assert reading.sentences == ()
    assert reading.answerability == 0


def test_eight_bits_read_as_thirty_two_do_and_as_torch_does(model: PassageModel) -> None:
    import torch
    from safetensors.torch import load_file

    from index import e5
    from scripts.train.network import Network
    from scripts.train.reader import collate, row

    question, text = "清河大桥投资了多少钱？", ARTICLES["清河大桥年底合龙"]
    eight, exact = (m.read(question, [("", text)])[0] for m in (model, PassageModel(bits=32)))
    network = Network(e5.folder())
    trained = load_file(WEIGHTS)
    names = {name.removeprefix("bert."): name for name in network.state()}
    network.load_state_dict(
        {names[name]: value.float() for name, value in trained.items() if name in names}, strict=False
    )
    batch = collate([[row(question, "", text, [], e5.tokenizer(e5.folder()))]])
    with torch.no_grad():
        logits, answers = network(batch.ids, batch.mask, batch.passage)
    inside = batch.passage[0].bool()
    wanted = logits[0][inside].numpy()[-len(exact.first) :]
    np.testing.assert_allclose(np.stack([exact.first, exact.last], axis=1), wanted, atol=1e-3)
    assert exact.answers == pytest.approx(answers.item(), abs=1e-3)
    assert exact.none == pytest.approx(logits[0, 0].sum().item(), abs=1e-3)
    assert np.abs(eight.first - exact.first).max() < 1
    assert eight.best(0, len(text))[1:] == exact.best(0, len(text))[1:]  # type: ignore[index]


def test_the_best_span_is_whole_in_its_sentence_and_not_too_long() -> None:
    starts, ends = np.array([0, 1, 2, 3, 4]), np.array([1, 2, 3, 4, 5])
    first, last = np.array([0, 5, 0, 0, 0], np.float32), np.array([9, 0, 1, 0, 4], np.float32)
    spans = Spans(starts, ends, first, last, none=0, answers=0)
    assert spans.best(0, 5) == (9, 0, 1)
    assert spans.best(1, 5) == (9, 1, 5)
    assert spans.best(1, 5, longest=2) == (6, 1, 3)
    assert spans.best(4, 4) is None
