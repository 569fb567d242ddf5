"""What a run takes over from weights that were learned before, and what of it stays fixed."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, model_validator

from ablations.study.families import Source
from ablations.study.frozen import Count, Frozen, problem
from ablations.study.layer_pattern import Pattern
from ablations.study.technique import Chosen


class Release(Frozen):
    """A later stage, in which fewer layers are frozen."""

    after_epochs: Count
    """It begins when so many epochs of the recipe's own task are done, where there are more."""
    freeze: Pattern | None = None
    """The layers that stay frozen; null is none."""


class TransferRecipe(Frozen):
    """Start from weights that were learned before.

    A top layer of the source is dropped by leaving it out of ``model``, replaced by leaving it
    out of ``reuse``, and one is added by adding it to ``model``.
    """

    source: Chosen[Source]
    reuse: Pattern = ".*"
    """The layers that take the source's weights, where it has a layer of that name."""
    freeze: Pattern | None = None
    """The layers whose weights do not change.  They run in inference mode: batch normalization by
    its moving averages, which stay as they are, and no dropout in a frozen bottom."""
    cache: bool = False
    """Compute the outputs of the frozen bottom once, and train the layers above on them."""
    unfreeze: Annotated[
        tuple[Release, ...],
        BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
    ] = ()
    """Stages that follow, each with less frozen.  Each starts the optimizer anew."""

    @model_validator(mode="after")
    def _consistent(self) -> TransferRecipe:
        if self.freeze is None and (self.cache or self.unfreeze):
            raise problem("cache and unfreeze want freeze: the layers that are frozen at first")
        begins = [release.after_epochs for release in self.unfreeze]
        if begins != sorted(set(begins)):
            raise problem(f"unfreeze wants after_epochs that rise, got {begins}")
        return self
