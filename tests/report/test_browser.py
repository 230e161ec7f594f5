"""The report in a real browser: no console message, no request, no sideways scrolling."""

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mfcheck.claims.record import PowerRecord, Review
from mfcheck.report.html import render_html

CHROMIUM = shutil.which("chromium")
FRAME = """<!DOCTYPE html><title>frame</title><iframe id="f" style="border:0" width="{width}" height="900"
 srcdoc="{page}"></iframe><p id="out"></p><script>
const frame = document.getElementById("f");
frame.onload = () => {{
  const inner = frame.contentDocument, root = inner.documentElement;
  const box = id => inner.getElementById(id).getBoundingClientRect();
  document.getElementById("out").textContent = [
    "width", root.clientWidth, "scroll", root.scrollWidth,
    "math", inner.querySelector("math").getBoundingClientRect().width > 0,
    "graph", inner.querySelector("svg.graph a") !== null && [...inner.querySelectorAll("svg.graph a")].every(
      a => a.getBoundingClientRect().height > 10 && inner.getElementById(a.getAttribute("href").slice(1))),
    "plots", [...inner.querySelectorAll("svg.plot")].filter(p => p.getBoundingClientRect().width > 200).length,
    "columns", [...inner.querySelectorAll("figure details")].every(d => {{
      d.open = true;
      return [...d.querySelectorAll("table")].every(t => [...t.tHead.rows[0].cells].every(
        (h, k) => h.getBoundingClientRect().left === t.tBodies[0].rows[0].cells[k].getBoundingClientRect().left));
    }}),
    "order", box("summary").top < box("findings").top && box("findings").top < box("claims").top,
    "fetched", performance.getEntriesByType("resource").length
      + frame.contentWindow.performance.getEntriesByType("resource").length,
  ].join(" ");
}};
</script>"""


PRINTED = """<!DOCTYPE html><title>frame</title><iframe id="f" style="border:0" width="{width}" height="900"
 srcdoc="{page}"></iframe><p id="out"></p><script>
const frame = document.getElementById("f");
frame.onload = () => {{
  const inner = frame.contentDocument;
  const height = e => Math.round(e.getBoundingClientRect().height);
  document.getElementById("out").textContent = [
    "graph", inner.querySelector("svg.graph").getAttribute("height"), height(inner.querySelector("svg.graph")),
    "formulas", [...inner.querySelectorAll(".formulas summary")].map(height).join(" "),
    "columns", [...inner.querySelectorAll("figure summary")].map(height).join(" "),
  ].join(" ");
}};
</script>"""


def dump(page: Path, home: Path) -> tuple[str, list[str]]:
    """Return the page after loading, and what the console said."""
    done = subprocess.run(
        [
            CHROMIUM or "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
            "--hide-scrollbars",
            "--window-size=1400,1000",
            f"--user-data-dir={home}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def look(page: str, width: int, folder: Path, frame: str = FRAME) -> tuple[str, list[str]]:
    """Return what a frame of that width shows, and what the console said."""
    file = folder / "frame.html"
    file.write_text(frame.format(width=width, page=html.escape(page, quote=True)), encoding="utf-8")
    dom, console = dump(file, folder / "home")
    found = re.search(r'<p id="out">(.*?)</p>', dom)
    assert found is not None
    return found[1], console


@pytest.mark.skipif(CHROMIUM is None, reason="needs the chromium command")
def test_desktop_and_phone(review: Review, power: PowerRecord, tmp_path: Path) -> None:
    page = render_html(review, power)
    for width in (1280, 390):
        seen, console = look(page, width, tmp_path)
        assert (
            seen
            == f"width {width} scroll {width} math true graph true plots 2 columns true order true fetched 0"
        )
        assert console == []
    spoilt = page.replace(
        "</main>", '<img src="https://127.0.0.1:1/x.png"><p style="width: 900px">wide</p></main>'
    )
    seen, console = look(spoilt, 390, tmp_path)
    assert "scroll 390" not in seen
    assert any("Content Security Policy" in line for line in console)


@pytest.mark.skipif(CHROMIUM is None, reason="needs the chromium command")
def test_on_paper_a_graph_is_not_blown_up_and_a_folded_formula_is_named(
    review: Review, tmp_path: Path
) -> None:
    first = review.claims[0]
    long = first.readings[0].but(formulas={"square": "+".join(["x"] * 1000)})
    claims = (first.but(readings=(long,)), *review.claims[1:])
    page = render_html(review.but(claims=claims))
    paper = page.replace("@media print", "@media all")
    assert paper != page
    seen, _ = look(paper, 700, tmp_path, PRINTED)
    found = re.fullmatch(r"graph (\d+) (\d+) formulas (\d+) columns ([0 ]+)", seen)
    assert found is not None, seen
    own, shown, name = map(int, found.groups()[:3])
    assert shown <= min(own, 700)
    assert name > 10
