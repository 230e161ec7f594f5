"""Random networks of any layer kind: forward, exact backpropagation, Jacobians, empirical kernels.

Layers are drawn for many nets at once (`dense`, `ring`, ...), composed (`Chain`, `Residual`, `Network`) and run; a
`Trace` answers for states, cotangents, tangents and curves. `at_widths` makes estimates of infinite width from
replicates, `depth_limit` and `depth_exponent` laws in depth.
"""

from mfcheck.networks.conditional import gaussian_images, stable_images, unit_row_images
from mfcheck.networks.depth import (
    DepthLimit,
    depth_exponent,
    depth_limit,
    geometric_depths,
)
from mfcheck.networks.draws import (
    dense,
    dense_orthogonal,
    dense_stable,
    ring,
    ring_delta_orthogonal,
    weight_norm,
)
from mfcheck.networks.fisher import fisher_eigenvalues, gradient_gram
from mfcheck.networks.gate import Gate
from mfcheck.networks.linear import Affine, RingConvolution
from mfcheck.networks.maps import Chain, Local, Map, Residual, Use
from mfcheck.networks.measures import (
    correlation_gap,
    correlations,
    covariances,
    cross_covariances,
    log_gradient_norms,
    second_moments,
    squared_norms,
)
from mfcheck.networks.network import Network, Trace, propagate, redrawn
from mfcheck.networks.normalise import BatchNorm
from mfcheck.networks.pointwise import Pointwise, pointwise, stair
from mfcheck.networks.recursions import iterate, iterate_balls, relu_gap
from mfcheck.networks.samplers import (
    gaussian,
    haar,
    pairs_of_columns,
    symmetric_stable,
    unit_rows,
)
from mfcheck.networks.spectra import (
    jacobian,
    participation,
    probed_moments,
    relative_variance,
    singular_values,
    spectral_moments,
)
from mfcheck.networks.stable_averages import rough_places, stable_average
from mfcheck.networks.widths import at_widths, chunked, exp_of, limits, log_of

__all__ = [
    "Affine",
    "BatchNorm",
    "Chain",
    "DepthLimit",
    "Gate",
    "Local",
    "Map",
    "Network",
    "Pointwise",
    "Residual",
    "RingConvolution",
    "Trace",
    "Use",
    "at_widths",
    "chunked",
    "correlation_gap",
    "correlations",
    "covariances",
    "cross_covariances",
    "dense",
    "dense_orthogonal",
    "dense_stable",
    "depth_exponent",
    "depth_limit",
    "exp_of",
    "fisher_eigenvalues",
    "gaussian",
    "gaussian_images",
    "geometric_depths",
    "gradient_gram",
    "haar",
    "iterate",
    "iterate_balls",
    "jacobian",
    "limits",
    "log_gradient_norms",
    "log_of",
    "pairs_of_columns",
    "participation",
    "pointwise",
    "probed_moments",
    "propagate",
    "redrawn",
    "relative_variance",
    "relu_gap",
    "ring",
    "ring_delta_orthogonal",
    "rough_places",
    "second_moments",
    "singular_values",
    "spectral_moments",
    "squared_norms",
    "stable_average",
    "stable_images",
    "stair",
    "symmetric_stable",
    "unit_row_images",
    "unit_rows",
    "weight_norm",
]
