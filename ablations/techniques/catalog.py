"""Every technique there is, in one visible place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ablations.study.technique import Family
from ablations.techniques.activations import ACTIVATIONS
from ablations.techniques.augmentation import AUGMENTATIONS
from ablations.techniques.clipping import CLIPPINGS
from ablations.techniques.constraints import CONSTRAINTS
from ablations.techniques.initializers import INITIALIZERS
from ablations.techniques.label_smoothing import LABEL_SMOOTHINGS
from ablations.techniques.losses import LOSSES
from ablations.techniques.measures import MEASURES
from ablations.techniques.models import MODELS
from ablations.techniques.normalization import NORMALIZATIONS
from ablations.techniques.optimizers import OPTIMIZERS
from ablations.techniques.precision import PRECISIONS
from ablations.techniques.pretraining import PRETRAININGS
from ablations.techniques.regularization import REGULARIZATIONS
from ablations.techniques.schedules import SCHEDULES
from ablations.techniques.stopping import STOPPINGS
from ablations.techniques.weight_averages import WEIGHT_AVERAGES

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.title: family
        for family in (
            ACTIVATIONS,
            INITIALIZERS,
            NORMALIZATIONS,
            MODELS,
            CLIPPINGS,
            LOSSES,
            MEASURES,
            OPTIMIZERS,
            SCHEDULES,
            REGULARIZATIONS,
            CONSTRAINTS,
            AUGMENTATIONS,
            WEIGHT_AVERAGES,
            STOPPINGS,
            LABEL_SMOOTHINGS,
            PRECISIONS,
            PRETRAININGS,
        )
    }
)
