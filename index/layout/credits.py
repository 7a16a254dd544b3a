"""Bylines: which lines are one, and whom they credit with what."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.models import Byline, Line

_REPORTER = (
    "(?:本报|本网|本台|本刊)?(?:见习|实习|首席|特约|特派|高级|资深|摄影|文字|全媒体|融媒体|融媒)?记者|"
    "(?<![一-鿿])[一-鿿]{1,4}[报社网台]记者"
)
_COMMENTATOR = "(?:本报|本网|本台|本刊)?(?:特约|特邀)?评论员"
_ROLES = (
    f"{_REPORTER}|{_COMMENTATOR}|通讯员|实习生|摄影报道|摄影|摄|制图|图表|绘图|插图|漫画|航拍|图片|图|文|"
    "报道|整理|统筹|策划|执笔|编辑|编译|采写|撰稿|供稿|作者|讲述|口述|撰文|供图"
)
MARKS = "■●◆□▲△▼◎○◇★☆"
"""What a byline, a column's name or an item of a digest may begin with."""
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石"
    "戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武洪莫孔汤向常温康施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申"
    "欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古"
    "吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
)
_COMPOUND = re.compile("欧阳|上官|司马|诸葛|夏侯|皇甫|尉迟|公孙|慕容|令狐|司徒|东方|端木|长孙|宇文")
_COLUMNS = frozenset(
    [
        "关注",
        "聚焦",
        "时评",
        "观察",
        "热线",
        "要闻",
        "综合",
        "视点",
        "声音",
        "简讯",
        "短讯",
        "链接",
        "新闻",
        "资讯",
        "提醒",
        "提示",
        "专题",
        "专栏",
        "评论",
    ]
)
_ROLE = re.compile(rf"(?:{_ROLES})(?:[/、·](?:{_ROLES}))*")
_BEGINS = re.compile(rf"^[{MARKS}]?(?:{_ROLE.pattern})[:：/]?")
_NAME = re.compile(r"[一-鿿·]{2,8}")
_SPACED_ROLES = re.compile(r"(?<![一-鿿])(记|摄|制|供|撰|绘|通)\s+(者|影|图|文|讯员)(?![一-鿿])")
_WORKS = "摄影报道|摄影|摄|制图|绘图|漫画|航拍|图|文|报道|供稿|撰文|供图"
_CLOSING_ROLE = re.compile(rf"\s(?:{_WORKS})(?:[/、](?:{_WORKS}))*$|(?<=[一-鿿]{{2}})(?:摄影报道|摄影|摄|制图|供图)$")
_GLUED = re.compile("(?:记者|通讯员|实习生|作者|摄影|摄|制图|绘图|供图)$")
# 本报讯（记者 王小明 通讯员 李四）, and （记者 王小明） behind the last full stop.
_INLINE = re.compile(rf"[（(](?:{_ROLES})[^（()）。]{{2,40}}[)）]")
_OPINION = re.compile("评论员|^.{0,4}(?:评论|时评|社论|短评|锐评|快评|热评|漫评|来论|时论|言论|杂谈)(?:文章)?$")


def is_byline(text: str) -> bool:
    """Tell whether a line is a byline and nothing else: roles and names, names and a role, or ■ and names."""
    shown = _SPACED_ROLES.sub(r"\1\2", _unwrapped(text))
    content = "".join(shown.split())
    if not 3 <= len(content) <= 60 or re.search("[。！？；“”，]|[一-鿿]摄(?!影)[一-鿿]", shown):
        return False  # 记者王强摄开幕式: a caption runs on
    plain = content.lstrip(MARKS)
    if re.fullmatch(_COMMENTATOR, plain) or (plain != content and _are_names(shown.lstrip(MARKS))):
        return plain not in _COLUMNS
    shown = shown.lstrip(MARKS).strip()
    if not _BEGINS.match("".join(shown.split())):
        closing = _CLOSING_ROLE.search(shown)
        return closing is not None and _are_names(shown[: closing.start()], strict=True)
    role = _ROLE.match(shown)
    if role is None:
        return False
    behind = shown[role.end() : role.end() + 1]
    if "一" <= behind <= "鿿" and not (behind in _SURNAMES and _GLUED.search(role.group())):
        return False  # 记者观察, 图说天下
    words = [word for word in re.split(r"[\s　、/:：]+", _ROLE.sub(" ", shown, count=8).strip()) if word]
    return bool(words) and all(re.fullmatch(r"[一-鿿·]{1,4}|[一-鿿]{2,4}·[一-鿿·]{2,10}", word) for word in words)


def is_column(content: str) -> bool:
    """Tell whether a line without white space is the name of a column (栏目): 【改革故事】, ·改革故事· or ■民生热线."""
    marked = re.fullmatch(rf"【([^】]{{2,10}})】|·([^·]{{2,10}})·|[{MARKS}]([一-鿿“”]{{2,6}})", content)
    return marked is not None and not is_byline(content)


def _unwrapped(text: str) -> str:
    """The text of a line without the brackets around all of it."""
    content = text.strip()
    within = content[1:-1]
    return within.strip() if re.fullmatch(r"[（(][^（()）]+[)）]", content) and _ROLE.search(within) else content


def _are_names(text: str, *, strict: bool = False) -> bool:
    """Whether a text is one to four names of two or three characters; a first one may be a pen name, if not `strict`."""
    words = _together(text.strip())
    return 1 <= len(words) <= 4 and all(
        (re.fullmatch("[一-鿿]{2,3}", word) is not None and (word[0] in _SURNAMES or (at == 0 and not strict)))
        or (len(word) == 4 and _COMPOUND.match(word) is not None)
        for at, word in enumerate(words)
    )  # fmt: skip


def names_apart(text: str) -> str:
    """Put spaces between roles and names that a scan runs together (记者杨艳斌龚英), where surnames tell them apart."""
    content = "".join(text.split())
    mark = content[: len(content) - len(content.lstrip(MARKS))]
    parts: list[str] = []
    rest = content[len(mark) :]
    while rest:
        role = _ROLE.match(rest)
        if role is None:
            return text
        end = next((found.start() for found in _ROLE.finditer(rest, role.end()) if len(found.group()) > 1), len(rest))
        names = _split_names(rest[role.end() : end].lstrip(":："))
        if not names:
            return text
        parts += [role.group(), *names]
        rest = rest[end:]
    return mark + " ".join(parts) if parts else text


def _split_names(text: str) -> list[str] | None:
    if not text:
        return []
    for size in (3, 2):
        if text[0] in _SURNAMES and len(text) >= size:
            rest = _split_names(text[size:])
            if rest is not None:
                return [text[:size], *rest]
    return None


def is_photo(text: str) -> bool:
    """Tell whether a byline group credits a picture alone."""
    return "摄" in text and "记者" not in text.replace("摄影记者", "") and "通讯员" not in text


def parts(line: Line) -> list[Line]:
    """Part a byline from what stands in the same row before it; columns stay what they are."""
    for mark in re.finditer(
        rf"(?<=\S)\s*(?=[{MARKS}]\s?\S)|(?<=\S)\s+(?=(?:本报|见习|实习)?记\s?者[\s:：])", line.text
    ):
        rest = line.text[mark.end() :]
        if is_byline(rest) and not is_byline(line.text) and not re.search("[。，]$", line.text[: mark.start()]):
            behind = " " * mark.end() + rest
            return [
                line.model_copy(update={"text": line.text[: mark.start()]}),
                line.model_copy(update={"text": behind}),
            ]
    return [line]


def is_name(text: str) -> bool:
    """Tell whether a line holds names alone, as the second line of a byline group does."""
    content = text.strip()
    return len("".join(content.split())) <= 12 and all(re.fullmatch(r"[一-鿿]{1,3}", part) for part in content.split())


def goes_on(text: str, before: str) -> bool:
    """Whether a byline goes on the group of the one before it: names alone, or a role that is named second."""
    content = _SPACED_ROLES.sub(r"\1\2", text.strip())
    if is_name(text) and not _BEGINS.match("".join(text.split())):
        return True
    first = _ROLE.match(content)
    if first is not None and "文" in first.group() and _ROLE.search(before):
        return False
    return first is not None and "记者" not in first.group() and not ("摄" in first.group() and "摄" in before)


def bylines(texts: Sequence[str]) -> tuple[Byline, ...]:
    """The people of a byline group; one-character parts of letter-spaced names are put together (陶 冶).

    Names stand behind their role, or, where the group begins with a name and ends with a role, before it (王强 摄).
    """
    role = ""
    found: list[Byline] = []
    for text in texts:
        content = _SPACED_ROLES.sub(r"\1\2", text.strip().strip("（）()").lstrip(MARKS).strip())
        if not _BEGINS.match(content):
            content = _CLOSING_ROLE.sub(lambda found: f" {found.group().strip()}", content)
        if re.fullmatch(_COMMENTATOR, content):  # it stands for a name
            found.append(Byline(role="", name=content))
            continue
        marks = _role_marks(content)
        if marks and marks[0].start() > 0 and not found and not content[marks[-1].end() :].strip():
            for start, mark in zip([0, *(mark.end() for mark in marks)], marks, strict=False):
                names = _names(content[start : mark.start()])
                found += [Byline(role=mark.group(), name=name) for name in names]
            continue
        at = 0
        for mark in marks:
            found += [Byline(role=role, name=name) for name in _names(content[at : mark.start()])]
            role, at = mark.group(), mark.end()
        found += [Byline(role=role, name=name) for name in _names(content[at:])]
    return tuple(found)


def inline(first: str, last: str) -> tuple[Byline, ...]:
    """The people credited in brackets in the lead (本报讯（记者 王小明）) or behind the last sentence.

    `first` and `last` are how a body begins and ends, with the spaces that its lines have.
    """
    lead = re.match(r"[^。，（]{0,20}?(?:讯|电)?\s*(?P<credit>" + _INLINE.pattern + ")", first)
    end = re.search(f"(?:{_INLINE.pattern})\\s*$", last)
    if lead or end:
        return bylines([lead["credit"] if lead else end.group() if end else ""])
    signed = re.search("[。！？”]\\s*[（(]([^（()）。]{2,14})[)）]\\s*$", last)
    return bylines([signed[1]]) if signed and _are_names(signed[1], strict=True) else ()


def _role_marks(content: str) -> list[re.Match[str]]:
    """Roles stand at the beginning, or behind white space or a name that is over (王强 摄)."""
    found = []
    for mark in _ROLE.finditer(content):
        before = content[: mark.start()]
        if len(mark.group()) == 1 and before and re.search(r"\S$|(?:^|\s)\S\s*$", before):
            continue  # a given name may hold 文 or 图
        found.append(mark)
    return found


def _names(content: str) -> list[str]:
    """Names in a text; those that a line's end or a scan runs together are told apart by their surnames."""
    names: list[str] = []
    for word in _together(content):
        apart = _split_names(word) if len(word) > 3 and "·" not in word and not _COMPOUND.match(word) else None
        names += apart or [word]
    return [name for name in names if _NAME.fullmatch(name)]


def _together(content: str) -> list[str]:
    """Words of a text, one-character ones put together."""
    words: list[str] = []
    held = ""
    for part in re.split(r"[\s　、,，:：/]+", content.strip()):
        if len(part) == 1 and not held:
            held = part
        else:
            words.append(held + part)
            held = ""
    return [word for word in [*words, held] if word]


def is_opinion(*told: str | None) -> bool:
    """Whether a column's name, a kicker or a credit says that an article is commentary: 评论, 本报评论员."""
    return any(_OPINION.search("".join(text.split()).strip("【】[]■●◆□▲")) for text in told if text)
