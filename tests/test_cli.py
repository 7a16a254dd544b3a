from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from index.archive import Archive
from index.embedding import Embedder
from scripts.baoda import main

SAMPLE = Path(__file__).resolve().parents[1] / "scripts" / "sample"
ARTICLES = [
    {
        "id": "a1",
        "title": "净菜工坊添人手",
        "body": "今天订单需要3吨青甘蓝……大概需要20名阿姨处理。\n工坊设在东港村。",
        "published": "2024-11-30",
    },
    {
        "id": "a2",
        "title": "图书馆延时开放",
        "body": "县图书馆闭馆时间从晚上八点半推迟到十点。",
        "bylines": [{"role": "记者", "name": "姜予安"}],
    },
]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def baoda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process on an archive of its own; gives (exit status, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BAODA_DATA", str(tmp_path / "archive"))

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["baoda", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        out, err = capfd.readouterr()
        return status, out, err

    return run


@pytest.fixture(scope="session")
def two_articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `articles.jsonl`, and an archive that holds it, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "articles.jsonl").write_text("\n".join(json.dumps(a, ensure_ascii=False) for a in ARTICLES))
    with Archive.open(folder / "archive", embedder=Embedder(), write=True) as archive:
        archive.add([folder / "articles.jsonl"])
    return folder


@pytest.fixture
def filled(baoda: Run, tmp_path: Path, two_articles: Path) -> Run:
    """An archive that holds two articles."""
    shutil.copytree(two_articles, tmp_path, dirs_exist_ok=True)
    return baoda


def listed(run: Run) -> list[dict[str, object]]:
    return [json.loads(line) for line in run("articles", "list", "--json")[1].splitlines()]


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from scripts.baoda import app\n"
        "try: app(['ask', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'faiss', 'jieba', 'sentence_transformers', 'telegram', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--questions" in done.stdout


def test_articles_come_out_in_the_promised_shape(filled: Run) -> None:
    first, second = listed(filled)
    wanted = {
        "id",
        "title",
        "subtitle",
        "bylines",
        "kind",
        "body",
        "paper",
        "published",
        "page",
        "url",
        "source",
        "lines",
    }
    assert wanted <= first.keys()
    assert (first["id"], first["body"], first["published"]) == ("a1", ARTICLES[0]["body"], "2024-11-30")
    assert (first["source"], first["lines"]) == ("articles.jsonl", [[1, 1]])
    assert (second["bylines"], second["published"], second["page"]) == (ARTICLES[1]["bylines"], None, None)


def test_an_answer_is_an_exact_slice_in_the_promised_shape(filled: Run) -> None:
    answer = json.loads(filled("ask", "净菜工坊要用多少人？", "--json")[1])
    assert answer.keys() == {"id", "question", "answered", "answer", "quotes", "differ", "nearest", "took_ms"}
    assert (answer["answered"], answer["answer"]) == (True, "20名")
    bodies = {article["id"]: str(article["body"]) for article in listed(filled)}
    for quote in answer["quotes"]:
        assert quote["text"] == bodies[quote["article_id"]][quote["start"] : quote["end"]]
    first = answer["quotes"][0]
    assert first["text"][first["answer_start"] : first["answer_end"]] == "20名"
    assert {"title", "subtitle", "bylines", "paper", "published", "page", "url", "source", "score"} <= first.keys()


def test_a_file_of_questions_is_answered_line_by_line(filled: Run, tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(
        '{"id": "x", "question": "图书馆几点闭馆？"}\n\n{"id": 7, "question": "市长是谁？"}\n'
    )
    lines = [json.loads(line) for line in filled("ask", "--questions", "q.jsonl", "--json")[1].splitlines()]
    assert [(line["id"], line["answered"]) for line in lines] == [("x", True), (7, False)]
    assert lines[1]["quotes"] == []
    assert lines[1]["answer"] is None


def test_adding_again_changes_nothing_and_a_changed_file_replaces(
    baoda: Run, two_articles: Path, tmp_path: Path
) -> None:
    shutil.copy(two_articles / "articles.jsonl", tmp_path)
    assert baoda("index", "add", "articles.jsonl")[0] == 0
    before = listed(baoda)
    assert baoda("index", "add", "articles.jsonl")[0] == 0
    assert listed(baoda) == before
    (tmp_path / "articles.jsonl").write_text(json.dumps(ARTICLES[0] | {"title": "新标题"}, ensure_ascii=False))
    assert baoda("index", "add", "articles.jsonl")[0] == 0
    assert [(a["id"], a["title"]) for a in listed(baoda)] == [("a1", "新标题")]


def test_the_folder_may_be_named_on_either_side_of_the_command(filled: Run, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert filled("--data", other, "index", "add", "articles.jsonl")[0] == 0
    before, after = filled("--data", other, "articles", "list"), filled("articles", "list", "--data", other)
    assert before == after
    assert "净菜工坊添人手" in after[1]


def bad_inputs(folder: Path) -> dict[str, tuple[list[object], str]]:
    """What is wrong → (arguments, what the message must name)."""
    write = {
        "empty.txt": b"",
        "blank.txt": b" \n\n",
        "binary.txt": bytes(range(256)) * 8,
        "torn.txt": "本报讯 今天".encode()[:-1] + b"\xff\xff\n",
        "seven.jsonl": b'{"id": "x", "body": "y"}\n' * 0
        + b"".join(b'{"id": "n%d", "body": "y"}\n' % n if n != 7 else b'{"id": "n7", "body"\n' for n in range(1, 11)),
        "bodyless.jsonl": b'{"id": "x", "title": "t"}\n',
        "questions.jsonl": b'{"id": 1, "question": "a"}\n{"id": 2, "question": "  "}\n',
        "broken_questions.jsonl": b'{"id": 1, "question": "a"}\n{"id": 2,\n',
    }
    for name, content in write.items():
        (folder / name).write_bytes(content)
    (folder / "hollow").mkdir()
    return {
        "empty file": (["index", "add", "empty.txt"], "empty.txt"),
        "blank file": (["index", "add", "blank.txt"], "blank.txt"),
        "binary file": (["index", "add", "binary.txt"], "binary.txt"),
        "no encoding": (["index", "add", "torn.txt"], "torn.txt"),
        "empty folder": (["index", "add", "hollow"], "hollow"),
        "missing path": (["index", "add", "nowhere.txt"], "nowhere.txt"),
        "good then bad": (["index", "add", "articles.jsonl", "nowhere.txt"], "nowhere.txt"),
        "impossible date": (["index", "add", "articles.jsonl", "--date", "2024-13-40"], "2024-13-40"),
        "broken JSON": (["index", "add", "seven.jsonl"], "line 7"),
        "no body": (["index", "add", "bodyless.jsonl"], "body"),
        "no question": (["ask", ""], "empty"),
        "long question": (["ask", "长" * 5000], "5,000"),
        "neither question nor file": (["ask"], "question"),
        "blank question in a file": (["ask", "--questions", "questions.jsonl"], "question 2"),
        "broken file of questions": (["ask", "--questions", "broken_questions.jsonl"], "line 2"),
        "missing file of questions": (["ask", "--questions", "nowhere.jsonl"], "nowhere.jsonl"),
        "no such article": (["articles", "show", "zzz"], "zzz"),
    }


@pytest.mark.parametrize("case", [
    "empty file", "blank file", "binary file", "no encoding", "empty folder", "missing path", "good then bad", "impossible date", "broken JSON",
    "no body", "no question", "long question", "neither question nor file", "blank question in a file", "broken file of questions",
    "missing file of questions", "no such article",
])  # fmt: skip
def test_bad_input_is_one_line_and_leaves_the_archive_as_it_was(filled: Run, tmp_path: Path, case: str) -> None:
    before = listed(filled)
    arguments, named = bad_inputs(tmp_path)[case]
    status, out, err = filled(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("baoda: ")
    assert err.count("\n") == 1
    assert named in err
    assert listed(filled) == before


@pytest.mark.parametrize("arguments", [["ask", "图书馆几点闭馆"], ["index", "status"], ["articles", "list"]])
def test_no_index_yet_is_said_with_what_to_do(baoda: Run, tmp_path: Path, arguments: list[str]) -> None:
    status, _, err = baoda(*arguments)
    assert status == 2
    assert "baoda index add" in err
    assert not (tmp_path / "archive").exists()


def test_an_unknown_model_is_named(filled: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAODA_EMBEDDING_MODEL", "/no/such/model")
    status, _, err = filled("ask", "图书馆几点闭馆")
    assert status == 2
    assert "/no/such/model" in err
    assert err.count("\n") == 1


def test_a_data_folder_that_cannot_be_written_is_named(baoda: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "a.jsonl").write_text('{"id": "x", "body": "正文。"}')
    status, _, err = baoda("--data", tmp_path / "file" / "archive", "index", "add", "a.jsonl")
    assert status == 2
    assert "file/archive" in err
    assert err.count("\n") == 1


def test_a_setting_out_of_range_is_named(baoda: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAODA_STRICTNESS", "7")
    status, _, err = baoda("ask", "谁")
    assert status == 2
    assert "BAODA_STRICTNESS" in err


def test_gb18030_is_read(baoda: Run, tmp_path: Path) -> None:
    page = (SAMPLE / "yundu-2025-03-18-02.txt").read_text()
    (tmp_path / "old.txt").write_bytes(page.encode("gb18030"))
    assert baoda("index", "add", "old.txt")[0] == 0
    assert any("银发专窗" in str(article["title"]) for article in listed(baoda))


def test_without_an_archive_what_was_asked_is_no_question_and_no_file_is_made(baoda: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "nowhere"):
        status, _, said = baoda("asked", "--data", tmp_path / folder)
        assert (status, "there is no archive here" in said) == (2, True)
    assert list((tmp_path / "empty").iterdir()) == []
