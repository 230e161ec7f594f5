"""An answer with its certificate, which is checked before it is given."""

from dataclasses import replace

from mfcheck.lemma.answer import Answer
from mfcheck.lemma.certificate import accepts, problem_stated
from mfcheck.lemma.proof import NoProofError, Writer
from mfcheck.lemma.prove.budget import Budget, SpentError


def certified(answer: Answer, budget: Budget) -> Answer:
    """Return an answer with a certificate that is accepted, or with the reason why there is none."""
    claim = dict(answer.certificate or {})
    if not claim or (claim["proof"] is not None and accepts(claim)):
        return answer
    try:
        claim["proof"] = Writer(budget).problem(problem_stated(claim))
        reason = "" if accepts(claim) else "what was written down is not accepted"
    except NoProofError as error:
        reason = str(error)
    except (SpentError, RecursionError):
        reason = "writing the proof down takes longer than the time given"
    return replace(answer, certificate=None if reason else claim, uncovered=reason)
