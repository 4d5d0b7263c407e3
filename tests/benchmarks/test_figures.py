"""Figures, their bars, and the page that they make."""

from benchmarks.__main__ import page, section, sections_of
from benchmarks.figures import Bar, Figure, alternating, ratio


def test_a_bar_is_met_at_its_very_height() -> None:
    assert Bar(at_least=1.3).is_met(1.3)
    assert not Bar(at_least=1.3).is_met(1.29)
    assert Bar(0.9, 1.1).is_met(1.1)
    assert not Bar(0.9, 1.1).is_met(1.11)


def test_measures_take_turns() -> None:
    turns: list[str] = []
    ours, theirs = alternating(2, lambda: turns.append("a"), lambda: turns.append("b"))
    assert turns == ["a", "b", "a", "b"]
    assert len(ours) == len(theirs) == 2


def test_a_ratio_is_of_each_round_by_itself() -> None:
    assert ratio([10, 100, 30], [5, 50, 10]) == 2


def test_the_page_has_each_figure_with_its_bar() -> None:
    told = section("About it.", [Figure("ratio", 1.25, "", Bar(at_least=1.3))], measured="Today.")
    assert "\nAbout it.\n\nToday.\n" in told
    assert "| ratio | 1.25 | ≥ 1.3: missed |" in told


def test_a_section_that_is_not_measured_again_stays() -> None:
    kept = {"whole_job": "\nOne.\n", "drain": "\nAnother.\n"}
    assert sections_of(page(kept)) == kept
    assert page(sections_of(page(kept))) == page(kept)
