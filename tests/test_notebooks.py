"""Each notebook runs from top to bottom within a minute, and is kept without its outputs."""

import importlib.util
import os
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
SECONDS = 60
INSTALLED = all(map(importlib.util.find_spec, ("nbclient", "nbformat", "ipykernel")))
needs_jupyter = pytest.mark.skipif(
    not INSTALLED and "MFCHECK_EXTRAS" not in os.environ,
    reason="needs the extra `notebooks`; MFCHECK_EXTRAS=1 makes its absence a failure",
)


def test_there_are_five_notebooks() -> None:
    assert [path.name[:3] for path in NOTEBOOKS] == ["01-", "02-", "03-", "04-", "05-"]


@needs_jupyter
@pytest.mark.filterwarnings("ignore")  # of Jupyter's own libraries; a notebook has its own process
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        assert cell.get("outputs", []) == [], "strip the outputs"
        assert cell.get("execution_count") is None, "strip the outputs"
    began = time.monotonic()
    NotebookClient(
        notebook,
        timeout=2 * SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
    assert time.monotonic() - began < SECONDS
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("text/html" in output.get("data", {}) for output in shown) or path.stem[:2] in (
        "02",
        "04",
    )
    streams = "".join(o.text for o in shown if o.output_type == "stream" and o.name == "stderr")
    assert "Warning" not in streams, streams
