"""Which examples train and which validate: the values of ``data.validation`` and its kin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ValidationError

from ablations.study.budgets import MOST
from ablations.study.frozen import Count, Frozen, problem, show

_ROWS = re.compile(r"(first|last) ([1-9][0-9]{0,17})")


def _rows(value: str) -> str:
    found = _ROWS.fullmatch(value)
    if found is None or int(found[2]) > MOST:
        raise problem(f'wants "first N" or "last N" with N ≥ 1, got {show(value)}')
    return value


class FixedRows(Frozen):
    """Rows of the training data that validate, the same for every seed."""

    rows: Annotated[str, AfterValidator(_rows)]
    """``first N`` or ``last N``, counted after a choice of ``classes``."""

    @property
    def count(self) -> int:
        """How many they are."""
        return int(self.rows.split(" ")[1])

    @property
    def end(self) -> Literal["first", "last"]:
        """At which end of the training data they are."""
        return "first" if self.rows.startswith("first") else "last"


class PerClass(Frozen):
    """As many training examples of each class."""

    per_class: Count


def _validation(value: Any) -> Any:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and ((isinstance(value, int) and value >= 1) or 0 < value < 1):
        return value
    if isinstance(value, (Mapping, FixedRows)):
        return _section(FixedRows, value)
    raise problem(
        f"wants a count ≥ 1, a share between 0 and 1 or {{rows: first N}}, got {show(value)}"
    )


def _train_examples(value: Any) -> Any:
    if isinstance(value, (Mapping, PerClass)):
        return _section(PerClass, value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value is None or (whole and 1 <= value <= MOST):
        return value
    raise problem(f"wants a whole number ≥ 1, null or {{per_class: N}}, got {show(value)}")


def _section(kind: type[Frozen], value: Any) -> Frozen:
    """Return a section that stands where a number could, its first problem in one line."""
    if isinstance(value, kind):
        return value
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        found = {detail["msg"]: ".".join(map(str, detail["loc"])) for detail in error.errors()}
        for message in found:
            if message.startswith("unknown key"):
                raise problem(message) from None
        message, where = next(iter(found.items()))
        raise problem(f"{where}: {message}") from None


Validation = Annotated[int | float | FixedRows, BeforeValidator(_validation)]
TrainExamples = Annotated[Count | PerClass | None, BeforeValidator(_train_examples)]
