import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from repro.datasets.decoding import bad_images_error, decode, decode_small, find_undecodable
from tests.datasets.archives import image_bytes


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_format_becomes_rgb(file_format, mode):
    content = image_bytes(0, 24, 18, file_format, mode)
    picture = decode(tf.constant(content)).numpy()
    assert picture.shape == (18, 24, 3)
    assert picture.dtype == np.uint8
    if file_format != "JPEG":
        expected = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        np.testing.assert_array_equal(picture, expected)


@pytest.mark.parametrize("height", [33, 40, 307])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_crop_at_the_bottom_equals_slicing_to_the_bit(height, mode):
    content = tf.constant(image_bytes(1, 51, height, mode=mode))
    np.testing.assert_array_equal(decode(content, 20).numpy(), decode(content).numpy()[:-20])


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_a_file_that_lacks_its_end_is_bad(file_format):
    content = image_bytes(2, 200, 150, file_format)
    cuts = {f"{share}": content[: int(share * len(content))] for share in (0.01, 0.5, 0.9, 0.98)}
    images = {"whole": content, "empty": b"", "text": b"<html>Not found</html>", **cuts}
    bad = find_undecodable(images.items())
    assert [name for name, _ in bad] == [name for name in images if name != "whole"]
    assert ("empty", "is empty") in bad


def test_a_jpeg_without_its_last_three_bytes_is_bad():
    content = image_bytes(3, 200, 150)
    assert find_undecodable([("a", content[:-3])])


def test_an_image_lower_than_its_banner_is_bad():
    assert find_undecodable([("a", image_bytes(4, 30, 20))], crop_bottom=20)


def test_many_images_keep_their_order():
    good, bad = image_bytes(5), b"bad"
    images = [(str(index), bad if index % 7 == 0 else good) for index in range(600)]
    found = [name for name, _ in find_undecodable(images)]
    assert found == [str(index) for index in range(0, 600, 7)]


def test_ten_bad_images_are_named_and_all_are_counted():
    message = str(bad_images_error([(f"image {i}", "is empty") for i in range(12)], 1_500, "here"))
    assert message.startswith("12 of 1,500 images of here cannot be used:")
    assert message.count("is empty") == 10
    assert "and 2 more" in message


def test_small_pictures_of_one_size_are_decoded():
    images = [image_bytes(index, 64, 64, "PNG") for index in range(5)]
    pictures = decode_small(images)
    assert pictures.shape == (5, 64, 64, 3)
    np.testing.assert_array_equal(pictures[3], decode(tf.constant(images[3])).numpy())


@pytest.mark.parametrize(
    "images",
    [
        [image_bytes(0, 65, 10)],
        [image_bytes(0, 10, 10), image_bytes(0, 10, 11)],
        [image_bytes(0, 10, 10), b"bad"],
        [b"bad"],
        [],
    ],
    ids=["large", "of two sizes", "one bad", "bad", "none"],
)
def test_other_images_are_not_decoded_ahead(images):
    assert decode_small(images) is None
