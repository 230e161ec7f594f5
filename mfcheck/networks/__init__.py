"""Random networks of any layer kind: forward, exact backpropagation, Jacobians, empirical kernels."""
