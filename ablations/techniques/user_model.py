"""A user's own Keras model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, model_validator

from ablations.study.model_families import Activation, Model, Shape
from ablations.study.tasks import CLASSIFICATION, Task
from ablations.study.technique import LiveValues
from ablations.techniques.activations import ACTIVATIONS
from ablations.techniques.layered import saturating
from ablations.techniques.user_function import FORM, built_function, with_code

if TYPE_CHECKING:
    import keras


class UserModel(Model):
    """``function(input_shape, outputs, **parameters)``, which returns a Keras model.

    It maps inputs [B, *input_shape] to [B, outputs]: a logit for each class or label, without
    a softmax or sigmoid, or a number for each target.  Of several inputs ``input_shape`` is a
    mapping of names, which those of the model's ``keras.Input`` are.  An input of ``dtype="int32"``
    gets whole numbers as they are, as those of tokens.  Parameters stand
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
        return with_code(value)

    def build(
        self,
        input_shape: Shape,
        outputs: int,
        live: LiveValues | None = None,
        task: Task = CLASSIFICATION,
    ) -> keras.Model:
        from ablations.techniques.keras.user_model import build

        function = built_function(self.name, self.code)
        return build(function, input_shape, outputs, task, self.model_extra or {})

    def parameters(self, input_shape: Shape, outputs: int, task: Task = CLASSIFICATION) -> int:
        from ablations.techniques.keras.user_model import trainable_numbers

        return trainable_numbers(self.build(input_shape, outputs, task=task))

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
