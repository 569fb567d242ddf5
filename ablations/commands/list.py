"""``ablations list``: the studies in ``configs/``."""

from __future__ import annotations

from ablations.commands import display, studies
from ablations.errors import StudyError


def list_studies() -> None:
    """Print the studies in ``configs/``.

    Raises:
        StudyError: some cannot be loaded; the others were printed.
    """
    loaded, problems = studies.load_all()
    display.print_studies(loaded)
    if problems:
        raise StudyError(problems)
