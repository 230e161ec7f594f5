"""Exact mathematics in SymPy: activations, Gaussian expectations, the graph of constants."""
