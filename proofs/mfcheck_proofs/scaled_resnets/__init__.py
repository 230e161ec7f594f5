"""Generalization of Scaled Deep ResNets in the Mean-Field Regime (arXiv 2403.09889), claim by claim."""

from dataclasses import replace

from mfcheck.claims import Claim, Paper
from mfcheck.falsify.variants import merged
from mfcheck_proofs._assemble import falling, with_parts
from mfcheck_proofs.scaled_resnets import (
    ablation,
    assumption_claims,
    assumptions,
    encoder_entropy,
    gram,
    lemma4,
    measured,
    network,
    regime,
    separated_samples,
    sharpness,
    theorem5,
    theorem5_steps,
    theorem6,
)
from mfcheck_proofs.scaled_resnets.attackable import INEQUALITIES, MUST_FALL, NO_INEQUALITY
from mfcheck_proofs.scaled_resnets.audited import with_regimes
from mfcheck_proofs.scaled_resnets.constants import CONSTANTS
from mfcheck_proofs.scaled_resnets.planted import GENERATED
from mfcheck_proofs.scaled_resnets.setting import DEFAULT, PARAMETERS, validate
from mfcheck_proofs.scaled_resnets.simulation import OPTIONS, simulation

CLAIMS: tuple[Claim, ...] = (
    *separated_samples.CLAIMS,
    *assumption_claims.CLAIMS,
    *network.CLAIMS,
    *gram.CLAIMS,
    *lemma4.CLAIMS,
    *theorem5.CLAIMS,
    *theorem5_steps.CLAIMS,
    *encoder_entropy.CLAIMS,
    *theorem6.CLAIMS,
    *ablation.CLAIMS,
    *sharpness.CLAIMS,
    *regime.CLAIMS,
    *measured.CLAIMS,
)


def _completed(claim: Claim) -> Claim:
    """Add the regimes, what can be attacked, and the generated planted errors."""
    own = [replace(e, reading=r.id) for r in claim.readings for e in r.wrong]
    attacked = with_parts(
        with_regimes(claim),
        planted=merged(own, GENERATED.get(claim.id, ()))[len(own) :],
        inequalities=INEQUALITIES.get(claim.id, ()),
    )
    attacked = with_parts(attacked, planted=falling(attacked, MUST_FALL))
    return replace(attacked, no_inequality=claim.no_inequality or NO_INEQUALITY.get(claim.id, ""))


paper = Paper(
    id="scaled-resnets",
    title="Generalization of Scaled Deep ResNets in the Mean-Field Regime",
    authors=(
        "Yihang Chen",
        "Fanghui Liu",
        "Yiping Lu",
        "Grigorios G. Chrysos",
        "Volkan Cevher",
    ),
    source="https://arxiv.org/abs/2403.09889",
    parameters=PARAMETERS,
    default=DEFAULT,
    assumptions=assumptions.ASSUMPTIONS,
    claims=tuple(map(_completed, CLAIMS)),
    validate=validate,
    constants=CONSTANTS,
    simulate=simulation,
    simulation_options=OPTIONS,
    references=(
        "Chen, Liu, Lu, Chrysos, Cevher: Generalization of Scaled Deep ResNets in the Mean-Field Regime. ICLR 2024, "
        "arXiv:2403.09889",
        "Rump: Verification of positive definiteness. BIT 46 (2006) 433-452",
        "Johansson: Arb: efficient arbitrary-precision midpoint-radius interval arithmetic. IEEE Trans. Comput. 66 "
        "(2017) 1281-1292",
        "Donsker, Varadhan: Asymptotic evaluation of certain Markov process expectations for large time. Comm. Pure "
        "Appl. Math. 28 (1975) 1-47",
        "Bartlett, Mendelson: Rademacher and Gaussian complexities. JMLR 3 (2002) 463-482",
    ),
)
