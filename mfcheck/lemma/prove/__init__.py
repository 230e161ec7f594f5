"""The search for a proof or a counterexample; nothing here is trusted."""
