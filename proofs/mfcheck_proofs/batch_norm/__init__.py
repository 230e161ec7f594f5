"""A mean field theory of batch normalization (arXiv 1902.08129).

z' = W phi(BN(z)) for a batch of B inputs at infinite width. At the permutation symmetric fixed point BN(z) is uniform on the
sphere of radius sqrt(B) in the hyperplane of mean zero: one coordinate has a Gegenbauer weight, two have the correlation
rho = -1/(B-1). Squared gradients grow by `rate` > 1 in every layer.
"""

from mfcheck.checks import Option, Paper, Simulated, Trial, setting_of, simulation
from mfcheck.errors import InputError
from mfcheck.networks import limits
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.batch_norm.fixed_point import fixed_point_claim, relu_point
from mfcheck_proofs.batch_norm.gegenbauer import LARGEST, PARAMETERS
from mfcheck_proofs.batch_norm.networks import trained
from mfcheck_proofs.batch_norm.rates import explosion, rate_claim
from mfcheck_proofs.batch_norm.rectifier import eigenvalues, relu_rate
from mfcheck_proofs.batch_norm.values import CONSTANTS

# --- the paper -------------------------------------------------------------------------------------------------------


def simulate(trial: Trial) -> Simulated:
    """Random networks of the setting, with exact gradients through mean and deviation of the batch."""
    setting = trial.setting
    width, depth, batch = (setting.integer(n) for n in ("width", "depth", "batch"))
    if batch > LARGEST:
        raise InputError(f"networks are drawn for batch <= {LARGEST}, got {batch}")
    nets = trial.count("replicates", 2, 1000)
    trial.say(f"{nets} networks of width {width} and of {width // 2}, {depth} layers, batch {batch}")
    measure = trained(setting.activation, batch, depth)
    found = limits(trial.at_sizes("networks of width", (width // 2, width), nets, measure))
    first, last = max(3, depth // 5), depth - max(2, depth // 10)
    note = f"The rate is the slope of log squared gradient norms from layer {first} to {last}; the correction 1/N is removed."
    return Simulated(found, notes=(note,))


OPTIONS = (Option("replicates", "8", "networks at each width"),)
paper = Paper(
    id="batch-norm",
    title="A mean field theory of batch normalization",
    authors=("Greg Yang", "Jeffrey Pennington", "Vinay Rao", "Jascha Sohl-Dickstein", "Samuel S. Schoenholz"),
    source="https://arxiv.org/abs/1902.08129",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("tanh")),
    claims=(fixed_point_claim, relu_point, rate_claim, explosion, relu_rate, eigenvalues),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "fixed-point/stated": "certified",
        "fixed-point/attracts": "unchecked",
        "relu-fixed-point/stated": "proved",
        "rate/stated": "certified",
        "explosion/strict": "refuted",
        "explosion/charitable": "proved",
        "relu-rate/stated": "proved",
        "forward-eigenvalues/stated": "proved",
        "forward-eigenvalues/as-scanned": "refuted",
    },
    references=(
        "Yang, Pennington, Rao, Sohl-Dickstein, Schoenholz: A mean field theory of batch normalization. ICLR 2019, "
        "arXiv:1902.08129",
        "Yang: Scaling limits of wide neural networks with weight sharing. arXiv:1902.04760",
    ),
)
