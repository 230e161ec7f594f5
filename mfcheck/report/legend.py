"""What the words beside numbers mean, in one place for the terminal, the reports and the help; it imports nothing."""

LEGEND = (
    "x ± e: e is the error, the half-width of an interval that holds the truth with probability 0.95 unless another is "
    "said, biases and rounding included; without noise it is a bound.",
    "Enclosures are certified to hold the truth; width is their upper minus their lower bound.",
    "Slack is the side that should be larger over the other, as a factor; the error beside it is that of both sides "
    "together.",
)
