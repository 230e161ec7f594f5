"""The paper on knots of wide ReLU networks: its module, the Gibbs minimiser, and the limit of zero temperature."""
