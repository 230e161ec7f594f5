"""Unified field theoretical approach to deep and recurrent neuronal networks (arXiv 2112.05589).

h^0 = W_in x + xi^0 and h^a = W^a phi(h^(a-1)) + xi^a. A deep network (DNN) draws W^a and xi^a anew in every layer, a
recurrent one (RNN) uses one W and one vector xi, here also in layer 0. K^(ab) is the limit of h^a.h^b/n in the width n,
C_a = |phi(h^a)|^2/n, and v_a the limit of n Var C_a.

W is needed only on the activations, never W^T. On orthonormal directions it is independent Gaussian vectors, also where
a direction depends on earlier images: so W is drawn direction by direction, exactly at every width.
"""

import math

from mfcheck.checks import Draws, Option, Paper, Setting, Simulated, Trial, setting_of, simulation
from mfcheck.errors import InputError
from mfcheck.statistics import mean_of, variance_of
from mfcheck.symbolic.activation import activation
from mfcheck_proofs.unified_field.fluctuations import relu_claim, spread_claim
from mfcheck_proofs.unified_field.kernels import CONSTANTS, PARAMETERS
from mfcheck_proofs.unified_field.layers import cross_claim, equal_claim, vanishing
from mfcheck_proofs.unified_field.networks import measure, net_of
from mfcheck_proofs.unified_field.recurrent import anchor_claim, larger_claim, order_claim

# --- the paper -------------------------------------------------------------------------------------------------------


def validate(setting: Setting) -> None:
    """Refuse inputs whose overlap exceeds their norm."""
    if abs(setting["overlap"]) > setting["input_norm"]:
        raise InputError("the overlap of the inputs must be at most input_norm in size")


def simulate(trial: Trial) -> Simulated:
    """Networks of the setting's width: kernels of `layer` and `other_layer`, and n Var C at `layer`."""
    setting, depth, width = trial.setting, trial.setting.integer("layer"), trial.setting.integer("width")
    other, tied = setting.integer("other_layer"), setting.choice("weights") in ("tied", "rnn")
    if width > 20_000 or depth > 100:
        raise InputError("networks are simulated up to width 20000 and layer 100")
    nets = trial.count("replicates", 20, 10**6)
    trial.say(f"{nets} networks of width {width}, {depth} layers, {'one W for all layers' if tied else 'W anew'}")
    alone, pair = net_of(setting, depth, tied, 1), net_of(setting, depth, tied)
    kinds = {
        "networks of one input": Draws(nets, lambda rng, n: measure(alone, rng, n, width), least=8),
        "networks of two inputs": Draws(max(20, nets // 5), lambda rng, n: measure(pair, rng, n, width)),
    }
    one, two = trial.samples(kinds).values()
    final = {"kernel_equal": mean_of(two[f"P {depth}"])}
    notes = ["Means over networks of this width: nothing is extrapolated."]
    if other < depth:
        final["kernel_cross"] = mean_of(one[f"K {depth} {other}"])
    else:
        notes.append("kernel_cross needs other_layer < layer.")
    final["n_var"] = variance_of(math.sqrt(width) * one[f"C {depth}"])
    return Simulated(final, notes=tuple(notes))


OPTIONS = (Option("replicates", "10000", "networks"),)
paper = Paper(
    id="unified-field",
    title="Unified field theoretical approach to deep and recurrent neuronal networks",
    summary=(
        "One mean-field theory describes deep and recurrent networks: read out at a single layer or time both "
        "have the same Gaussian kernel, corrections of order $1/n$ depend on the architecture, and recurrent "
        "networks converge more slowly in the width $n$."
    ),
    authors=(
        "Kai Segadlo",
        "Bastian Epping",
        "Alexander van Meegen",
        "David Dahmen",
        "Michael Krämer",
        "Moritz Helias",
    ),
    source="https://arxiv.org/abs/2112.05589",
    parameters=PARAMETERS,
    default=setting_of(PARAMETERS, activation("relu")),
    validate=validate,
    claims=(equal_claim, cross_claim, vanishing, spread_claim, relu_claim, larger_claim, anchor_claim, order_claim),
    constants=CONSTANTS,
    simulate=simulation(simulate, OPTIONS),
    verdicts={
        "equal-layers/strict": "refuted",
        "equal-layers/charitable": "supported",
        "cross-layers/stated": "supported",
        "cross-layers-vanish/any": "refuted",
        "cross-layers-vanish/odd": "supported",
        "fluctuations/stated": "supported",
        "relu-fluctuations/stated": "proved",
        "recurrent-fluctuates-more/any": "refuted",
        "recurrent-fluctuates-more/relu": "supported",
        "linear-anchor/stated": "proved",
        "next-order/stated": "supported",
    },
    references=(
        "Segadlo, Epping, van Meegen, Dahmen, Krämer, Helias: Unified field theoretical approach to deep and recurrent "
        "neuronal networks. J. Stat. Mech. 2022, arXiv:2112.05589",
        "Yang: Scaling limits of wide neural networks with weight sharing. arXiv:1902.04760",
    ),
)
