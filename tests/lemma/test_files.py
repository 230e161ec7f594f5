from pathlib import Path

import pytest

from mfcheck.errors import InputError
from mfcheck.lemma.definitions import read_definitions
from mfcheck.lemma.files import is_file_of_lemmas, read_lemmas

TOML = """
[[lemma]]
id = "log"
statement = "log(1 + x) >= x - x**2/2"
for = "x >= 0"
expect = "certified"

[[lemma]]
statement = "f(x) <= x"
for = ["x >= 0", "y real"]
where = "y > x"
def = "f(x) = tanh(x)"
note = "Lemma 3"
"""

MARKDOWN = """
# Lemmas

```lemma log
log(1 + x) >= x - x**2/2
for: x >= 0
expect: certified
```

```python
x = 1
```

~~~lemma
for some C: abs(tanh(x))
   <= C*abs(x)
for: x real
where: x > 1
where: x < 5
note: two lines
~~~
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_toml(tmp_path: Path) -> None:
    one, two = read_lemmas(written(tmp_path, "a.toml", TOML))
    assert (one.id, one.line, one.domain, one.expect) == ("log", 2, ("x >= 0",), "certified")
    assert (two.id, two.line, two.domain) == ("lemma-2", 8, ("x >= 0", "y real"))
    assert (two.where, two.definitions, two.note) == (("y > x",), ("f(x) = tanh(x)",), "Lemma 3")


def test_markdown(tmp_path: Path) -> None:
    one, two = read_lemmas(written(tmp_path, "a.md", MARKDOWN))
    assert (one.id, one.line, one.expect) == ("log", 4, "certified")
    assert one.statement == "log(1 + x) >= x - x**2/2"
    assert (two.id, two.line) == ("line-14", 14)
    assert two.statement.split() == ["for", "some", "C:", "abs(tanh(x))", "<=", "C*abs(x)"]
    assert (two.where, two.note) == (("x > 1", "x < 5"), "two lines")


def test_windows_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"\xef\xbb\xbf" + MARKDOWN.replace("\n", "\r\n").encode())
    assert [one.id for one in read_lemmas(path)] == ["log", "line-14"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "", "no lemma in it"),
        ("a.toml", "x = ", "not TOML"),
        ("a.toml", "title = 'x'", "unknown key 'title'"),
        ("a.toml", "[lemma]\nstatement = 'x'", "two brackets"),
        ("a.toml", "[[lemma]]\nid = 'x'", "a.toml:1: there is no statement"),
        ("a.toml", "[[lemma]]\nstatement = 3", "a.toml:1: statement must be a text"),
        ("a.toml", "[[lemma]]\nstatement = 'x'\nfor = [1]", "for must be a text, or a list"),
        ("a.toml", "\n[[lemma]]\nstatement = 'x'\nwhen = 'y'", "a.toml:2: unknown key 'when'"),
        ("a.toml", "[[lemma]]\nstatement = 'x'\nexpect = 'true'", "unknown verdict 'true'"),
        ("a.toml", "[[lemma]]\nstatement = 'x'\nid = '../x y'", "has other signs"),
        ("a.toml", TOML + TOML, "a.toml:15: the id 'log' is that of line 2"),
        ("a.md", "nothing", "no lemma in it"),
        ("a.md", "```lemma\nx >= 0\n", "a.md:1: this fence is not closed"),
        ("a.md", "```lemma\nx >= 0\nwher: x > 1\n```\n", "a.md:3: unknown key 'wher'"),
        ("a.md", "```lemma\nx\nid: a\nid: b\n```\n", "a.md:4: id is given twice"),
        ("a.md", "```lemma b\nx\nid: a\n```\n", "the id is given twice"),
        ("a.md", "```lemma\nx\nstatement: y\n```\n", "the statement is given twice"),
        ("a.md", "```lemma\nfor: x real\n```\n", "there is no statement"),
        ("a.tex", "$x$", "no lemma in it"),
        ("a.tex", "$x$\n\n% mfcheck: x real", "line 3: no formula right before"),
        ("a.tex", "$x$ % mfcheck: wheer: x real", "a.tex:1: unknown key 'wheer'"),
        ("a.txt", "x", "files of lemmas end with"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_line(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_lemmas(written(tmp_path, name, text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_lemmas(tmp_path / "a.toml")
    with pytest.raises(InputError, match="cannot read"):
        read_lemmas(tmp_path / "none.toml")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(InputError, match="cannot read"):
        read_lemmas(tmp_path / "folder.md")


def test_endings_tell_files_from_statements() -> None:
    assert is_file_of_lemmas("a/b.TEX")
    assert not is_file_of_lemmas("x >= 0")


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["f = x"], "write 'f"),
        (["f(x) = "], "nothing behind"),
        (["exp(x) = x"], "has a meaning already"),
        (["f(x) = x", "f(x) = 2*x"], "has a meaning already"),
        (["f(x) = f(x) + 1"], "by itself"),
        (["f(x, x) = x"], "parameters are names"),
        (["f(2) = x"], "parameters are names"),
        (["f(x) = x", "g(x) = f(x, x)"], "f takes 1 argument"),
        (
            [
                "f(x) = x + x",
                *(f"f{k}(x) = f{k - 1 or ''}(f{k - 1 or ''}(x))" for k in range(1, 9)),
            ],
            "more than",
        ),
    ],
)
def test_definitions_that_cannot_be(texts: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_definitions(texts)
