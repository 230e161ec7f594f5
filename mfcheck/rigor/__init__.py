"""Rigorous arithmetic: enclosures, certified eigenvalues, certificates."""
