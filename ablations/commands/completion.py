"""What the shell offers after the Tab key: studies, their arms, techniques; never an error."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from ablations.errors import AblationsError


def study_names(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Return the studies in ``configs/``, or else files for the shell to complete."""
    from ablations.commands import studies

    names = [path.stem for path in studies.all_files() if path.stem.startswith(begun)]
    return [CompletionItem(name) for name in names] or [CompletionItem(begun, type="file")]


def arm_names(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Return the arms of the study that the command names."""
    from ablations.commands import studies

    try:
        # Where an option still lacks its value, Click leaves the words as they are.
        study = next(filter(None, [context.params.get("study"), *context.args]), "")
        loaded = studies.load(study)
    except AblationsError:
        return []
    names = dict.fromkeys(name for study in loaded for name in study.arm_names)
    return [CompletionItem(name) for name in names if name.startswith(begun)]


def technique_names(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Return the families of techniques, and the techniques."""
    from ablations.techniques.catalog import FAMILIES

    techniques = (t for family in FAMILIES.values() for t in family.techniques)
    names = dict.fromkeys([*FAMILIES, *(t.model_fields["name"].default for t in techniques)])
    return [CompletionItem(name) for name in names if name.startswith(begun)]
