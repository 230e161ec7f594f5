"""Kernels of residual and fully connected ReLU networks of any depth: fast, accurate, and certified."""
