"""Figures S1 to S5 show the lab's measures as the stores have them."""

import numpy as np
import pytest

from generative_classifiers.figures.draw_numbers import draw_number_curves
from generative_classifiers.figures.noise_levels import noise_level_curves
from generative_classifiers.figures.plot_styles import plot_styles
from generative_classifiers.figures.spent_evaluations import spending_curves
from generative_classifiers.figures.views import view_curves
from generative_classifiers.figures.weightings import weighting_curves
from generative_classifiers.metrics.lab.draw_numbers import draw_numbers
from generative_classifiers.metrics.lab.noise_levels import noise_levels
from generative_classifiers.metrics.lab.spent_evaluations import spent_evaluations
from generative_classifiers.metrics.lab.weightings import weightings
from test_lab_metrics import MEASURES, cue_conflicts, of_subjects, through_views

LABELS = {"simulated": "Simulated observers", "mine": "Mine", "other": "Another"}
PANELS = ["Shape bias", "Accuracy", "Error consistency κ"]


@pytest.fixture(scope="module")
def losses():
    return {"mine": cue_conflicts(24, count=16), "other": cue_conflicts(24, count=8, seed=1)}


@pytest.fixture(scope="module")
def subjects(losses):
    return of_subjects(losses["mine"])


def styled(found):
    return found, plot_styles(found, LABELS)


def shows(ax, values):
    """Whether a line of a panel has these values."""
    return any(np.array_equal(line.get_ydata(), values, equal_nan=True) for line in ax.lines)


def texts(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_noise_levels_have_a_panel_for_each_observer(losses):
    found, styles = styled(noise_levels(losses))
    figure = noise_level_curves(found, styles)
    assert [ax.get_title("left") for ax in figure.axes] == ["Mine", "Another"]
    for ax, name in zip(figure.axes, losses, strict=True):
        one = found.sel(observer=name).dropna("draw", subset=["shape"]).sortby("time")
        assert one.sizes["draw"] == losses[name].sizes["draw"]
        assert shows(ax, one["shape"].values) and shows(ax, one["texture"].values)
        (above,) = ax.child_axes
        ticks = [float(text.get_text()) for text in above.get_xticklabels()]
        assert ticks == sorted(ticks, reverse=True)


def test_weightings_mark_the_paper_s_choice_and_name_the_others(losses, subjects):
    mine = {"mine": losses["mine"]}
    found, styles = styled(weightings(subjects, mine, {}, "simulated"))
    figure = weighting_curves(found, styles)
    exponential = found.sel(observer="mine", weighting=np.isfinite(found["rate"].values))
    assert [ax.get_ylabel() for ax in figure.axes] == PANELS
    for ax, measure in zip(figure.axes, MEASURES, strict=True):
        assert shows(ax, exponential[measure].values)
        assert shows(ax, [found[measure].sel(observer="simulated", weighting="none")] * 2)
        assert any(list(line.get_xdata()) == [7, 7] for line in ax.lines)
        assert {"bound", "simple", "log-SNR"} <= {text.get_text() for text in ax.get_xticklabels()}
    assert texts(figure) == ["Simulated observers", "Mine", "the paper's choice"]


def test_draw_numbers_have_curves_of_different_lengths(losses, subjects):
    found, styles = styled(draw_numbers(subjects, losses, dict.fromkeys(losses, "exponential"), "simulated"))
    figure = draw_number_curves(found, styles)
    for ax, measure in zip(figure.axes, MEASURES, strict=True):
        for name, one in losses.items():
            values = found[measure].sel(observer=name).dropna("draws")
            assert values["draws"].values[-1] == one.sizes["draw"] and shows(ax, values.values)
    assert texts(figure)[:3] == ["Simulated observers", "Mine", "Another"]


def test_spent_evaluations_have_a_line_for_each_rule(losses):
    found, styles = styled(spent_evaluations(losses, dict.fromkeys(losses, "exponential"), {}))
    figure = spending_curves(found, styles)
    assert texts(figure) == ["all categories", "sequential"]
    of_mine = found.sel(observer="mine", setting=found["rule"].values == "sequential").sortby("evaluations")
    assert shows(figure.axes[0], of_mine["agreement"].values)


def test_views_have_a_column_for_the_blur_and_one_for_the_size():
    found, styles = styled(through_views())
    figure = view_curves(found, styles)
    blur, size, *_ = figure.axes
    assert len(figure.axes) == 6 and [text.get_text() for text in figure.axes[-1].get_xticklabels()] == ["all", "16"]
    value = found["value"].sel(measure="shape_bias", observer="net")
    assert shows(blur, value.sel(view=["none", "blurred-4"]).values)
    assert shows(size, value.sel(view=["none", "small-16"]).values)
