from ablations.analysis.show.figures.style import wrapped


def test_long_names_break_at_words() -> None:
    assert wrapped("elu", 10) == "elu"
    assert wrapped("batch_norm_before_activation", 12) == "batch_norm_\nbefore_\nactivation"
    assert wrapped("a" * 100, 12, 2) == "a" * 12 + "\n" + "a" * 12 + "…"
