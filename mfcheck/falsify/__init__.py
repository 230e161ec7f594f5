"""Settings as Hypothesis strategies, and planted errors that checks must reject."""
