"""Views of a finished review: terminal, HTML, Markdown, JSON."""
