"""Ablation studies of deep-network training, inside TensorBoard.

    import ablations

    study = ablations.Study.load("quick")  # or ablations.Study(study="mine", question=…, …)
    study.run()
    study.verdicts                         # a pandas frame; .runs and .curves too

``ablations.errors`` holds every exception.  Importing this package has no effects and loads nothing
else; TensorFlow is loaded by the processes that train, never here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablations import errors as errors
    from ablations.interface.study import Study as Study

__version__ = "0.6.0"
__all__ = ["Study", "__version__", "errors"]
_PLACES = {"Study": "ablations.interface.study", "errors": "ablations.errors"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_PLACES[name])
    return getattr(module, name, module)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
