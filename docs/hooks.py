"""What the site is built with beside mkdocs: formulas as MathML, and pages made from the program itself.

Formulas stand between `$` signs (or `$$` for displays), as in the records of a review, and are converted by the code
of the reports: the site needs neither a script nor a server to show them.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer
from mkdocs.exceptions import PluginError

from mfcheck import catalog, commands
from mfcheck.claims import Claim, Paper, record
from mfcheck.report.mathml import to_mathml
from mfcheck.sweep import record as sweep

_CODE = re.compile(
    r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)[ \t]*$|`[^`\n]+`", re.DOTALL | re.MULTILINE
)
_MATH = re.compile(
    r"\$\$(.+?)\$\$|(?<![\\$\w])\$(?=[^\s$])([^$\n]+?(?:\n[^$\n]+?)?)(?<=[^\s\\])\$(?![\d$])",
    re.DOTALL,
)
_COMMANDS = "<!-- commands -->"
_PAPERS = "<!-- papers -->"
_SCHEMA = re.compile(r"<!-- schema (\w+) -->")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in generated parts, and put a mark for each formula, which Markdown must not read."""
    markdown = markdown.replace(_COMMANDS, _commands())
    if _PAPERS in markdown:
        markdown = markdown.replace(_PAPERS, _papers())
    markdown = _SCHEMA.sub(lambda match: _schema(match[1]), markdown)
    page.meta["formulas"] = formulas = []
    parts, end = [], 0
    for match in _CODE.finditer(markdown):
        parts += [_marked(markdown[end : match.start()], formulas), match[0]]
        end = match.end()
    return "".join([*parts, _marked(markdown[end:], formulas)])


def _marked(text: str, formulas: list[str]) -> str:
    def mark(match: re.Match[str]) -> str:
        shown = str(to_mathml(match[1] or match[2], block=match[1] is not None))
        if not shown.startswith("<math"):
            raise PluginError(f"a formula that cannot be converted: {match[0]}")
        formulas.append(shown)
        return f"XformulaX{len(formulas) - 1}X"

    return _MATH.sub(mark, text)


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Put the formulas in the place of their marks."""
    formulas = page.meta["formulas"]
    return re.sub(r"XformulaX(\d+)X", lambda match: formulas[int(match[1])], html)


def _commands() -> str:
    main = typer.main.get_command(commands.app)
    parts = []
    for name, command in main.commands.items():  # type: ignore[attr-defined]
        context = command.make_context(name, ["--help"], resilient_parsing=True)
        context.info_name = f"mfcheck {name}"
        parts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _papers() -> str:
    papers = [catalog.load(id) for id in sorted(catalog.entries())]
    head = "| paper | claims | verdicts of the first reading | constants |\n|---|---|---|---|\n"
    rows = [
        f"| [{paper.title}](#{paper.id}) | {len(paper.claims)} | {_tally(paper)} | {len(paper.constants)} |"
        for paper in papers
    ]
    return head + "\n".join(rows) + "\n\n" + "\n".join(map(_paper, papers))


def _tally(paper: Paper) -> str:
    counts = Counter(str(_verdict(paper, claim)) for claim in paper.claims)
    return _listed(f"{number} {verdict}" for verdict, number in counts.most_common())


def _verdict(paper: Paper, claim: Claim) -> str:
    """Return what the first reading of a claim is expected to get."""
    return paper.verdicts.get(f"{claim.id}/{claim.readings[0].id}", "unchecked")


def _paper(paper: Paper) -> str:
    """Return the entry of a paper: where its mathematics is, what it offers, and a table of its claims."""
    planted = sum(len(claim.planted) for claim in paper.claims)
    theory = next(Path("docs/theory").glob(f"{paper.id}*.md"))
    offers = [f"Derivations: [{theory.stem}](theory/{theory.name}). {planted} planted errors."]
    if paper.constants:
        offers.append(f"Constants: {_listed(f'`{c.id}`' for c in paper.constants)}.")
    if paper.experiments:
        offers.append(f"Experiments: {_listed(f'`{e.id}`' for e in paper.experiments)}.")
    lines = [
        f"## {paper.title} {{ #{paper.id} }}",
        f"`{paper.id}`, <{paper.source}>, {_listed(paper.authors)}.",
        paper.summary,
        *offers,
        "| claim | wording | kinds of checks | verdict |\n|---|---|---|---|\n"
        + "\n".join(_row(paper, claim) for claim in paper.claims),
    ]
    return "\n\n".join(lines) + "\n"


def _row(paper: Paper, claim: Claim) -> str:
    kinds = _listed(dict.fromkeys(check.kind.value for check in claim.checks))
    title = claim.title.replace("|", "\\|")
    return f"| {title} (`{claim.id}`) | {claim.known.value} | {kinds} | {_verdict(paper, claim)} |"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _schema(name: str) -> str:
    room = record if hasattr(record, name) else sweep
    schema = getattr(room, name).model_json_schema()
    text = json.dumps(schema, indent=1, ensure_ascii=False)
    return f'??? note "JSON schema"\n\n    ```json\n{re.sub("^", "    ", text, flags=re.MULTILINE)}\n    ```\n'
