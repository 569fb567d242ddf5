"""Training examples changed at every step as a person would not mind: only while training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ablations.study.families import Augmentation
from ablations.study.frozen import NonNegative, problem
from ablations.study.protocols import Augment
from ablations.study.technique import Family, LiveValues


class Perturbation(Augmentation):
    """Turn, then shift each image, bilinear and black beyond its edge; then add normal noise.

    Angles and shifts are uniform, one of each an image; shifts are whole pixels, so that a shift
    alone blurs nothing.  Where ``data.scale`` standardizes, it does so before the noise.
    """

    name: Literal["perturbation"] = "perturbation"
    shift_pixels: Annotated[int, Field(ge=0, examples=[2])] = 0
    """The farthest shift, along each axis."""
    rotation_degrees: Annotated[float, Field(ge=0, le=180, examples=[10.0])] = 0.0
    """The largest angle about the centre, either way."""
    noise: Annotated[NonNegative, Field(examples=[0.1])] = 0.0
    """σ, in the unit of the features as the network sees them: pixels span 0 to 1."""

    @model_validator(mode="after")
    def _changes_something(self) -> Perturbation:
        if not (self.needs_images or self.noise):
            raise problem("wants shift_pixels, rotation_degrees or noise above 0")
        return self

    @property
    def needs_images(self) -> bool:
        return bool(self.shift_pixels or self.rotation_degrees)

    def build(self, live: LiveValues) -> Augment:
        from ablations.techniques.keras.augmentation import Perturb

        return Perturb(self.shift_pixels, self.rotation_degrees, self.noise)


AUGMENTATIONS = Family(Augmentation, (Perturbation,), default="perturbation")
