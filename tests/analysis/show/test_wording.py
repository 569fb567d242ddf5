"""Rules that no sentence of an answer breaks, over simulated studies of every shape."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from ablations.analysis.infer.arms import ArmSummary
from ablations.analysis.infer.inference import Inference, infer
from ablations.analysis.infer.verdicts import Comparison
from ablations.analysis.read.collect import Collected
from ablations.analysis.read.left_out import LeftOut
from ablations.analysis.read.recorded_run import RecordedRun
from ablations.analysis.show.answer import answer
from ablations.analysis.show.blocks import Paragraph, Table
from ablations.analysis.show.comparisons import direction, effect_size, verdict_words
from ablations.analysis.show.sections.verdicts import verdict_table, verdicts
from ablations.ledger.looks import Looks
from ablations.ledger.paths import RunsDirectory
from ablations.ledger.records import Result
from ablations.ledger.standing import Standing, State
from ablations.study.declared_metrics import DeclaredMetric
from ablations.study.expand import Run
from ablations.study.free_recipes import FreeRecipe
from ablations.study.schema import Arm, Study

NOWHERE = Path("/nowhere")
NUMBER = r"[+−]?[\d,]+(?:\.\d+)?(?:e[+−]\d+)?"
FACTORS = {"settings.a": ("off", "on"), "settings.b": ("low", "high")}


@dataclass(frozen=True, repr=False)
class Simulated:
    """A study of no runs on disk."""

    values: Mapping[str, Mapping[int, float | None]]
    """Arm → seed → score, None where the run diverged; what is missing was not run."""
    inference: Inference

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer."""
        return answer(self.inference)

    def sign(self, arm: str) -> int:
        """Return 1 where the arm's effect is up, −1 where it is down."""
        effect = self.arm(arm).comparison.effect  # type: ignore[union-attr]
        return int(np.sign(effect or 0.0))

    def arm(self, name: str) -> ArmSummary:
        """Return one arm's numbers."""
        return next(arm for arm in self.inference.arms if arm.arm == name)


def simulated(values: Mapping[str, Mapping[int, float | None]], **changes: Any) -> Simulated:
    """Return a study whose first arm is the control; ``changes`` replace keys of the study."""
    levels = dict(zip(values, itertools.product(*FACTORS.values()), strict=False))
    factorial = "design" in changes
    arms = tuple(
        Arm(
            name=name,
            changes={"settings.arm": name},
            levels=dict(zip(FACTORS, levels[name], strict=True)) if factorial else {},
            recipe=FreeRecipe(settings={"arm": name}),
        )
        for name in values
    )
    declared = DeclaredMetric(better=changes.pop("better", "higher"))
    unit = {"metric": "score", "metrics": {"score": declared}}
    given_ = {
        "study": "simulated",
        "question": "?",
        "base": FreeRecipe(),
        "control": next(iter(values)),
    }
    seeds = sorted({seed for of_arm in values.values() for seed in of_arm})
    study = Study(**(given_ | unit | {"seeds": seeds, "arms": arms} | changes))
    root, runs, missing = RunsDirectory(NOWHERE), [], []
    for arm in arms:
        for seed in seeds:
            if seed not in values[arm.name]:
                missing.append(LeftOut("missing", arm.name, (seed,), "not run"))
                continue
            value = values[arm.name][seed]
            result = Result(
                study=study.study, arm=arm.name, seed=seed, fingerprint="",
                status="diverged" if value is None else "completed",
                metrics={} if value is None else {study.metric: value},
            )  # fmt: skip
            run = Run(study.study, arm.name, seed, arm.recipe)
            state = State.DIVERGED if value is None else State.DONE
            directory = root.run(study.study, arm.name, seed, "")
            runs.append(RecordedRun(Standing(run, directory, state, result=result), result))
    looks = Looks(study, NOWHERE / "looks.json")
    collected = Collected(study.study, study, tuple(runs), tuple(missing), looks)
    return Simulated(values, infer(collected))


@some.composite
def studies(draw: Any) -> Simulated:
    """Draw ties, one seed, diverged and missing runs, any scale, either direction, a factorial."""
    factorial = draw(some.booleans())
    others = 3 if factorial else draw(some.integers(1, 5))
    seeds = draw(some.integers(1, 9))
    scale = 10.0 ** draw(some.integers(-9, 9))
    noise = np.random.default_rng(draw(some.integers(0, 10**6)))
    offset = draw(some.sampled_from([0.0, 1.0, -3.0, 300.0]))
    shape = draw(some.sampled_from(["ties", "equal", "far", "mixed", "grid"]))
    effects = {
        "ties": np.zeros(others),
        "equal": np.zeros(others),
        "far": np.where(np.arange(others) == 0, 80.0, 0.0) * draw(some.sampled_from([1, -1])),
        "mixed": noise.normal(0, 3, others),
        "grid": noise.integers(-2, 3, others).astype(float),
    }[shape]
    spread = 0.0 if shape in ("equal", "grid") else draw(some.sampled_from([0.001, 0.3, 1.0]))
    diverges, misses = (draw(some.sampled_from([0.0, 0.0, 0.2])) for _ in range(2))
    values: dict[str, dict[int, float | None]] = {}
    for number in range(others + 1):
        effect = effects[number - 1] if number else 0.0
        own = {}
        for seed in range(seeds):
            value = float(scale * (offset + effect + 0.5 * seed + spread * noise.normal()))
            gone = seed and noise.random() < misses
            if not gone:
                own[seed] = None if noise.random() < diverges else value
        values["base" if not number else f"arm{number}"] = own
    changes: dict[str, Any] = {"better": draw(some.sampled_from(["higher", "lower"]))}
    if scale <= 0.001 and draw(some.booleans()):
        changes = {"metric": "test_accuracy"}
    changes["margin"] = draw(some.sampled_from([0.0, 0.5])) * scale
    if draw(some.booleans()) and scale == 1.0 and not factorial:
        changes["correction"] = "holm"
    return simulated(values, **changes, **({"design": "full_factorial"} if factorial else {}))


def number_of(text: str) -> float:
    """Return a number that is written as the report writes it."""
    return float(text.partition(" (n")[0].replace("−", "-").replace(",", "").replace("%", ""))


def comparisons(study: Simulated) -> Iterator[tuple[str, Comparison]]:
    """Yield every arm that has an effect."""
    for arm in study.inference.arms:
        if arm.comparison and arm.comparison.effect is not None:
            yield arm.arm, arm.comparison
    for contrast in study.inference.factorial.contrasts if study.inference.factorial else ():
        if contrast.comparison.effect is not None:
            yield "", contrast.comparison


@settings(max_examples=100)
@given(studies())
def test_no_sentence_loses_a_sign_or_puts_an_estimate_outside_its_interval(
    study: Simulated,
) -> None:
    metric = study.inference.answering_metric()
    for _, comparison in comparisons(study):
        text, effect = effect_size(comparison, metric), comparison.effect or 0.0
        match = re.fullmatch(
            rf"by ({NUMBER})(?: points)?(?: \((?:between ({NUMBER}) lower and ({NUMBER}) higher|"
            rf"({NUMBER}) to ({NUMBER}))\))?",
            text,
        )
        assert match, text
        effect *= 100 if metric.percent else 1
        size, lower, higher, least, most = (part and number_of(part) for part in match.groups())
        assert size is not None
        near = 100 * _half(comparison) or 0.0051  # two decimals without an interval
        assert np.isclose(size, abs(effect), rtol=0.51, atol=near)
        if lower is not None and higher is not None:
            assert size <= (lower if effect < 0 else higher)
        if least is not None and most is not None:
            assert least <= size <= most
        toward = direction(comparison, metric)
        if toward:
            assert toward.startswith("higher" if effect > 0 else "lower")
            good = (effect > 0) == (study.inference.better == "higher")
            assert toward.endswith("(better)" if good else "(worse)")
    for sentence in study.sentences:
        assert not re.search(r"(?<![\w])-\d|e-\d", sentence)  # one minus sign
        if sentence.startswith("The largest differences seen"):
            assert sentence.count(" by ") == len(
                re.findall(r"(higher \(\w+\)|lower \(\w+\)|arm\d(?: \(.*?\))?) by ", sentence)
            )


def _last_digit(text: str) -> float:
    """Return what 1 in the last digit of a number stands for."""
    mantissa, _, power = text.replace("−", "-").partition("e")
    return 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))


def _half(comparison: Comparison) -> float:
    interval = comparison.interval
    return (interval.high - interval.low) / 2 if interval else 0.0


@settings(max_examples=100)
@given(studies())
def test_a_row_of_the_table_can_be_checked_by_its_own_numbers(study: Simulated) -> None:
    table = verdict_table(study.inference)
    titles = [column.title for column in table.columns]
    titles = [title.removesuffix(" (points)") for title in titles]
    places = {name: titles.index(name) for name in ("effect", "95% interval", "all at once")}
    scale = 100 if study.inference.answering_metric().percent else 1
    mean = next(place for place, title in enumerate(titles) if title.endswith(", mean"))
    rows = {row[0].text.removesuffix(" (control)"): row for row in table.rows}
    for name, row in rows.items():
        effect = row[places["effect"]].text
        if effect == "–":
            continue
        for column in ("95% interval", "all at once"):
            ends = row[places[column]].text
            if ends != "–":
                low, high = map(number_of, ends.split(" to "))
                assert low <= number_of(effect) <= high, row
        summary, control = study.arm(name), study.arm("base")
        whole = summary.score.n == control.score.n == len(study.inference.seeds)
        interval = summary.comparison.interval if summary.comparison else None
        if whole and interval and _half(summary.comparison) > 1e-6 * abs(control.score.mean or 0):  # type: ignore[arg-type]
            found = number_of(row[mean].text) - number_of(rows["base"][mean].text)
            rounding = max(1.5 * _last_digit(effect), 0.16 * scale * _half(summary.comparison))  # type: ignore[arg-type]
            assert abs(found - number_of(effect)) <= rounding


@settings(max_examples=100)
@given(studies())
def test_no_two_sentences_contradict_each_other(study: Simulated) -> None:
    text = " ".join(study.sentences)
    inference = study.inference
    label = inference.answering_metric().label
    extreme = "highest" if inference.better == "higher" else "lowest"
    if named := re.search(rf"The {extreme} {label} is that of (\w+)", text):
        arm = study.arm(named.group(1))
        assert "No arm is shown" not in text
        assert arm.is_control or arm.comparison.verdict == "better"  # type: ignore[union-attr]
        assert arm.arm == inference.best_by_mean
    if named := re.search(rf"(\w+),? has the {extreme} mean", text):
        assert named.group(1) == inference.best_by_mean
        means = {a.arm: a.score.mean for a in inference.arms if a.score.mean is not None}
        first = max(means.values()) if extreme == "highest" else min(means.values())
        scored = "where diverged runs are scored" in text
        assert (means[named.group(1)] == first) != scored
    if inference.factorial is None:
        shown = {a.arm: a.comparison.verdict for a in inference.arms if a.comparison}
        for title, verdict in (("Better than the control", "better"), ("Worse", "worse")):
            said = next((s for s in study.sentences if s.startswith(title)), "")
            assert bool(said) == (verdict in shown.values())
            assert all(
                shown[arm] == verdict for arm in re.findall(r"(arm\d)(?: \(.*?\))? by", said)
            )
    waiting = {left.arm for left in inference.left_out}
    assert text.startswith("So far, ") == bool(waiting and inference.runs.counted)
    none = [arm.arm for arm in inference.arms if arm.arm in waiting and not arm.divergence.runs]
    if none and inference.runs.counted:
        assert f"none yet of {none[0]}" in text


@settings(max_examples=40)
@given(studies())
def test_one_word_stands_for_one_verdict(study: Simulated) -> None:
    section = verdicts(study.inference)
    texts = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    for block in section.blocks:
        if isinstance(block, Table):
            texts += [cell.text for row in block.rows for cell in row]
    texts += [verdict_words(comparison) for _, comparison in comparisons(study)]
    assert "inconclusive" not in " ".join((*study.sentences, *texts))


@settings(max_examples=100)
@given(studies())
def test_a_main_effect_is_stated_only_where_no_cell_goes_the_other_way(study: Simulated) -> None:
    if study.inference.factorial is None:
        return
    control, low_on, high, high_on = "base", "arm2", "arm1", "arm3"
    names = {
        "a on": ((low_on, control), (high_on, high)),
        "b high": ((high, control), (high_on, low_on)),
    }
    known = study.values
    if any(value is None for of_arm in known.values() for value in of_arm.values()):
        return  # scored by a rule of its own
    shared = set.intersection(*(set(of_arm) for of_arm in known.values()))
    for name, cells in names.items():
        effects = (
            [
                float(np.mean([known[there][s] - known[absent][s] for s in shared]))  # type: ignore[operator]
                for there, absent in cells
            ]
            if shared
            else [0.0]
        )
        stated = [
            sentence
            for sentence in study.sentences
            if sentence.startswith("Averaged over") and f"{name} (against" in sentence
        ]
        tiny = 1e-9 * max(map(abs, effects), default=0.0)
        assert not (stated and min(effects) < -tiny and max(effects) > tiny), stated
