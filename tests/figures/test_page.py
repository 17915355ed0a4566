"""A page has as many columns as fit, and words that fit, below and beside its panels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.lines import Line2D

from repro.figures import page, point_names, style
from tests.figures import drawn


@pytest.mark.parametrize(
    ("panels", "width", "expected"),
    [(12, 7.2, (3, 4)), (12, 4.2, (6, 2)), (12, 14.0, (2, 6)), (5, 7.2, (2, 3)), (1, 7.2, (1, 1))],
)
def test_panels_fill_the_width_in_rows_of_about_equal_length(panels, width, expected):
    assert page.grid_shape(panels, width, panel=1.6) == expected


@given(st.integers(1, 30), st.floats(1, 20), st.integers(1, 24))
def test_a_grid_has_room_for_all_panels_and_no_empty_row(panels, width, most):
    rows, columns = page.grid_shape(panels, width, panel=1.6, most=most)
    assert (rows - 1) * columns < panels <= rows * columns
    assert columns <= most


def test_a_long_note_and_legend_are_wrapped_and_nothing_is_cut():
    handles = [Line2D([], [], label=f"the setting of number {i}") for i in range(7)]
    note = "Fine-tuned: no results on " + ", ".join(["Caltech-101"] * 30) + "."
    heights = []
    for width in (7.2, 4.2):
        new = page.new_page(width, 1.0, handles=handles, note=note, title="A title")
        new.body.subplots()
        assert drawn.unreadable(new.figure) == []
        heights.append(new.figure.get_figheight())
    assert heights[0] < heights[1]


def test_the_check_of_what_is_written_sees_words_that_are_cut_and_that_overlap():
    figure = style.new_figure(3, 1)
    figure.text(0.9, 0.5, "a long word beyond the edge")
    assert drawn.unreadable(figure) == ["a long word beyond the edge"]
    figure = style.new_figure(3, 1)
    figure.text(0.1, 0.5, "first")
    figure.text(0.15, 0.5, "second")
    assert drawn.unreadable(figure) == ["first / second"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.001, 1))
def test_names_are_apart_in_order_and_beside_the_panel(wanted, distance):
    distance = min(distance, 1 / max(1, len(wanted) - 1))
    places = point_names.apart(np.sort(wanted), distance)
    assert (np.diff(places) >= distance - 1e-9).all()
    assert places.min() >= -1e-9 and places.max() <= 1 + 1e-9


def test_names_that_have_room_are_at_the_height_of_their_points():
    np.testing.assert_allclose(point_names.apart(np.array([0.1, 0.5, 0.9]), 0.2), [0.1, 0.5, 0.9])
    np.testing.assert_allclose(point_names.apart(np.array([0.5, 0.5, 0.9]), 0.2), [0.4, 0.6, 0.9])
