"""Flows of training and of depth, and their errors."""
