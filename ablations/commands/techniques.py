"""``ablations techniques``: what can be ablated, with parameters, defaults, bounds and sources."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ablations.commands.catalogue import Entry, Group, Setting, groups, settings
from ablations.commands.console import console_of_output
from ablations.errors import AblationsError, suggest
from ablations.study.technique import form_of
from ablations.techniques.models import MODELS


def techniques(words: Sequence[str], console: Console | None = None) -> None:
    """Print the whole catalogue, or all that is called by the name that the words make.

    A family is called by its title, its place in a study, or the last word of that.

    Raises:
        AblationsError: nothing is called so; names what is nearest.
    """
    console = console or console_of_output()
    catalogue = groups()
    name = " ".join(words)
    if not name:
        _print_overview(catalogue, console)
        return
    word = name.casefold()
    families = [group for group in catalogue if {word, word.replace("_", " ")} & group.names]
    entries = [(group, e) for group in catalogue for e in group.entries if _is_called(e, name)]
    for group in families:
        _print_group(group, console)
    for group, entry in entries:
        _print_entry(group, entry, console)
    if not families and not entries:
        _print_settings(word, catalogue, console)


def _is_called(entry: Entry, name: str) -> bool:
    """Whether a name means an entry; the first word of a form, ``csv``, means ``csv:PATH``."""
    form, colon, _ = entry.name.partition(":")
    return form_of(name, (entry.name, *entry.aliases)) is not None or bool(colon and name == form)


# Pages


def _print_overview(catalogue: Sequence[Group], console: Console) -> None:
    table = _table()
    for group in catalogue:
        table.add_row(Text(group.title, style="bold"), Text(_places(group), style="bold"))
        for entry in group.entries:
            table.add_row(Text(f"  {entry.name}"), _prose(entry.first_line))
        table.add_row()
    console.print(table)
    places = {place for group in catalogue for place in group.places}
    table = _table("other settings", "wants", "default")
    for setting in settings(catalogue):
        if setting.of in ("", MODELS.default) and setting.path not in places:
            parameter = setting.parameter
            table.add_row(*map(Text, (setting.path, parameter.wants, parameter.default)))
    console.print(table)
    more = "Each in full: ablations techniques NAME, where NAME is any of these, or a family's."
    console.print(Text(f"\n{more}", style="dim"))


def _print_group(group: Group, console: Console) -> None:
    console.print(Text(f"{group.title}: {_places(group)}", style="bold"))
    if group.background:
        console.print(_prose(group.background, "dim"))
    console.print()
    table = _table()
    for entry in group.entries:
        told = _prose(entry.documentation)
        if entry.parameters:
            names = ", ".join(each.name for each in entry.parameters)
            told.append(f"\nparameters: {names}", style="dim")
        table.add_row(Text("\n".join((entry.name, *(f"  {a}" for a in entry.aliases)))), told)
        table.add_row()
    console.print(table)


def _print_entry(group: Group, entry: Entry, console: Console) -> None:
    console.print(Text(f"{entry.name}: {group.title}, {_places(group)}", style="bold"))
    if entry.aliases:
        console.print(Text(f"also called {', '.join(entry.aliases)}"))
    console.print(Text("\n").append_text(_prose(entry.documentation)))
    if entry.background:
        console.print(Text("\n").append_text(_prose(entry.background, "dim")))
    if entry.parameters:
        table = _table("parameter", "wants", "default", "meaning")
        for each in entry.parameters:
            row = (each.wants, each.default, each.meaning)
            table.add_row(Text(each.name), *map(_prose, row))
        console.print()
        console.print(table)
    console.print(Text("\nan arm of a study that uses it:"))
    console.print(Text(f"  {entry.arm}\n"), soft_wrap=True)


def _print_settings(word: str, catalogue: Sequence[Group], console: Console) -> None:
    """Print the settings of a section, or those whose path is or ends in ``word``."""
    everything = settings(catalogue)
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for each in everything:
        if word in (each.path, each.path.rpartition(".")[2]) or (
            not each.of and each.path.startswith(f"{word}.")
        ):
            parameter = each.parameter
            row = (each.path, parameter.wants, parameter.default, parameter.meaning)
            rows.setdefault(row, []).append(each.of)
    if not rows:
        raise _unknown(word, catalogue, everything)
    table = _table("setting", "of", "wants", "default", "meaning")
    for (path, *told), owners in rows.items():
        table.add_row(Text(path), Text(", ".join(owners)), *map(_prose, told))
    console.print(table)


def _unknown(word: str, catalogue: Iterable[Group], known: Sequence[Setting]) -> AblationsError:
    words = {setting.path.rpartition(".")[2] for setting in known}
    sections = {setting.path.partition(".")[0] for setting in known if "." in setting.path}
    titles = {*sections, *(group.title for group in catalogue)}
    for group in catalogue:
        words |= {*group.names, *(n for e in group.entries for n in (e.name, *e.aliases))}
    near = difflib.get_close_matches(word, words, n=6, cutoff=0.6)
    return AblationsError(
        f'nothing to ablate is called "{word}"; {suggest(word, near or titles)}; '
        "`ablations techniques` shows all"
    )


# Pieces


def _table(*columns: str) -> Table:
    """Return a table whose first column is never broken."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=bool(columns))
    for number, column in enumerate(columns or ("", "")):
        table.add_column(column, no_wrap=not number)
    return table


def _places(group: Group) -> str:
    return f"at {', '.join(group.places)}"


def _prose(text: str, style: str = "") -> Text:
    """Return paragraphs with their lines joined, to be broken anew at the console's width."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return Text("\n\n".join(paragraphs).replace("``", "`"), style=style)
