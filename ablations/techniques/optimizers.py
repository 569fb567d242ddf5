"""Optimizers: every one of Keras by name.  Each docstring states the convention that counts.

g is the gradient, η the learning rate, w the weights.  Keras's conventions are kept; where the
notes' formulas differ, the docstring says how.  Clipping and averaging of weights are techniques
of their own (``training.clipping``, ``training.weight_average``), so the optimizers' own options
for them are not offered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from ablations.study.families import Optimizer
from ablations.study.frozen import Count, NonNegative, Positive, Share, problem
from ablations.study.technique import Family, HostOnly, Live, LiveValues

if TYPE_CHECKING:
    import keras

Velocity = Annotated[Share, Field(description="β, the share of the velocity v that is kept.")]
FirstDecay = Annotated[Share, Field(description="β₁, the decay of the running mean m of g.")]
SecondDecay = Annotated[Share, Field(description="β₂, the decay of the running mean s of g².")]
Epsilon = Annotated[Positive, Field(description="ε, which keeps the division by the root finite.")]
Start = Annotated[NonNegative, Field(description="Where the accumulator of g² starts.")]
LookAhead = Annotated[bool, Field(description="Step from where the velocity leads.")]
AMSGrad = Annotated[bool, Field(description="Divide by the root of the largest s so far.")]
Decay = Annotated[
    NonNegative, Field(description="Decoupled: w ← w − η · weight_decay · w at each step.")
]


class KerasOptimizer(Optimizer):
    """An optimizer of Keras, by its class there."""

    keras_class: ClassVar[str]
    fixed: ClassVar[dict[str, Any]] = {}
    """Keras's parameters that the technique does not offer."""

    def build(self, live: LiveValues) -> keras.optimizers.Optimizer:
        from ablations.techniques.keras import optimizers

        return optimizers.build(self.keras_class, {**self.values(live), **self.fixed})


class SGD(KerasOptimizer):
    """w ← w − ηg, plain by default.

    With ``momentum`` β: v ← βv − ηg, w ← w + v, so η stands inside the velocity.
    """

    name: Literal["sgd"] = "sgd"
    keras_class = "SGD"
    learning_rate: HostOnly[Positive] = 0.01
    momentum: Live[Velocity] = 0.0
    nesterov: LookAhead = False

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> SGD:
        if self.nesterov and not self.momentum:
            raise problem("nesterov: true does nothing without momentum; wants momentum above 0")
        return self


class Momentum(KerasOptimizer):
    """v ← βv − ηg, w ← w + v (Polyak 1964), as the notes have it with m = −v.

    On x² from 1 with η 0.1, β 0.9: 0.8, 0.46, 0.062, −0.3086, −0.58042.
    """

    name: Literal["momentum"] = "momentum"
    keras_class = "SGD"
    learning_rate: HostOnly[Positive] = 0.01
    momentum: Live[Velocity] = 0.9


class Nesterov(KerasOptimizer):
    """v ← βv − ηg, w ← w + βv − ηg (Nesterov 1983).

    The variable is the look-ahead point, at which the notes' formula takes the gradient.
    """

    name: Literal["nesterov"] = "nesterov"
    keras_class = "SGD"
    learning_rate: HostOnly[Positive] = 0.01
    momentum: Live[Velocity] = 0.9
    fixed = {"nesterov": True}


class Adagrad(KerasOptimizer):
    """s ← s + g², w ← w − ηg/√(s + ε) (Duchi et al. 2011); s starts at 0.1, ε inside the root."""

    name: Literal["adagrad"] = "adagrad"
    keras_class = "Adagrad"
    initial_accumulator_value: Start = 0.1
    epsilon: Epsilon = 1e-7


class Adadelta(KerasOptimizer):
    """Steps scaled by the ratio of running r.m.s. of steps and gradients (Zeiler 2012)."""

    name: Literal["adadelta"] = "adadelta"
    keras_class = "Adadelta"
    rho: Share = 0.95
    """Decay of both running means."""
    epsilon: Epsilon = 1e-7


class RMSprop(KerasOptimizer):
    """s ← ρs + (1 − ρ)g², w ← w − ηg/√(s + ε) (Tieleman and Hinton 2012); s starts at 0.

    TensorFlow 1 (``tf.train.RMSPropOptimizer``, the notes) starts s at 1 and takes 1e-10 for ε: its
    first steps are short, where a start at 0 makes the first step η/√(1 − ρ).
    """

    name: Literal["rmsprop"] = "rmsprop"
    keras_class = "RMSprop"
    initial_accumulator_value: Annotated[
        NonNegative, Field(description="Where s starts; 1 is TensorFlow 1's.")
    ] = 0.0
    rho: Share = 0.9
    """Decay of the running mean s of g²."""
    momentum: Velocity = 0.0
    epsilon: Epsilon = 1e-7
    centered: bool = False
    """Divide by the root of g's running variance, in place of s."""


class Adam(KerasOptimizer):
    """m, s running means of g and g², both debiased: w ← w − ηm̂/(√ŝ + ε) (Kingma and Ba 2015).

    Keras folds the debiasing into η, so ε (1e-7, outside the root) is not debiased.
    """

    name: Literal["adam"] = "adam"
    keras_class = "Adam"
    beta_1: Live[FirstDecay] = 0.9
    beta_2: Live[SecondDecay] = 0.999
    epsilon: Live[Epsilon] = 1e-7
    amsgrad: AMSGrad = False


class AdamW(KerasOptimizer):
    """Adam with decoupled weight decay, 0.004 by default (Loshchilov and Hutter 2019)."""

    name: Literal["adamw"] = "adamw"
    keras_class = "AdamW"
    weight_decay: Live[Decay] = 0.004
    beta_1: Live[FirstDecay] = 0.9
    beta_2: Live[SecondDecay] = 0.999
    epsilon: Live[Epsilon] = 1e-7
    amsgrad: AMSGrad = False


class Adamax(KerasOptimizer):
    """Adam with the running maximum of |g| in place of √s (Kingma and Ba 2015)."""

    name: Literal["adamax"] = "adamax"
    keras_class = "Adamax"
    beta_1: FirstDecay = 0.9
    beta_2: SecondDecay = 0.999
    epsilon: Epsilon = 1e-7


class Nadam(KerasOptimizer):
    """Adam with Nesterov's look-ahead and a warming momentum (Dozat 2016)."""

    name: Literal["nadam"] = "nadam"
    keras_class = "Nadam"
    beta_1: FirstDecay = 0.9
    beta_2: SecondDecay = 0.999
    epsilon: Epsilon = 1e-7


class FTRL(KerasOptimizer):
    """FTRL-Proximal with l1 and l2 (McMahan et al. 2013).

    Keras's l2 is half of the paper's λ₂.  The first step keeps only a share 1 − √(a/(a + g²)) of
    an initial weight, a being ``initial_accumulator_value``: with Keras's 0.1 next to nothing,
    so a deep plain MLP starts from zero and never leaves chance.  With 1e-10 it trains like the
    others (study ``optimizers``, both arms).  Under a schedule Keras's own step shrinks the
    weights: see the class.
    """

    name: Literal["ftrl"] = "ftrl"
    keras_class = "Ftrl"
    learning_rate_power: Annotated[float, Field(le=0)] = -0.5
    """Power of the accumulator in the step; −1/2 is the paper's, 0 a constant rate."""
    initial_accumulator_value: Start = 0.1
    l1_regularization_strength: NonNegative = 0.0
    """λ₁ of the paper: weights of little use become 0."""
    l2_regularization_strength: NonNegative = 0.0
    """Half of the paper's λ₂."""
    l2_shrinkage_regularization_strength: NonNegative = 0.0
    """Added to g as 2 · strength · w, which the accumulator does not see."""
    beta: NonNegative = 0.0
    """Of the paper: added to the root of the accumulator."""


class Adafactor(KerasOptimizer):
    """Adam's second moment kept as row and column sums (Shazeer and Stern 2018)."""

    name: Literal["adafactor"] = "adafactor"
    keras_class = "Adafactor"
    beta_2_decay: float = -0.8
    """Power of the step number t: β₂ is 1 − t^decay."""
    epsilon_1: Positive = 1e-30
    """Added to g²."""
    epsilon_2: Positive = 1e-3
    """The least scale of the weights, by which steps are measured."""
    clip_threshold: Positive = 1.0
    """The largest root mean square of an update."""
    relative_step: bool = True
    """Use min(η, 1/√t) for the rate."""


class Lamb(KerasOptimizer):
    """Adam with a trust ratio per layer, for large batches (You et al. 2019)."""

    name: Literal["lamb"] = "lamb"
    keras_class = "Lamb"
    beta_1: FirstDecay = 0.9
    beta_2: SecondDecay = 0.999
    epsilon: Epsilon = 1e-7


class Lion(KerasOptimizer):
    """w ← w − η sign(β₁m + (1 − β₁)g) (Chen et al. 2023)."""

    name: Literal["lion"] = "lion"
    keras_class = "Lion"
    beta_1: FirstDecay = 0.9
    beta_2: SecondDecay = 0.99


class Muon(KerasOptimizer):
    """Momentum made orthogonal for matrices, Adam for the rest (Jordan et al. 2024)."""

    name: Literal["muon"] = "muon"
    keras_class = "Muon"
    weight_decay: Decay = 0.004
    adam_beta_1: FirstDecay = 0.9
    adam_beta_2: SecondDecay = 0.999
    adam_weight_decay: NonNegative = 0.004
    """That of the weights which Adam changes."""
    adam_lr_ratio: Positive = 1.0
    """Adam's rate as a multiple of η."""
    epsilon: Epsilon = 1e-7
    momentum: Velocity = 0.95
    nesterov: LookAhead = True
    ns_steps: Count = 5
    """Newton-Schulz iterations that make the step orthogonal."""
    rms_rate: Positive = 0.2
    """The step of an n × m matrix is scaled by √max(n, m) times this."""


class ScheduleFreeAdamW(KerasOptimizer):
    """AdamW on z with the running mean x of z in place of a schedule (Defazio et al. 2024).

    The weights are y = (1 − β₁)z + β₁x, where the gradient is taken.  As in Keras, they are also
    what is tested; the paper tests x.  Keras's own step is wrong on TensorFlow: see the class.
    """

    name: Literal["schedule_free_adamw"] = "schedule_free_adamw"
    keras_class = "ScheduleFreeAdamW"
    slots_like_weights = ("momentum",)
    learning_rate: HostOnly[Positive] = 0.0025
    beta_1: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """β₁, how far y stands from z towards x."""
    beta_2: SecondDecay = 0.999
    epsilon: Epsilon = 1e-8
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    """Steps in which η rises linearly from 0."""


OPTIMIZERS = Family(
    Optimizer,
    (
        SGD,
        Momentum,
        Nesterov,
        Adagrad,
        Adadelta,
        RMSprop,
        Adam,
        AdamW,
        Adamax,
        Nadam,
        FTRL,
        Adafactor,
        Lamb,
        Lion,
        Muon,
        ScheduleFreeAdamW,
    ),
)
