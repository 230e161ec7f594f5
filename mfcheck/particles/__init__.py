"""Particle solvers for the mean-field gradient flow, with an error for each number."""
