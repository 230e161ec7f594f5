"""Sweeps: the checks and constants of a paper over a grid of settings, kept in one file that survives anything."""
