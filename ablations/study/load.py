"""Load studies: YAML in, frozen types out, every problem at once with its line and column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablations.errors import AblationsError, Problem, StudyError, suggest
from ablations.files import read_bounded
from ablations.study.base_recipe import FILES
from ablations.study.budgets import MOST_ARMS, MOST_RUNS, too_many
from ablations.study.design import arms_spanned, span
from ablations.study.frozen import show
from ablations.study.load_design import DesignChecker
from ablations.study.load_file import load_file
from ablations.study.load_metrics import resolve_metrics
from ablations.study.load_recipe import EXAMPLES
from ablations.study.load_search import resolve_search
from ablations.study.looks import weights_of, wrong_looks
from ablations.study.over import spanned
from ablations.study.recipes import AnyRecipe
from ablations.study.replicates import wrong_of_independent
from ablations.study.schema import Study, variant_name, with_setting
from ablations.study.settings import change, undeclared
from ablations.study.study_file import COPY, TUNED, StudyFile
from ablations.study.technique import Catalog
from ablations.study.yaml_reader import MAXIMUM_BYTES, Document, read_yaml
from ablations.study.yaml_reader import Path as DataPath


def load_studies(
    path: Path, catalog: Catalog, overrides: Mapping[str, Any] | None = None
) -> tuple[Study, ...]:
    """Read, check and resolve the study in ``path``: one, or a part for each value that it spans.

    ``overrides`` are dotted paths of the base recipe; they change it before the arms do.

    Raises:
        StudyError: with one problem a line; nothing was written.
    """
    try:
        text = read_bounded(path, MAXIMUM_BYTES)
    except OSError as error:
        raise AblationsError(f"{path}: {error.strerror}; wants a study file") from None
    return resolve(read_yaml(text, str(path)), catalog, overrides or {})


def resolve(
    document: Document, catalog: Catalog, overrides: Mapping[str, Any]
) -> tuple[Study, ...]:
    """Turn the data of a study file into studies; see ``load_studies``."""
    over = document.data.get("over") if isinstance(document.data, dict) else None
    studies: list[Study] = []
    problems: list[Problem] = []
    for part in spanned(over) or (None,):
        try:
            studies.append(_Resolver(document, catalog, overrides, part).resolve())
        except StudyError as error:
            problems += error.problems
    if problems:
        raise StudyError(problems)
    return tuple(studies)


_RESOLVED = {"factors", "arms", "base", "control", "tune", "over", "trainer", "files"}
"""What of a study file is not the study's as it stands."""


UNCHANGED = (
    "changes nothing; wants at least one dotted path, or control: {}, as the arm that is the base "
    "as it stands must be the control"
)


class _Resolver(DesignChecker):
    """Turns the data of a study file into a study, or into one part of it."""

    wrong: frozenset[str] = frozenset()
    """The keys of the file under which something is wrong by itself."""
    arms_are_known = True
    """Whether all arms of the design are known."""

    def resolve(self) -> Study:
        data = self.document.data
        if not isinstance(data, dict):
            self.add((), f"wants a mapping with study, question, base, arms, got {show(data)}")
            self.stop()
        raw, self.wrong = load_file(
            data, lambda error: self.collect(error, lambda location: location)
        )
        base = data.get("base")
        if raw is None or not isinstance(base, dict):
            self.stop()
        self.check_overrides(base)
        base = change(base, self.overrides)
        base = change(base, self.part.changes) if self.part else base
        self.context[FILES] = self.files(raw)
        recipe = self.recipe(base, ("base",), {})
        self.base = base
        arms = self._arms(raw, base)
        self.check_spanned(raw)
        self.check_parts(raw.over)
        metrics: dict[str, Any] = {}
        if self._is_known("metrics"):
            metrics = resolve_metrics(raw, {arm[0]: arm[-1] for arm in arms}, self.add)
        control = self._control(raw)
        self._check_names(raw, [name for name, *_ in arms])
        self._check_differences(recipe, control, raw, arms)
        if self._is_known("seeds", "looks", "look_weights", "design"):
            for path, message in wrong_looks(raw.seeds, raw.looks, raw.look_weights, raw.design):
                self.add(path, message)
        for where, message in wrong_of_independent(raw):
            self.add(where, message)
        tuning = self._tuning(raw, base, arms)
        trials = len(tuning["trials"]) * len(tuning["seeds"]) if tuning else 0
        if (runs := len(arms) * (len(raw.seeds) + trials)) > MOST_RUNS:
            self.add(("seeds",), too_many("runs", runs, MOST_RUNS))
        if self.problems:
            self.stop()
        study = {
            **raw.model_dump(exclude=_RESOLVED, mode="python"),
            **self._named(raw.study),
            **metrics,
            "seeds": raw.seeds[: raw.looks[-1]] if raw.looks else raw.seeds,
            "look_weights": weights_of(raw.looks, raw.look_weights),
            "tune": tuning,
            "base": recipe,
            "control": control,
            "arms": tuple(
                {"name": name, "changes": changes, "levels": levels, "recipe": arm_recipe}
                for name, changes, levels, arm_recipe in arms
            ),
            "overrides": dict(self.overrides),
            "file": self.document.file,
        }
        return Study.model_validate(study, context=self.context)

    def _named(self, study: str) -> dict[str, Any]:
        """Return the name, of a variant where ``--set`` changes the base, and the part."""
        study = variant_name(study, self.overrides)
        if self.part is None:
            return {"study": study}
        path, label = self.part.path, self.part.label
        part = {"of": study, "path": path, "label": label, "labels": self.part.labels}
        return {"study": with_setting(study, path, label), "part": part}

    def _is_known(self, *keys: str) -> bool:
        """Whether nothing is wrong with what the file says under any of these keys.

        What follows from them alone is then the user's mistake too.
        """
        return not self.wrong & {*keys}

    def _tuning(
        self, raw: StudyFile, base: dict[str, Any], arms: list[Any]
    ) -> dict[str, Any] | None:
        """Return the search; None where there is none, or where one of its arms is not known."""
        if raw.tune is None or not arms or any(arm[-1] is None for arm in arms):
            return None
        before = len(self.problems)
        self.check_tunable(raw, base, arms)
        if len(self.problems) > before or not self._is_known("metrics", "seeds", "arms"):
            return None
        found = resolve_search(raw.tune, raw.seeds, arms, raw.metrics, self.context, self.add)
        if found is not None:
            self.check_tried(raw.tune.settings, base)
        return found

    # Arms

    def _arms(
        self, raw: StudyFile, base: dict[str, Any]
    ) -> list[tuple[str, dict[str, Any], Any, Any]]:
        arms: list[tuple[str, dict[str, Any], Any, Any]] = []
        for name, changes, labels in self._spanned(raw):
            self.keys = {path: self.level_keys[path][label] for path, label in labels.items()}
            arms.append((name, changes, labels, self._one_arm(("factors",), changes, base)))
        self.keys = {}
        for name, arm_changes in raw.arms.items():
            at: DataPath = ("arms", name)
            self.places.append((at,))
            if arm_changes == COPY:
                at, arm_changes = self._original(raw, name, arms)
            changes = dict(arm_changes)
            arms.append((name, changes, {}, self._one_arm(at, changes, base)))
        if not arms and not raw.factors and self._is_known("arms", "factors", "design"):
            self.add((), "wants arms, or factors with a design")
        return arms

    def _original(self, raw: StudyFile, copy: str, spanned: list[Any]) -> tuple[DataPath, Any]:
        """Return where the control is said, and its changes."""
        if raw.arms.get(control := self._control(raw)) == COPY:
            if copy == control:
                self.add(("arms", copy), "the control cannot be a copy of itself")
            return ("arms", control), {}
        for name, changes, *_ in spanned:
            if name == control and name not in raw.arms:
                return ("factors",), changes
        return ("arms", control), raw.arms.get(control, {})

    def _one_arm(
        self, at: DataPath, changes: dict[str, Any], base: dict[str, Any]
    ) -> AnyRecipe | None:
        """Return an arm's recipe; a section that is given whole replaces that of the base."""
        sections = self.sections
        unknown = [path for path in changes if path not in sections and "." not in path.strip(".")]
        for path in unknown:
            known = suggest(path, [*sections, EXAMPLES[self.recipe_type.kind]])
            what = f'"{path}" is no section; wants a dotted path, or a whole section; {known}'
            self.add((*at, path), what, at_key=True)
        if unknown or not self.knows_settings(at, changes, base):
            return None
        return self.recipe(change(base, changes), at, changes)

    def _spanned(self, raw: StudyFile) -> list[tuple[str, dict[str, Any], dict[str, str]]]:
        if not self._is_known("factors", "design", "tune", "control"):
            self.arms_are_known = not raw.factors and self._is_known("factors")
            return []
        before, self.arms_are_known = len(self.problems), not raw.factors
        if bool(raw.factors) != bool(raw.design):
            self.add(("factors",) if raw.factors else ("design",), "factors and design go together")
            return []
        if (count := arms_spanned(raw.factors, raw.design)) > MOST_ARMS:
            self.add(("factors",), too_many("arms", count, MOST_ARMS))
            return []
        factors = tuple(self.factor(path, levels) for path, levels in raw.factors.items())
        if not factors or len(self.problems) > before:
            return []
        self.arms_are_known = True
        levels = {factor.path: factor.levels for factor in factors}
        self.keep_keys(raw.factors, levels)
        searched = raw.tune.settings if raw.tune else ()
        spanned: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        for cell in span(factors, str(raw.design), self._control(raw)):
            start = spanned[0][2] if spanned else {}  # that of the control, which comes first
            self.places.append(self.moved(cell.labels, start))
            values = {path: levels[path][label] for path, label in cell.labels.items()}
            changes = {p: v for p, v in values.items() if not (v == TUNED and p in searched)}
            spanned.append((cell.name, changes, dict(cell.labels)))
        return spanned

    # Checks

    def _control(self, raw: StudyFile) -> str:
        return raw.control or "control"

    def _check_names(self, raw: StudyFile, names: list[str]) -> None:
        self.check_distinct(names)
        if not self.arms_are_known or not self._is_known("arms"):
            return
        if self._control(raw) not in names and self._is_known("control"):
            where = ("control",) if raw.control else ()
            what = f'no arm is called "{self._control(raw)}"'
            if not raw.control:
                what = "control is missing: the arm that the others are compared with"
            self.add(where, f"{what}; {suggest(self._control(raw), names)}")
        for number, claim in enumerate(raw.claims):
            for side in ("better", "than"):
                arm = getattr(claim, side)
                if arm not in names:
                    self.add(
                        ("claims", number, side), f'no arm is called "{arm}"; {suggest(arm, names)}'
                    )

    def _check_differences(
        self,
        base: AnyRecipe | None,
        control: str,
        raw: StudyFile,
        arms: list[tuple[str, Any, Any, Any]],
    ) -> None:
        if base is None:
            return
        base_settings, known = base.without_telemetry(), control in [arm[0] for arm in arms]
        seen: dict[str, str] = {}
        for name, changes, levels, recipe in sorted(arms, key=lambda arm: arm[0] != control):
            if raw.arms.get(name) == COPY or recipe is None:
                continue
            at: DataPath = ("factors",) if levels else ("arms", name)
            settings = recipe.without_telemetry()
            follows = (*recipe.found, "model.code") if "code" in changes else recipe.found
            for path in undeclared(base_settings, settings, (*changes, *follows)):
                self.add(at, f"differs from the base in {path}, which it does not declare", True)
            twin = seen.setdefault(repr(settings), name)
            self.check_reach(at, changes, recipe)
            if known and name != control and not changes:
                self.add(at, UNCHANGED.format(name), at_key=True)
            elif twin != name and "code" not in changes:  # two versions of one's code may be equal
                what = "the control" if twin == control else "the arm"
                self.add(at, f'changes nothing: it equals {what} "{twin}"', at_key=True)
