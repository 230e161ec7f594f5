"""Papers as claims: one package per paper, found through the entry points `mfcheck.papers`."""
