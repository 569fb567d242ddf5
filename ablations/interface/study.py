"""``ablations.Study``: ask, train and read a study from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablations.analysis.show.answer import answer
from ablations.commands import run as command
from ablations.commands import studies
from ablations.commands.looks import note_shown
from ablations.commands.options import Options
from ablations.commands.report import wanted_for_paper
from ablations.commands.seeds import as_declared
from ablations.errors import AblationsError, FailedRunsError
from ablations.interface.inline import inline_note, inline_report
from ablations.interface.progress import lines_here
from ablations.interface.tables import Tables
from ablations.interface.written import studies_of
from ablations.study.schema import Study as Loaded

if TYPE_CHECKING:
    import pandas as pd

RUNS, REPORT = Path("runs"), Path("report")


class Study:
    """A question, the arms that answer it, and what their runs show.

    Written with the keys of a study file, as keywords or as one mapping:

        study = ablations.Study(
            study="activations",
            question="Which activation trains a small network best?",
            base={
                "data": {"name": "digits"},
                "model": {"hidden": [100], "activation": "elu", "initializer": "he_normal"},
                "training": {"batch_size": 32, "epochs": 10, "optimizer": "adam"},
            },
            control="elu",
            arms={"elu": {}, "sigmoid": {"model.activation": "sigmoid"}},
            seeds=10,
            margin=0.005,
        )
        study.run()
        study.verdicts

    or read from a file by ``Study.load``.  In a notebook a study shows its report.  Functions of
    your own are named, ``python:module.function``, in a file beside your work.

    Raises:
        AblationsError: something in it is no plain data.
        StudyError: it is no study; names all that is wrong, by its dotted path.
    """

    def __init__(self, content: Mapping[str, Any] | None = None, /, **keys: Any) -> None:
        self._loaded = studies_of({**(content or {}), **keys})
        self._runs = RUNS

    @classmethod
    def load(
        cls,
        name_or_path: str | Path,
        *,
        overrides: Mapping[str, Any] | None = None,
        runs: str | Path = RUNS,
    ) -> Study:
        """Read a study file, given by its path or by its name in ``configs/`` or here.

        ``overrides`` (dotted path of the base → value) make a variant, as ``--set`` does; ``runs``
        is the directory where its runs are kept.

        Raises:
            AblationsError: there is no such file.
            StudyError: the file is wrong; names all that is, with line and column.
        """
        loaded = studies.load(str(name_or_path), dict(overrides or {}))
        return cls._of(loaded, Path(runs))

    @classmethod
    def _of(cls, loaded: Sequence[Loaded], runs: Path) -> Study:
        study = cls.__new__(cls)
        study._loaded, study._runs = tuple(loaded), runs
        return study

    @property
    def name(self) -> str:
        """The study's name, under which its runs are kept."""
        part = self._loaded[0].part
        return part.of if part and len(self._loaded) > 1 else self._loaded[0].study

    @property
    def question(self) -> str:
        """What the study asks."""
        return self._loaded[0].question

    @property
    def control(self) -> str:
        """The arm that the others are compared with."""
        return self._loaded[0].control

    @property
    def arms(self) -> tuple[str, ...]:
        """The names of the arms."""
        return self._loaded[0].arm_names

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, as many as were declared last for the runs directory."""
        return as_declared(self._loaded[0], self._runs).seeds

    @property
    def parts(self) -> tuple[Study, ...]:
        """A study for each value that ``over`` spans; without it, the study itself."""
        return tuple(self._of([each], self._runs) for each in self._loaded)

    def run(
        self,
        *,
        arms: str | Sequence[str] | None = None,
        seeds: int | Sequence[int] | None = None,
        runs: str | Path | None = None,
        workers: int | None = None,
        quiet: bool = False,
        log: str | Path | None = None,
        **options: Any,
    ) -> Study:
        """Train what is pending, and return the study; what is finished is trained no more.

        Args:
            arms: only these.
            seeds: a number declares the seeds from 0 on, as ``--seeds`` does; a list trains only
                these seeds and declares nothing.
            runs: the directory where runs are kept, here and in what is read later; ``runs``.
            workers: processes; one a core or GPU by default.
            quiet: say only what fails and how it ended.
            log: a file to which all that is said is added.
            options: any other field of ``ablations.execution.options.Options``: ``device``,
                ``executor``, ``data_directory``, ``rerun``, ``run_limit`` …

        Raises:
            AblationsError: the request is wrong, and nothing was trained.
            FailedRunsError: some run failed; all others were trained, and the next call trains
                the failed ones again.
        """
        if runs is not None:
            self._runs = Path(runs)
        declared = seeds if isinstance(seeds, int) else None
        request = command.Request(
            arms=[arms] if isinstance(arms, str) else list(arms or ()),
            seeds=() if seeds is None or isinstance(seeds, int) else list(seeds),
            seed_count=declared,
        )
        with lines_here(quiet, None if log is None else Path(log)) as lines:
            failed = command.run_studies(
                self._loaded, request, _options(self._runs, workers, options), lines
            )
        if failed:
            raise FailedRunsError(failed)
        return self

    @property
    def runs(self) -> pd.DataFrame:
        """A row for every result found: the columns of ``results.csv``.

        Raises:
            AblationsError: the study was not run yet, or was changed since.
        """
        return self._tables().runs()

    @property
    def curves(self) -> pd.DataFrame:
        """The learning curves, a row an arm, metric and epoch: the columns of ``curves.csv``.

        Raises:
            AblationsError: the study was not run yet, or was changed since.
        """
        return self._tables().curves()

    @property
    def verdicts(self) -> pd.DataFrame:
        """A row an arm: the columns of ``verdicts.csv``, in the unit of the study's metric.

        Raises:
            AblationsError: the study was not run yet, or was changed since.
        """
        return self._tables().verdicts()

    @property
    def answer(self) -> str:
        """What the runs answer, as the report says it above all else; a line for each part.

        Raises:
            AblationsError: the study was not run yet, or was changed since.
        """
        found = self._tables().inferences()
        said = {label: " ".join(answer(each)) for label, each in found.items()}
        return "\n".join(f"{label}: {text}" if label else text for label, text in said.items())

    def report(
        self,
        out: str | Path = REPORT,
        *,
        paper: bool = False,
        columns: Sequence[str] | None = None,
        width: float | None = None,
    ) -> Path:
        """Write the report, as ``ablations report`` does, and return its page.

        Args:
            out: the directory of all reports.
            paper: write a LaTeX table, all numbers as macros and figures as PDF, too, in the
                folder ``paper`` beside the page.
            columns: of that table, by their names.
            width: of the paper's column, in inches.

        Raises:
            AblationsError: the study was not run yet, or has no such column.
            RunsDirectoryError: ``out`` cannot be written.
        """
        from ablations.analysis.show.report import write_reports

        wanted = wanted_for_paper(paper, columns, width)
        names = [each.study for each in self._loaded]
        for name in names:
            note_shown(self._runs, name)
        pages = write_reports(self._runs, Path(out), names, wanted)
        return pages[-1].page  # of several parts that of the whole

    def _tables(self) -> Tables:
        return Tables(self._loaded, self._runs)

    def __repr__(self) -> str:
        arms, seeds = len(self.arms), len(self.seeds)
        parts = f"{len(self._loaded)} parts × " if len(self._loaded) > 1 else ""
        return f"<Study {self.name}: {self.question} {parts}{arms} arms × {seeds} seeds>"

    def _repr_html_(self) -> str:
        """Return the report for a notebook, or what is missing for one."""
        try:
            return "".join(inline_report(each) for each in self._tables().inferences().values())
        except AblationsError as error:
            return inline_note((f"{self.name}: {self.question}", *str(error).split("\n")))


def _options(runs: Path, workers: int | None, options: Mapping[str, Any]) -> Options:
    """Return how to run.

    Raises:
        AblationsError: an option is none.
    """
    given = dict(options)
    if given.get("data_directory") is not None:
        given["data_directory"] = Path(given["data_directory"])
    try:
        return Options(runs=runs, workers=workers, **given)
    except TypeError as error:
        raise AblationsError(f"run: {str(error).removeprefix('Options.__init__() ')}") from None
