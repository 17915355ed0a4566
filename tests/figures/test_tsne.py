"""Figure 1 shows the chosen classes, each in a colour and shape of its own; one seed, one file."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from sklearn.neighbors import KNeighborsClassifier

from repro import UserError
from repro.figures import style, tsne

NAMES = [f"class {i}" for i in range(12)]


def clusters(num_classes: int = 4, each: int = 15) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    members = np.repeat(np.arange(num_classes), each)
    centers = 20 * random.normal(size=(num_classes, 32))
    return (centers[members] + random.normal(size=(len(members), 32))).astype(np.float32), members


def test_images_of_a_class_lie_together_where_their_features_do():
    features, members = clusters()
    points = tsne.embed(features, seed=0)
    assert points.shape == (60, 2)
    nearest = KNeighborsClassifier(5).fit(points, members)
    assert nearest.score(points, members) == 1.0


def test_the_same_seed_gives_the_same_picture_to_the_byte(tmp_path):
    features, members = clusters()
    paths = [tmp_path / name for name in ("a.png", "b.png")]
    for path in paths:
        panel = tsne.Panel("Fixed features", tsne.embed(features, seed=3))
        style.write(tsne.draw([panel], members, NAMES[:4]), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("ending", style.FORMATS)
def test_a_figure_is_written_in_the_format_of_its_name(tmp_path, ending):
    features, members = clusters(each=3)
    panel = tsne.Panel("Fixed features", tsne.embed(features, seed=0))
    path = tmp_path / "new folder" / f"figure.{ending}"
    style.write(tsne.draw([panel, panel], members, NAMES[:4]), path)
    start = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[ending]
    assert path.read_bytes().startswith(start)


def test_the_picture_has_every_class_in_its_colour_in_each_panel(tmp_path):
    features, members = clusters(num_classes=10, each=6)
    panel = tsne.Panel("Fine-tuned (88.6%)", tsne.embed(features, seed=0))
    figure = tsne.draw([panel] * 3, members, NAMES[:10])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == NAMES[:10]
    assert [axis.get_title() for axis in figure.axes] == ["Fine-tuned (88.6%)"] * 3
    style.write(figure, tmp_path / "figure.png")
    pixels = imread(tmp_path / "figure.png")[..., :3]
    third = pixels.shape[1] // 3
    for i, color in itertools.product(range(3), style.COLORS):
        part = pixels[: int(pixels.shape[0] * 0.85), i * third : (i + 1) * third]
        assert (np.abs(part - to_rgb(color)).max(axis=-1) < 0.01).sum() > 20, (i, color)


def test_nothing_of_the_picture_is_cut_off(tmp_path):
    features, members = clusters(each=3)
    names = ["a rather long name of a class", "Boeing 737-800", "c", "d"]
    panel = tsne.Panel("Trained from random initialization (57.6%)", tsne.embed(features, seed=0))
    style.write(tsne.draw([panel], members, names), tmp_path / "figure.png")
    pixels = imread(tmp_path / "figure.png")[..., :3]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    np.testing.assert_allclose(border, 1)


def cielab(linear: np.ndarray) -> np.ndarray:
    """Returns CIELAB [n, 3] of linear sRGB [n, 3] (IEC 61966-2-1, white D65)."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    relative = linear @ np.array(to_xyz).T / [0.9505, 1.0, 1.089]
    x, y, z = np.where(
        relative > (6 / 29) ** 3, np.cbrt(relative), relative * (29 / 6) ** 2 / 3 + 4 / 29
    ).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def test_any_two_colours_can_be_told_apart_also_with_a_colour_vision_deficiency():
    """Matrices of Machado, Oliveira, Fernandes (2009) for full severity, on linear RGB."""
    deficiencies = {
        "none": np.eye(3),
        "protanopia": [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        "deuteranopia": [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    }
    colors = np.array([to_rgb(color) for color in style.COLORS])
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    for name, matrix in deficiencies.items():
        lab = cielab(np.clip(linear @ np.array(matrix).T, 0, 1))
        for first, second in itertools.combinations(range(len(lab)), 2):
            same_marker = (first - second) % len(style.MARKERS) == 0
            least = 12 if same_marker else 6
            distance = np.linalg.norm(lab[first] - lab[second])
            assert distance > least, (name, style.COLORS[first], style.COLORS[second])


def test_classes_are_drawn_by_seed_or_named():
    drawn = tsne.choose_classes("10", NAMES, seed=0)
    assert drawn == tsne.choose_classes("10", NAMES, seed=0)
    assert drawn != tsne.choose_classes("10", NAMES, seed=1)
    assert len(set(drawn)) == 10 and drawn == sorted(drawn)
    assert tsne.choose_classes("class 7, class 2", NAMES, seed=0) == [7, 2]
    assert tsne.choose_classes("10", ["cat", "dog"], seed=0) == [0, 1]


@pytest.mark.parametrize("wanted", ["class 99,class 1", "1", "11", "class 3", ""])
def test_classes_that_cannot_be_drawn_are_told(wanted):
    with pytest.raises(UserError, match=f"--classes={wanted.split(',')[0]}"):
        tsne.choose_classes(wanted, NAMES, seed=0)


def test_an_image_with_several_of_the_chosen_objects_is_left_out():
    labels = np.array([[1, -1, -1], [1, 1, -1], [-1, 0, 1], [-1, -1, -1], [0, 1, 1]])
    assert tsne.only_class(labels, [1, 0]).tolist() == [1, -1, -1, -1, 0]
    assert tsne.only_class(np.array([0, 1, 2, 1]), [1, 0]).tolist() == [1, 0, -1, 0]


def test_what_cannot_be_embedded_is_told():
    with pytest.raises(UserError, match="3 test images"):
        tsne.embed(np.zeros((3, 5), np.float32), seed=0)
    with pytest.raises(UserError, match="NaN"):
        tsne.embed(np.full((30, 5), np.nan, np.float32), seed=0)


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"--output=.*\.png, \.pdf, \.svg"):
        style.format_of(tmp_path / "figure.jpg")
