"""Draw the pictures of the gallery from the reviews of an atlas: `python docs/images/gallery.py ATLAS`."""

import sys
from pathlib import Path

from mfcheck.claims.record import Plot, Review
from mfcheck.report.figures import write_figure

CHOSEN = {
    "transient-chaos": "Order below, chaos above the critical line",
    "edge-of-chaos": "Edges of chaos: order below, chaos above",
    "resnet-chaos": "Logarithm of the gradient in depth",
    "unified-field": "Fluctuations of the kernel, n Var C_a at infinite width",
    "quantized": "Gap at the best step",
    "generalization-gap": "test error over eps_R against N/P",
    "clt": "Density of sqrt(N) (m^N - E m^N) and the Gaussian limit",
    "landscape": "Least risk of a point mass and of two radii, d = infinity",
    "multilayer-fluctuations": "N Var of the output over time",
    "sgd-phases": "Risk of the authors' example",
    "dmft": "Early stopping",
    "rntk-scaling": "The limit kernel along the clock T = L alpha^2",
}
"""Title of the plot, by paper."""
HERE = Path(__file__).parent


def plots_of(review: Review) -> dict[str, Plot]:
    """Return the plots of a review by their titles."""
    checks = [check for claim in review.claims for check in claim.checks]
    return {plot.title: plot for check in checks for plot in check.plots}


def main(atlas: Path) -> None:
    """Write one SVG file for each chosen plot."""
    for paper, title in CHOSEN.items():
        review = Review.model_validate_json((atlas / paper / "review.json").read_bytes())
        write_figure(plots_of(review)[title], HERE / f"gallery_{paper}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
