"""mfcheck: a referee's workbench for theory papers on mean-field neural networks."""

__version__ = "0.1.0"
