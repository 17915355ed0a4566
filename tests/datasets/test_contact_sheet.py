import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from repro import UserError, datasets
from repro.datasets import contact_sheet as module
from repro.datasets.contact_sheet import contact_sheet
from tests.datasets.archives import image_bytes

CELL, GAP, HEAD, LEFT = module._CELL, module._GAP, module._HEAD, 12 + module._LABEL_WIDTH
RIGHT = LEFT + 3 * (CELL + GAP) + 4 * GAP


def evaluate(image: tf.Tensor) -> tf.Tensor:
    return tf.image.resize(tf.cast(image, tf.float32), [16, 16])


def train(image: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Shows the last number of the seed, the index of the example, as a grey value."""
    return evaluate(image) * 0 + tf.cast(seed[1], tf.float32)


def to_rgb(image: np.ndarray) -> np.ndarray:
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def draw(examples: datasets.Examples, **options: int) -> Image.Image:
    return contact_sheet(examples, evaluate, train, to_rgb, title="title", **options)


def cell(sheet: Image.Image, row: int, column: int, start: int) -> np.ndarray:
    x, y = start + column * (CELL + GAP), HEAD + row * (CELL + GAP)
    return np.asarray(sheet)[y : y + CELL, x : x + CELL]


@pytest.fixture
def digits(digits_dir) -> datasets.Examples:
    return datasets.load("digits", "train", digits_dir)


def test_a_row_shows_a_class_in_evaluation_and_beside_it_in_training(digits):
    sheet = draw(digits)
    for row in range(10):
        indices = np.flatnonzero(digits.labels == row)
        chosen = indices[[0, round((len(indices) - 1) / 2), -1]]
        for column, index in enumerate(chosen):
            picture = evaluate(tf.io.decode_png(digits.images[index], channels=3)).numpy()
            shown = Image.fromarray(to_rgb(picture)).resize((CELL, CELL), Image.Resampling.NEAREST)
            assert (cell(sheet, row, column, LEFT) == np.asarray(shown)).all()
            assert (cell(sheet, row, column, RIGHT) == min(index, 255)).all()


def test_the_sheet_has_no_more_rows_than_asked_for(digits):
    assert draw(digits).height == HEAD + 10 * (CELL + GAP) + 12
    assert draw(digits, max_classes=4).height == HEAD + 4 * (CELL + GAP) + 12


def test_of_many_classes_the_first_the_last_and_some_between_are_shown(digits):
    sheet = draw(digits, max_classes=3)
    for row, label in enumerate((0, 4, 9)):
        first = np.flatnonzero(digits.labels == label)[0]
        assert (cell(sheet, row, 0, RIGHT) == min(first, 255)).all()


def test_a_class_with_few_images_leaves_places_empty(examples_of):
    sheet = draw(examples_of([image_bytes(0), image_bytes(1)]))
    assert len(np.unique(cell(sheet, 0, 0, LEFT))) > 10
    for start in (LEFT, RIGHT):
        for column in (1, 2):
            assert (cell(sheet, 0, column, start) == module._EMPTY).all()


def test_an_image_that_cannot_be_decoded_is_named(examples_of):
    with pytest.raises(UserError, match="image_0001 cannot be decoded"):
        draw(examples_of([image_bytes(0), image_bytes(1)[:100]]))


@pytest.mark.parametrize(
    "name",
    ["Groove-billed_Ani", "W" * 60, "AM General Hummer SUV 2000 / the long one" * 4, "蘭 orchid"],
)
def test_a_name_of_any_length_stays_in_its_column(name):
    font = module._font("DejaVuSans.ttf")
    lines = module._wrapped(name, font, 160).split("\n")
    assert len(lines) <= 5
    assert all(font.getlength(line) <= 160 for line in lines)
    assert "".join(lines).removesuffix("…") == name[: len("".join(lines).removesuffix("…"))]
