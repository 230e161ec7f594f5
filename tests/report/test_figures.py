import re

from mfcheck.claims.record import Curve, Plot
from mfcheck.report.figures import svg


def plot(**changes: object) -> Plot:
    curve = Curve(label="$\\alpha = 1$", x=(1, 10), y=(2, 3), error=(0.1, 0.2), style="points")
    bound = Curve(label="bound", x=(1, 10), y=(1, 4), style="bound")
    plain = {"id": "p", "title": "T", "x_label": "x", "y_label": "y", "curves": (curve, bound)}
    return Plot.model_validate(plain | changes)


def test_a_figure_is_whole_and_repeatable() -> None:
    text = svg(plot())
    assert text == svg(plot())
    assert text.rstrip().endswith("</svg>")
    assert "<dc:date>" not in text
    assert "legend_1" in text
    assert not re.search(r"[ \t]$", text, re.M)


def test_scales_change_the_figure() -> None:
    assert svg(plot(x_log=True, y_log=True)) != svg(plot())


def test_a_plot_without_points_is_drawn_all_the_same() -> None:
    assert "</svg>" in svg(plot(curves=(Curve(label="a", x=(), y=()),), y_log=True))
