"""Libraries of proofs that the tests of a module share, built once."""

from pathlib import Path

import pytest

from mfcheck import rocq


@pytest.fixture(scope="module")
def libraries(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `libraries.v`, those that the module names in `LIBRARIES`, and what `coqc` made of it."""
    folder = tmp_path_factory.mktemp("rocq")
    source = Path(rocq.__file__).parent
    texts = [
        (source / f"{name}.v").read_text(encoding="utf-8") for name in request.module.LIBRARIES
    ]
    file = folder / "libraries.v"
    file.write_text("\n".join(texts), encoding="utf-8")
    done = rocq.run_coqc(file, 600)
    assert done.returncode == 0, done.stderr
    return folder
