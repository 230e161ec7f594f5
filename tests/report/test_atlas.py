import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mfcheck.claims.record import ConstantRecord, Estimate, Interval, Review, TwinRecord
from mfcheck.report.atlas import Entry, render_atlas, searched, topics
from mfcheck.report.crossings import crossings

CHROMIUM = shutil.which("chromium")


def constant(review: Review, id: str, low: str, high: str, **more: object) -> ConstantRecord:
    fields = {"formula": id, "depends_on": (), **more}
    return review.constants[0].but(id=id, value=Interval(lower=low, upper=high), **fields)


def holding(review: Review, paper: str, *constants: ConstantRecord, **setting: str) -> Review:
    return review.but(paper=paper, constants=constants, setting={"parameters": setting})


def pairs(one: Review, two: Review) -> list[tuple[str, str]]:
    return [(c.shared, c.answer) for c in crossings([one, two])]


def test_one_formula_has_one_number(review: Review) -> None:
    tight = constant(review, "a", "2.2214", "2.2215", formula="pi/sqrt(2)")
    same = constant(review, "b", "2.22144", "2.22145", formula="pi/sqrt(2)")
    off = constant(review, "c", "2.3", "2.4", formula="pi/sqrt(2)")
    assert pairs(holding(review, "one", tight), holding(review, "two", same)) == [
        ("formula", "agree")
    ]
    assert pairs(holding(review, "one", tight), holding(review, "two", off)) == [
        ("formula", "differ")
    ]


@pytest.mark.parametrize(("beta", "expected"), [("2", [("name", "differ")]), ("3", [])])
def test_other_inputs_are_not_held_against_a_paper(
    review: Review, beta: str, expected: list[tuple[str, str]]
) -> None:
    one = holding(review, "one", constant(review, "C", "1", "2", depends_on=("beta",)), beta="2")
    two = holding(review, "two", constant(review, "C", "5", "6", depends_on=("beta",)), beta=beta)
    assert pairs(one, two) == expected


def test_numbers_are_recognised_by_ten_digits_but_not_short_ones(review: Review) -> None:
    def pair(low: str, high: str) -> list[tuple[str, str]]:
        one = holding(review, "one", constant(review, "a", low, high))
        return pairs(one, holding(review, "two", constant(review, "b", low, high)))

    assert pair("0.300105438719035", "0.300105438719036") == [("value", "same digits")]
    assert pair("0.2499999999999999", "0.2500000000000001") == []
    assert pair("0.30010", "0.30011") == []
    assert pair("0.66666666666666", "0.66666666666667") == []
    assert pair("-1e-30", "1e-30") == []


def test_estimates_are_compared_beyond_their_errors(review: Review) -> None:
    def of(value: float) -> ConstantRecord:
        return constant(review, "E", "0", "1").but(value=Estimate(value=value, error=0.1))

    assert pairs(holding(review, "one", of(1.0)), holding(review, "two", of(1.15))) == [
        ("name", "agree")
    ]
    assert pairs(holding(review, "one", of(1.0)), holding(review, "two", of(1.3))) == [
        ("name", "differ")
    ]


def test_a_topic_is_a_word_of_two_titles(review: Review) -> None:
    titles = {
        "one": "Chaos in residual networks",
        "two": "Residual convergence",
        "three": "Batches",
    }
    entries = [Entry(review.but(paper=p, title=t), f"{p}/report.html") for p, t in titles.items()]
    assert topics(entries) == {"one": ["residual"], "two": ["residual"], "three": []}


def test_formulas_are_found_as_they_are_read_and_as_tex() -> None:
    found = searched("Let $\\lambda_{\\min}$ be")
    assert "λ_min" in found
    assert "\\lambda_{\\min}" in found


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def test_hostile_records_bring_no_script(hostile: st.SearchStrategy[Review]) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(hostile)
    def check(review: Review) -> None:
        page = render_atlas([Entry(review, f"{review.paper}/report.html")], {"<b>": "<i>"})
        tags = Tags()
        tags.feed(page)
        assert tags.names.count("script") == 1
        assert "img" not in tags.names
        assert not any(a.startswith("javascript:") for a in tags.addresses)

    check()


def test_the_atlas_links_the_pages_of_papers(review: Review) -> None:
    page = render_atlas([Entry(review, "a paper/report.html")], {"broken": "no such module"})
    assert page == render_atlas(
        [Entry(review, "a paper/report.html")], {"broken": "no such module"}
    )
    assert 'href="a%20paper/report.html"' in page
    assert "no such module" in page
    assert page.count("data-verdicts=") >= len(review.claims) + len(review.constants)


PROBE = """
<p id="out"></p><script>
const frame = document.createElement("iframe");
frame.width = WIDTH; frame.height = 900; frame.style.border = 0;
frame.onload = () => {
  const inner = frame.contentDocument, root = inner.documentElement;
  const shown = () => [...inner.querySelectorAll("article.paper")].filter(p => !p.hidden).length;
  const put = (id, value) => {
    inner.getElementById(id).value = value;
    inner.getElementById(id).dispatchEvent(new frame.contentWindow.Event("input"));
  };
  const seen = [shown()];
  put("words", "zzzz"); seen.push(shown());
  put("words", "lemma"); seen.push(shown());
  put("words", ""); put("verdict", "refuted"); seen.push(shown());
  document.getElementById("out").textContent = JSON.stringify(
    {width: root.clientWidth, scroll: root.scrollWidth, seen: seen});
};
frame.srcdoc = PAGE;
document.body.append(frame);
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs the chromium command")
@pytest.mark.parametrize("width", [1280, 390])
def test_search_and_filters_work_in_a_browser(review: Review, width: int, tmp_path: Path) -> None:
    other = review.but(paper="other", title="Nothing of note", claims=(), constants=())
    page = render_atlas([Entry(review, "one/report.html"), Entry(other, "other/report.html")])
    quoted = json.dumps(page).replace("</", "<\\/")
    file = tmp_path / "probe.html"
    file.write_text(
        "<!DOCTYPE html><meta charset=utf-8><body>"
        + PROBE.replace("WIDTH", str(width)).replace("PAGE", quoted),
        encoding="utf-8",
    )
    command = [CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--window-size=1400,1000", f"--user-data-dir={tmp_path / 'home'}"]
    done = subprocess.run(
        [*command, "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = re.search(r'<p id="out">(.*?)</p>', done.stdout)
    assert found is not None
    said = json.loads(found[1])
    assert said["width"] == said["scroll"] == width
    assert said["seen"] == [2, 0, 1, 1]


def test_twins_are_shown_with_both_values_and_reasons(review: Review) -> None:
    value, other = Interval(lower="1.5", upper="1.6"), Interval(lower="1.7", upper="1.8")
    whole = TwinRecord(
        paper="one",
        constant="a",
        other_paper="two",
        other_constant="b",
        where={"v": "9/4"},
        value=value,
        other_value=other,
        agree=False,
    )
    lost = whole.but(value=None, other_value=None, agree=None, reason="no such <paper>")
    page = render_atlas([Entry(review, "one/report.html")], twins=[whole, lost])
    assert "differ</th>" in page
    assert "v=9/4" in page
    assert "no answer: no such &lt;paper&gt;" in page


def test_twins_are_not_shown_twice(review: Review) -> None:
    entries = [
        Entry(
            holding(review, paper, constant(review, id, "0.300105438719035", "0.300105438719036")),
            "p",
        )
        for paper, id in (("one", "a"), ("two", "b"))
    ]
    twin = TwinRecord(paper="two", constant="b", other_paper="one", other_constant="a", where={})
    assert "same digits</td>" in render_atlas(entries)
    assert "same digits</td>" not in render_atlas(entries, twins=[twin])
