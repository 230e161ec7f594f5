"""References of a review as BibTeX: the paper, the methods that its checks rest on, and the libraries that ran."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from mfcheck.claims.record import Review
from mfcheck.report.tex import plain
from mfcheck.report.text import one_line

Fields = Mapping[str, str]

_ARXIV = re.compile(r"\barXiv[: ]\s?(\d{4}\.\d{4,5})|arxiv\.org/abs/(\d{4}\.\d{4,5})", re.I)
_DOI = re.compile(r"\bdoi:\s?(10\.\d{4,9}/[\w./()-]*\w)", re.I)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_PARTS = re.compile(r"(?P<author>[^:]{2,200}): (?P<title>[^.?!]{3,300}[.?!]?) ?(?P<rest>.*)")

LIBRARIES: Mapping[str, tuple[str, str, Fields]] = MappingProxyType(
    {
        "flint": (
            "misc",
            "flint",
            {"author": "{The FLINT team}", "title": "FLINT: Fast Library for Number Theory",
             "url": "https://flintlib.org"},
        ),
        "python-flint": (
            "article",
            "arb",
            {"author": "Johansson, Fredrik",
             "title": "Arb: efficient arbitrary-precision midpoint-radius interval arithmetic",
             "journal": "IEEE Transactions on Computers", "volume": "66", "number": "8",
             "pages": "1281--1292", "year": "2017", "doi": "10.1109/TC.2017.2690633"},
        ),
        "sympy": (
            "article",
            "sympy",
            {"author": "Meurer, Aaron and others", "title": "SymPy: symbolic computing in Python",
             "journal": "PeerJ Computer Science", "volume": "3", "pages": "e103", "year": "2017",
             "doi": "10.7717/peerj-cs.103"},
        ),
        "mpmath": (
            "misc",
            "mpmath",
            {"author": "{The mpmath development team}",
             "title": "mpmath: a Python library for arbitrary-precision floating-point arithmetic",
             "url": "https://mpmath.org"},
        ),
        "numpy": (
            "article",
            "numpy",
            {"author": "Harris, Charles R. and others", "title": "Array programming with NumPy",
             "journal": "Nature", "volume": "585", "pages": "357--362", "year": "2020",
             "doi": "10.1038/s41586-020-2649-2"},
        ),
        "scipy": (
            "article",
            "scipy",
            {"author": "Virtanen, Pauli and others",
             "title": "SciPy 1.0: fundamental algorithms for scientific computing in Python",
             "journal": "Nature Methods", "volume": "17", "pages": "261--272", "year": "2020",
             "doi": "10.1038/s41592-019-0686-2"},
        ),
        "numba": (
            "inproceedings",
            "numba",
            {"author": "Lam, Siu Kwan and Pitrou, Antoine and Seibert, Stanley",
             "title": "Numba: a LLVM-based Python JIT compiler",
             "booktitle": "Proceedings of the Second Workshop on the LLVM Compiler Infrastructure in HPC",
             "year": "2015", "doi": "10.1145/2833157.2833162"},
        ),
    }
)  # fmt: skip
"""Kind, key and fields of each library whose version a review records."""


def render_bibtex(review: Review) -> str:
    """Return one entry for each reference; equal records give equal text."""
    taken: set[str] = set()
    parts = [_entry("misc", "mfcheck", _tool(review), taken), *_works(review, taken)]
    for name, version in sorted(review.versions.items()):
        if name in LIBRARIES:
            kind, key, fields = LIBRARIES[name]
            note = {"note": plain(f"version {version}")}
            parts.append(_entry(kind, key, {**fields, **note}, taken))
    return "\n\n".join(parts) + "\n"


def _tool(review: Review) -> Fields:
    title = "mfcheck: a referee's workbench for theory papers on mean-field neural networks"
    return {"title": title, "note": plain(f"version {review.mfcheck}")}


def _works(review: Review, taken: set[str]) -> Iterator[str]:
    """Yield the paper, if no reference names it, and the references."""
    title = one_line(review.title)
    if title and not any(title in one_line(reference) for reference in review.references):
        yield _entry("misc", "paper", _located(review.source, {"title": plain(title)}), taken)
    for reference in review.references:
        fields = _fields(one_line(reference))
        yield _entry("misc", _key(reference), fields, taken)


def _fields(reference: str) -> Fields:
    found = _PARTS.fullmatch(reference)
    if found is None:
        return _located(reference, {"note": plain(reference)})
    authors = " and ".join(part.strip() for part in found["author"].split(","))
    fields = {"author": plain(authors), "title": plain(found["title"].rstrip("."))}
    if found["rest"]:
        fields["howpublished"] = plain(found["rest"].rstrip("."))
    return _located(reference, fields)


def _located(text: str, fields: Fields) -> Fields:
    """Add year, arXiv id and DOI where the text has them."""
    more = dict(fields)
    if years := _YEAR.findall(_ARXIV.sub("", text)):
        more["year"] = years[-1]
    if match := _ARXIV.search(text):
        more |= {"eprint": match[1] or match[2], "archiveprefix": "arXiv"}
    if match := _DOI.search(text):
        more["doi"] = plain(match[1])
    return more


def _key(reference: str) -> str:
    name = re.match(r"[A-Za-z]+", one_line(reference))
    year = _YEAR.findall(_ARXIV.sub("", reference))
    return (name[0].lower() if name else "reference") + (year[-1] if year else "")


def _entry(kind: str, key: str, fields: Fields, taken: set[str]) -> str:
    unique = next(
        k for n in range(len(taken) + 1) if (k := key if not n else f"{key}-{n + 1}") not in taken
    )
    taken.add(unique)
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{unique},", *lines, "}"])
