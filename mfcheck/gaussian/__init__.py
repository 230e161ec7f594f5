"""Gaussian expectations of activations, length and correlation maps, Hermite expansions; as balls and as floats."""
