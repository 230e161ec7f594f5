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
    verdicts={
        "assumption-1-iid/stated": "refuted",
        "assumption-1-iid/cap-formula": "supported",
        "assumption-1-iid/every-law": "supported",
        "assumption-1-iid/repeated-point": "proved",
        "assumption-2-measures/stated": "proved",
        "assumption-3-activation/stated": "certified",
        "ode-well-posed/stated": "supported",
        "ode-depth-discretisation/stated": "supported",
        "functional-derivatives/stated": "proved",
        "gradient-flows/stated": "proved",
        "gram-dynamics/stated": "proved",
        "gram-psd/stated": "proved",
        "initialisation/stated": "proved",
        "hermite-gram/stated": "proved",
        "kl-rate/stated": "proved",
        "lemma-4-first/stated": "proved",
        "lemma-4-second/strict": "refuted",
        "lemma-4-second/charitable": "certified",
        "theorem-5-loss/stated": "supported",
        "theorem-5-kl-tau/stated": "supported",
        "theorem-5-kl-tau/leading-order": "supported",
        "theorem-5-kl-nu/stated": "supported",
        "theorem-5-kl-nu/sharp-order": "supported",
        "theorem-5-movement/stated": "supported",
        "theorem-5-movement/encoder": "supported",
        "theorem-5-spectrum/stated": "supported",
        "theorem-5-kl-nu-limit/stated": "supported",
        "theorem-6-rademacher/stated": "supported",
        "theorem-6-composition/stated": "gap",
        "theorem-6-composition/repaired": "supported",
        "theorem-6-scaling/stated": "gap",
        "theorem-6-final/stated": "vacuous",
        "theorem-6-final/explicit": "vacuous",
        "theorem-5-ablation/encoder-frozen": "supported",
        "theorem-5-ablation/head-frozen": "proved",
        "theorem-5-ablation/shares": "supported",
        "theorem-5-ablation/encoder-removed": "supported",
        "theorem-5-threshold/stated": "supported",
        "theorem-5-regime/stated": "supported",
        "theorem-5-regime/symmetry": "supported",
        "theorem-5-regime/kernel": "supported",
        "theorem-5-regime/features": "supported",
        "theorem-5-regime/trajectory": "supported",
        "theorem-5-regime/small-beta": "supported",
        "theorem-6-measured/stated": "supported",
    },
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
