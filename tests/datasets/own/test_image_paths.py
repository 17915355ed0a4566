"""Images named one by one, by folder or by pattern."""

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from repro import UserError
from repro.datasets.own.image_paths import batches, image_paths

FORMATS = ("jpg", "png", "gif", "bmp", "webp", "tiff")


@pytest.fixture
def folder(tmp_path):
    """A picture of one colour in every format, a text file, and a damaged picture."""
    (tmp_path / "deeper").mkdir()
    for number, ending in enumerate(FORMATS):
        colour = (40 * number, 100, 200)
        PIL.Image.new("RGB", (10, 6), colour).save(tmp_path / f"{number}.{ending}")
    PIL.Image.new("RGB", (5, 5)).save(tmp_path / "deeper" / "black.PNG")
    (tmp_path / "deeper" / "notes.txt").write_text("no picture")
    return tmp_path


def refuse(name, problem):
    pytest.fail(f"{name} {problem}")


def test_a_folder_is_its_images_in_order_of_names(folder):
    expected = [str(folder / f"{n}.{ending}") for n, ending in enumerate(FORMATS)]
    assert image_paths([str(folder)], refuse) == [*expected, str(folder / "deeper" / "black.PNG")]


def test_a_pattern_is_the_files_that_it_matches(folder):
    found = image_paths([str(folder / "[01].*"), str(folder / "**" / "*.PNG")], refuse)
    assert found == [str(folder / name) for name in ("0.jpg", "1.png", "deeper/black.PNG")]


def test_what_is_named_twice_is_taken_once_and_where_it_came_first(folder):
    first = str(folder / "3.bmp")
    assert image_paths([first, str(folder)], refuse)[:2] == [first, str(folder / "0.jpg")]
    assert len(image_paths([first, str(folder)], refuse)) == 7


def test_a_name_with_a_patterns_signs_is_first_of_all_a_name(tmp_path):
    path = tmp_path / "cat[1].png"
    PIL.Image.new("RGB", (5, 5)).save(path)
    assert image_paths([str(path)], refuse) == [str(path)]


def test_what_is_not_there_is_told_and_the_rest_goes_on(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    told = []
    given = [str(folder / name) for name in ("none.jpg", "empty", "*.xyz", "0.jpg")]
    found = image_paths(given, lambda name, problem: told.append((name, problem)))
    assert found == given[3:]
    assert told == [
        (given[0], "is not there"),
        (given[1], "has no images"),
        (given[2], "is not there"),
    ]


def test_a_url_is_refused():
    with pytest.raises(UserError, match=r"is a URL\. Download it"):
        image_paths(["https://example.org/cat.jpg"], refuse)


def colour(image):
    return tf.cast(image[0, 0], tf.float32)


def test_every_format_is_decoded_and_a_bad_image_left_out(folder):
    bad = [folder / "deeper" / "notes.txt", folder / "gone.png", folder / "empty.jpg"]
    bad[2].touch()
    paths = [str(folder / f"{n}.{ending}") for n, ending in enumerate(FORMATS)]
    given = [str(bad[0]), *paths[:3], str(bad[1]), *paths[3:], str(bad[2])]
    told = []
    found = list(batches(given, colour, 4, lambda name, problem: told.append((name, problem))))
    assert [len(indices) for indices, _ in found] == [4, 2]
    indices = np.concatenate([indices for indices, _ in found])
    assert [given[index] for index in indices] == paths
    colours = np.concatenate([colours for _, colours in found])
    expected = [(40 * number, 100, 200) for number in range(len(FORMATS))]
    np.testing.assert_allclose(colours, expected, atol=4)  # JPEG and WebP are lossy
    assert sorted(name for name, _ in told) == sorted(map(str, bad))
    assert dict(told)[str(bad[2])] == "is empty"


def test_no_images_are_no_batches():
    assert not list(batches([], colour, 4, refuse))
