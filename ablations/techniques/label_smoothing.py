"""Label smoothing: targets that ask for less than certainty."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ablations.study.families import LabelSmoothing
from ablations.study.protocols import Loss
from ablations.study.technique import Family, Live, LiveValues


class Uniform(LabelSmoothing):
    """Cross-entropy with targets (1 − ε) · one-hot + ε/K over K classes (Szegedy et al. 2016).

    Equals (1 − ε) · cross-entropy − (ε/K) Σₖ log pₖ.  It is minimized only: every loss that is
    logged, and every evaluation, is the cross-entropy with the labels as they are.
    """

    name: Literal["uniform"] = "uniform"
    share: Live[Annotated[float, Field(gt=0, lt=1)]] = 0.1
    """ε."""

    def build(self, live: LiveValues) -> Loss:
        from ablations.techniques.keras.label_smoothing import uniform

        return uniform(self.values(live)["share"])


LABEL_SMOOTHINGS = Family(LabelSmoothing, (Uniform,), default="uniform", number="share")
