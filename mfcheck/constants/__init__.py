"""The graph of constants of a paper: orders, certified values, certificates."""
