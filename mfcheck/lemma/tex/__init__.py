"""A statement in TeX: its words, its ranges, where it stands in a source, and what it says in plain text."""
