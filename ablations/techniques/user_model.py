"""A user's own Keras model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, model_validator

from ablations.errors import ModelError, UserCodeError
from ablations.study.technique import problem
from ablations.techniques.model import Model
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
            return {**value, "code": _hash(UserFunction.named(name))}
        except UserCodeError as error:
            raise problem(f"{name}: {error}") from None

    def build(self, input_shape: tuple[int, ...], classes: int) -> keras.Model:
        import keras

        function = UserFunction.named(self.name)
        if _hash(function) != self.code:
            raise UserCodeError(f"{self.name}: its code has changed since the study was read")
        function.load()
        keras.utils.clear_session(free_memory=False)  # so that dense_7 is dense in every process
        model = function.call(input_shape, classes, **(self.model_extra or {}))
        return _checked(self.name, model, input_shape, classes)

    def parameters(self, input_shape: tuple[int, ...], classes: int) -> int:
        model = self.build(input_shape, classes)
        return sum(
            int(variable.value.shape.num_elements()) for variable in model.trainable_variables
        )

    def activations(self, model: keras.Model) -> dict[str, Any]:
        found = {layer.name: layer.output for layer in model.layers if _has_activation(layer)}
        return found or {"outputs": model.outputs[0]}

    @property
    def units_can_die(self) -> bool:
        return True  # units that are zero on the whole probe batch are counted whatever they are


def _hash(function: UserFunction) -> str:
    return function.digest()[:16]  # enough to tell versions apart, and short in a plan


def _checked(name: str, model: Any, input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Return the model with its inputs declared.

    Raises:
        UserCodeError: it is no Keras model.
        ModelError: it does not read the inputs, or gives no logits.
    """
    import keras

    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        raise UserCodeError(f"{name}: wants a function that returns a keras.Model, got {kind}")
    wanted = list(input_shape)
    try:
        model = _with_inputs(model, input_shape)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"{name}: does not read inputs of shape {wanted}: {reason}") from None
    reads = [list(tensor.shape[1:]) for tensor in model.inputs]
    if len(reads) != 1 or not _fits(reads[0], wanted):
        raise ModelError(f"{name}: wants inputs of shape {wanted}, got a model of {_listed(reads)}")
    gives = [list(tensor.shape[1:]) for tensor in model.outputs]
    if gives != [[classes]]:
        raise ModelError(f"{name}: wants one logit a class, [{classes}], got {_listed(gives)}")
    if not model.trainable_variables:
        raise ModelError(f"{name}: has nothing to train")
    last = model.layers[-1]
    softmax = getattr(last, "activation", None) is keras.activations.softmax
    if softmax or isinstance(last, keras.layers.Softmax):
        raise ModelError(f"{name}: wants logits; its last layer {last.name} is a softmax")
    return model


def _with_inputs(model: keras.Model, input_shape: tuple[int, ...]) -> keras.Model:
    """Return a model whose inputs are declared, which they need not be in what a user writes."""
    import keras

    if isinstance(model, keras.Sequential) and not model.built:
        model.build((None, *input_shape))
    if getattr(model, "inputs", None):
        return model
    inputs = keras.Input(input_shape, name="pixels")
    return keras.Model(inputs, model(inputs), name=model.name)


def _fits(shape: list[int | None], wanted: list[int]) -> bool:
    """Whether a declared shape, where None is any size, reads inputs of the wanted one."""
    return len(shape) == len(wanted) and all(
        size in (None, exact) for size, exact in zip(shape, wanted, strict=True)
    )


def _listed(shapes: list[list[int | None]]) -> str:
    return " and ".join(map(str, shapes)) or "none"


def _has_activation(layer: keras.Layer) -> bool:
    """Whether a layer's outputs are activations: of its own, or it is one, such as PReLU."""
    import keras

    activation = getattr(layer, "activation", None)
    if activation is not None:
        return activation is not keras.activations.linear
    kinds = (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.PReLU, keras.layers.ELU)
    return isinstance(layer, kinds)
