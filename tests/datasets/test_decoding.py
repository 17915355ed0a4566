import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from repro.datasets.decoding import (
    UndecodableError,
    bad_images_error,
    decodable,
    decode,
    decode_small,
    find_undecodable,
)
from tests.datasets.archives import image_bytes
from tests.datasets.archives_own import odd_images, sixteen_bits


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


def _picture(content: bytes) -> np.ndarray:
    return decode(tf.constant(decodable(content))).numpy()


def _by_pil(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.mark.parametrize("kind", ["png", "palette", "gif", "animated", "bmp", "tiff", "webp"])
def test_every_format_under_any_name_gives_pils_picture(kind):
    content = odd_images()[kind]
    np.testing.assert_array_equal(_picture(content), _by_pil(content))


@pytest.mark.parametrize("kind", ["png", "palette", "grey", "cmyk", "cmyk without mark"])
def test_what_is_decoded_as_it_is_keeps_its_bytes(kind):
    content = odd_images()[kind]
    assert decodable(content) is content


@pytest.mark.parametrize("kind", ["png16", "tiff16"])
def test_of_16_bits_the_upper_8_are_taken(kind):
    expected = (sixteen_bits((40, 30)) >> 8).astype(np.uint8)
    np.testing.assert_array_equal(_picture(odd_images()[kind]), np.stack([expected] * 3, axis=-1))


def test_grey_gives_three_equal_channels():
    content = odd_images()["grey"]
    picture = _picture(content)
    assert (picture == picture[..., :1]).all()
    # Two decoders of JPEG differ by rounding.
    np.testing.assert_allclose(picture, _by_pil(content), atol=3)


@pytest.mark.parametrize(("kind", "inverted"), [("cmyk", True), ("cmyk without mark", False)])
def test_adobes_mark_says_whether_cmyk_is_inverted(kind, inverted):
    content = odd_images()[kind]
    # PIL takes all for inverted: its values are 255 minus those of the file.
    stored = 255 - np.asarray(Image.open(io.BytesIO(content))).astype(float)
    paper = stored if inverted else 255 - stored
    expected = paper[..., :3] * paper[..., 3:] / 255
    np.testing.assert_allclose(_picture(content), expected, atol=12)
    assert np.abs(_picture(content) - expected).mean() < 4


def test_the_banner_is_cut_off_whatever_the_format():
    for kind in ("png", "gif", "bmp", "cmyk", "animated"):
        content = odd_images()[kind]
        cut = decode(tf.constant(decodable(content, 20)), 20).numpy()
        np.testing.assert_array_equal(cut, _picture(content)[:-20])


@pytest.mark.filterwarnings("ignore:Truncated File Read")
@pytest.mark.parametrize("kind", ["png", "gif", "bmp", "tiff", "webp", "cmyk", "grey"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_any_format_cut_short_is_refused(kind, share):
    content = odd_images()[kind]
    with pytest.raises(UndecodableError, match="cannot be decoded"):
        decodable(content[: int(share * len(content))])


def test_of_an_animated_gif_the_first_frame_is_whole_or_refused():
    content = odd_images()["animated"]
    with pytest.raises(UndecodableError):
        decodable(content[: len(content) // 5])
    np.testing.assert_array_equal(_picture(content[: len(content) // 2]), _by_pil(content))


def test_nothing_and_what_is_no_image_are_refused():
    with pytest.raises(UndecodableError, match="is empty"):
        decodable(b"")
    with pytest.raises(UndecodableError, match=r"cannot be decoded \(5 bytes\)"):
        decodable(b"<html")


def test_numbers_of_unknown_range_are_refused():
    file = io.BytesIO()
    Image.fromarray(np.linspace(0, 9, 12, dtype=np.float32).reshape(3, 4)).save(file, "TIFF")
    with pytest.raises(UndecodableError):
        decodable(file.getvalue())


def test_an_image_no_higher_than_the_banner_is_refused():
    with pytest.raises(UndecodableError):
        decodable(image_bytes(0, 30, 20, "PNG"), crop_bottom=20)
