"""What is on disk of a study, as it stands in Python: numbers, and tables of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.read.collect import Collected, collect, recorded_studies
from ablations.analysis.show.curves_csv import curves_csv
from ablations.analysis.show.runs_csv import runs_csv
from ablations.analysis.show.verdicts_csv import verdicts_csv
from ablations.commands.asked import asked
from ablations.commands.looks import note_shown
from ablations.commands.seeds import as_declared
from ablations.errors import AblationsError
from ablations.interface.frames import frame, joined
from ablations.study.schema import Study

if TYPE_CHECKING:
    import pandas as pd


class Tables:
    """One reading of the runs of a study, or of the parts of one."""

    def __init__(self, studies: Sequence[Study], runs: Path) -> None:
        self._studies, self._runs = studies, runs

    def runs(self) -> pd.DataFrame:
        """Return a row for every result found."""
        return self._frame({name: runs_csv(each) for name, each in self._collected.items()})

    def curves(self) -> pd.DataFrame:
        """Return a row an arm, metric and epoch."""
        return self._frame({name: curves_csv(each) for name, each in self.inferences().items()})

    def verdicts(self) -> pd.DataFrame:
        """Return a row an arm."""
        return self._frame({name: verdicts_csv(each) for name, each in self.inferences().items()})

    def inferences(self) -> dict[str, Inference]:
        """Return part's label → what its runs show; the whole study's label is empty."""
        return {name: infer(each) for name, each in self._collected.items()}

    def _frame(self, tables: dict[str, str]) -> pd.DataFrame:
        part = self._studies[0].part
        if part is None or len(self._studies) == 1:
            return frame(next(iter(tables.values())))
        return joined({label: frame(csv) for label, csv in tables.items()}, part.path)

    @cached_property
    def _collected(self) -> dict[str, Collected]:
        """Part's label → what is on disk of it.

        Raises:
            AblationsError: it was not run yet, or what was run is not the study as it stands.
        """
        found = {}
        recorded = recorded_studies(self._runs)
        for study in self._studies:
            if study.study not in recorded:
                raise AblationsError(f"{self._runs}: {study.study} was not run yet; wants run()")
            note_shown(self._runs, study.study)
            collected = collect(self._runs, study.study)
            if asked(collected.study) != asked(as_declared(study, self._runs)):
                raise AblationsError(
                    f"{self._runs}: {study.study} was changed since it was run; wants run(), which "
                    "trains only what the change concerns"
                )
            found[study.part.label if study.part else ""] = collected
        return found
