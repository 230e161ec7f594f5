"""Polynomials in several variables on boxes, decided in exact arithmetic."""
