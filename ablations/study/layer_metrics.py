"""What is recorded of each layer at an observed epoch, declared once: ``layers.jsonl`` and tags.

Gradients and updates are those of a layer's kernel, measured at the sampled train steps of the
epoch; activations are those of the probe batch, in inference mode, after the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class LayerMetric:
    """One number of a layer: a key of its entry in a line of ``layers.jsonl``."""

    name: str
    label: str
    percent: bool = False
    logarithmic: bool = False
    """Whether it spans orders of magnitude, and so is drawn on a logarithmic axis."""


GRADIENT_NORM = "gradient_norm"
"""‖∂L/∂W‖₂ before clipping, of what is minimized, the mean over the epoch's sampled steps."""
UPDATE_RATIO = "update_ratio"
"""‖ΔW‖₂ / ‖W‖₂, a step's change of the kernel over what it was before, the mean as above."""
SATURATED_SHARE = "saturated_share"
"""Share of units that saturate on at least 95% of the probe batch; see ``Activation.saturation``.

Left out where the activation does not saturate."""
DEAD_SHARE = "dead_share"
"""Share of units that are zero on the whole probe batch; left out where units cannot die."""
ACTIVATION_MEAN = "activation_mean"
ACTIVATION_DEVIATION = "activation_deviation"
"""Mean and standard deviation of all activations of the layer on the probe batch."""

_DECLARED = (
    LayerMetric(GRADIENT_NORM, "gradient norm", logarithmic=True),
    LayerMetric(UPDATE_RATIO, "update-to-weight ratio", logarithmic=True),
    LayerMetric(SATURATED_SHARE, "share of saturated units", percent=True),
    LayerMetric(DEAD_SHARE, "share of dead units", percent=True),
    LayerMetric(ACTIVATION_MEAN, "mean activation"),
    LayerMetric(ACTIVATION_DEVIATION, "standard deviation of the activations"),
)
LAYER_METRICS: Mapping[str, LayerMetric] = MappingProxyType(
    {metric.name: metric for metric in _DECLARED}
)
