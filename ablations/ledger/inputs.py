"""One digest of all that a run learns from: its data sets, and files of weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ablations.files import digest_of
from ablations.study.recipe import BaseRecipe, DataRecipe


def inputs_digest(
    recipe: BaseRecipe, seed: int, digest: Callable[[DataRecipe], str | None]
) -> str | None:
    """Return the digest of the data, or of all data and files, that a run learns from.

    ``digest`` returns that of one data set.  None where some of it is not on this machine;
    empty where the recipe names no data.
    """
    digests = [digest(data) for data in recipe.all_data]
    file = recipe.file_of_weights(seed)
    if file is not None:
        digests.append(digest_of([file]) if file.is_file() else None)
    found = [each for each in digests if each is not None]
    if len(found) < len(digests):
        return None
    if not found:
        return ""
    return found[0] if len(found) == 1 else hashlib.sha256("+".join(found).encode()).hexdigest()
