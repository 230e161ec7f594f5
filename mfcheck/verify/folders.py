"""Which files of a folder are certificates; only the standard library is needed."""

from pathlib import Path

FOLDER, FILE, RUN = "certificates", "certificate.json", "run.json"
"""Where a run keeps its certificates, the name of that of a counterexample, and what the folder of a run holds."""


def certificates_in(path: Path) -> list[Path]:
    """Return the files to be checked: a file itself, or those below a folder, sorted.

    A run keeps other records beside its certificates, and these in folders of a name of their own. In a folder that
    no run made, every `.json` file is taken for a certificate, so that a damaged one is not passed over.
    """
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*.json") if not file.is_dir())
    inner = [file.relative_to(path) for file in files]
    kept = [path / file for file in inner if FOLDER in file.parts[:-1] or file.name == FILE]
    of_a_run = any(file.name == RUN for file in files)
    return kept if kept or of_a_run else files
