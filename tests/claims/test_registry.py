from importlib.metadata import EntryPoint

import pytest

from mfcheck.claims import load_paper, paper_ids, registry
from mfcheck.errors import InputError


def install(monkeypatch: pytest.MonkeyPatch, **targets: str) -> None:
    entries = {name: EntryPoint(name, target, registry.GROUP) for name, target in targets.items()}
    monkeypatch.setattr(registry, "_entries", lambda: entries)


def test_the_paper_of_this_distribution_is_installed() -> None:
    assert "scaled-resnets" in paper_ids()


def test_ids_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, b="x:y", a="x:y")
    assert paper_ids() == ("a", "b")


def test_an_unknown_paper_is_refused_with_those_known(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, b="x:y", a="x:y")
    with pytest.raises(InputError, match="unknown paper 'c'; installed: a, b"):
        load_paper("c")
    install(monkeypatch)
    with pytest.raises(InputError, match="installed: none"):
        load_paper("c")


@pytest.mark.parametrize("target", ["math:pi", "mfcheck.claims:Paper"])
def test_an_entry_that_names_no_paper_is_a_defect(
    monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    install(monkeypatch, a=target)
    with pytest.raises(TypeError, match="does not name a paper"):
        load_paper("a")
