import re
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import escape

from mfcheck.claims.record import Curve, Plot, Review
from mfcheck.report.plots import describe, draw
from mfcheck.report.strokes import SERIES, drawable, is_marked, stroke


def plot(*curves: Curve, **changes: object) -> Plot:
    plain = {"id": "p", "title": "T", "x_label": "x", "y_label": "y", "curves": curves}
    return Plot.model_validate(plain | changes)


def test_equal_plots_give_equal_svg(review: Review) -> None:
    for claim in review.claims:
        for check in claim.checks:
            for picture in check.plots:
                assert draw(picture, "p1-") == draw(picture, "p1-")


def test_ids_carry_the_prefix_and_are_unique() -> None:
    svg = draw(plot(Curve(label="a", x=(1, 2, 3), y=(1, 2, 1), error=(0.1, 0.1, 0.1))), "p7-").svg
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert len(set(ids)) == len(ids)
    assert all(id.startswith("p7-") for id in ids)
    assert set(re.findall(r'href="#([^"]*)"', svg)) <= set(ids)


def test_nothing_is_fetched_and_nothing_leaks_into_the_page() -> None:
    svg = draw(plot(Curve(label="a", x=(1, 2), y=(1, 2))), "p-").svg
    for forbidden in ("url(", "<style", "<metadata", "http", "<image", "clip"):
        assert forbidden not in svg


def test_colours_are_names_of_the_style_sheet() -> None:
    curves = [Curve(label=str(i), x=(1, 2), y=(i, i + 1)) for i in range(SERIES)]
    svg = draw(plot(*curves), "p-").svg
    assert set(re.findall(r"#[0-9a-fA-F]{6}\b", svg)) == set()
    for i in range(SERIES):
        assert f"var(--s{i})" in svg


def test_error_bars_and_bands_are_drawn() -> None:
    few = Curve(label="a", x=(1, 2, 3), y=(1, 2, 1), error=(0.5, 0.5, 0.5))
    many = Curve(label="b", x=tuple(range(90)), y=tuple(range(90)), error=(1.0,) * 90)
    assert "LineCollection" in draw(plot(few), "p-").svg
    assert "fill-opacity: 0.22" in draw(plot(many), "p-").svg
    bare = draw(plot(few.but(error=None)), "p-").svg
    assert "LineCollection" not in bare


def test_a_larger_error_gives_longer_bars() -> None:
    def lengths(error: float) -> list[float]:
        curve = Curve(label="a", x=(1.0, 2.0, 3.0), y=(0.0, 10.0, 5.0), error=(0.1, error, 0.1))
        svg = draw(plot(curve), "p-").svg
        bars = svg.split("LineCollection_1", 1)[1].split("</g>", 1)[0]
        pairs = re.findall(r"M [\d.]+ ([\d.]+)\s+L [\d.]+ ([\d.]+)", bars)
        return [abs(float(a) - float(b)) for a, b in pairs]

    assert lengths(2.0)[1] > 5 * lengths(0.2)[1]


def test_points_that_a_log_axis_cannot_show_are_counted() -> None:
    curve = Curve(label="a", x=(0, 1, 2, 3), y=(1, -1, 2, 3))
    assert drawable(plot(curve, x_log=True, y_log=True), curve).omitted == 2
    assert draw(plot(curve, x_log=True, y_log=True), "p-").omitted == 2
    assert draw(plot(curve), "p-").omitted == 0


def test_nothing_to_draw_gives_no_svg() -> None:
    assert draw(plot(), "p-").svg == ""
    assert draw(plot(Curve(label="a", x=(0,), y=(0,)), y_log=True), "p-").svg == ""


def test_curves_differ_by_more_than_colour() -> None:
    assert len({stroke(i) for i in range(24)}) == 24
    neighbours = [stroke(i) for i in range(4)]
    assert len({s.dash for s in neighbours}) == 4


def test_only_few_measured_values_carry_markers() -> None:
    assert is_marked(Curve(label="a", x=(1,), y=(1,), style="points"))
    assert is_marked(Curve(label="a", x=(1,), y=(1,), error=(1,)))
    assert not is_marked(Curve(label="a", x=(1,), y=(1,)))
    assert not is_marked(Curve(label="a", x=(1,), y=(1,), error=(1,), style="bound"))


class Tags(HTMLParser):
    """Names of all elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") or name == "src" for name, _ in attrs)
        self.tags.add(tag)


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_any_plot_is_drawn(plots: st.SearchStrategy[Plot], data: st.DataObject) -> None:
    picture = data.draw(plots)
    drawing = draw(picture, "p-")
    shown = sum(len(drawable(picture, curve).x) for curve in picture.curves)
    assert bool(drawing.svg) == bool(shown)
    assert Tags(drawing.svg).tags <= {"svg", "g", "path", "defs", "use"}
    assert not drawing.svg or f'aria-label="{escape(describe(picture))}"' in drawing.svg
