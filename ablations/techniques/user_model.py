"""A user's own Keras model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, model_validator

from ablations.errors import UserCodeError
from ablations.study.frozen import problem
from ablations.study.model_families import Activation, Model
from ablations.study.technique import LiveValues
from ablations.techniques.activations import ACTIVATIONS
from ablations.techniques.layered import saturating
from ablations.user_code import FORM, UserFunction

if TYPE_CHECKING:
    import keras


class UserModel(Model):
    """``function(input_shape, classes, **parameters)``, which returns a Keras model.

    It maps inputs [B, *input_shape] to logits [B, classes], without a softmax.  Parameters stand
    beside the name: ``{name: "python:mypackage.build", width: 30}``.  The module is looked for in
    the working directory first.  Each seed draws all weights anew by the layers' initializers,
    keyed by the layers' names; what a layer has no initializer for comes from building it again
    under the seed.  Names that Keras counts up start anew with each building.  Histograms show
    the layers that have an activation, or else the outputs.
    """

    model_config = ConfigDict(extra="allow")
    needs_building = True
    name: str = FORM
    code: str = ""
    """Hash of the user's package, or of the one module; found, not written."""

    @model_validator(mode="before")
    @classmethod
    def _with_its_code(cls, value: Any) -> Any:
        """Add the hash, unless the recipe is read back with the one that it was made with."""
        name = value.get("name", FORM)
        if name == FORM or value.get("code"):  # the form stands for all of them in the catalogue
            return value
        try:
            return {**value, "code": code_hash(UserFunction.named(name))}
        except UserCodeError as error:
            raise problem(f"{name}: {error}") from None

    def build(
        self, input_shape: tuple[int, ...], classes: int, live: LiveValues | None = None
    ) -> keras.Model:
        from ablations.techniques.keras.user_model import build

        function = UserFunction.named(self.name)
        if code_hash(function) != self.code:
            raise UserCodeError(f"{self.name}: its code has changed since the study was read")
        return build(function, input_shape, classes, self.model_extra or {})

    def parameters(self, input_shape: tuple[int, ...], classes: int) -> int:
        from ablations.techniques.keras.user_model import trainable_numbers

        return trainable_numbers(self.build(input_shape, classes))

    def activations(self, model: keras.Model) -> dict[str, keras.KerasTensor]:
        from ablations.techniques.keras.user_model import activations

        return activations(model)

    def saturation(self, model: keras.Model) -> dict[str, tuple[float, float]]:
        from ablations.techniques.keras.user_model import applied

        bounds: dict[str, tuple[float, float]] = {}
        for layer, name in applied(model).items():
            found = ACTIVATIONS.find(name)
            if found is not None:
                activation = found.model_validate({"name": name})
                assert isinstance(activation, Activation)
                bounds |= saturating([layer], activation)
        return bounds

    @property
    def units_can_die(self) -> bool:
        return True  # units that are zero on the whole probe batch are counted whatever they are


def code_hash(function: UserFunction) -> str:
    """Return the hash of the function's code: enough to tell versions apart, short in a plan."""
    return function.digest()[:16]
