"""`python -m repro.classify`."""

import csv
import json
import sys

import numpy as np
import PIL.Image
import pytest

from repro import checkpoints, classify, networks
from repro.datasets.imagenet import class_of_logit, classes
from tests.commands import run_command
from tests.shared import shared_path

NAME = "mobilenet_v1_0.25"
# Checkpoint -> image size, and how many of the fifty photos the original code gets right.
RELEASED = {"mobilenet_v1_0.25_224": 224, "mobilenet_v1_0.25_128": 128}


def run(capsys, *arguments):
    return run_command(capsys, classify, *map(str, arguments))


def table(outcome):
    return list(csv.DictReader(outcome.out.splitlines()))


@pytest.mark.parametrize("name", RELEASED)
def test_fifty_photos_have_the_originals_top_1_and_top_5(name, capsys):
    photos = shared_path("data/imagenet_samples")
    golden = np.load(shared_path("golden/mobilenet_v1_0.25_imagenet_samples.npz"))
    logits = golden[f"{name}/logits"]
    outcome = run(
        capsys,
        photos,
        f"--model={NAME}",
        f"--checkpoint_path={shared_path(f'checkpoints/{name}')}",
        f"--image_size={RELEASED[name]}",
        "--format=json",
        "--eval_batch_size=16",
    )
    assert outcome.status == 0, outcome.err
    images = json.loads(outcome.out)["images"]
    found = {image["image"].rpartition("/")[2]: image["predictions"] for image in images}
    assert len(found) == len(golden["names"]) == 50
    probabilities = np.exp(logits - logits.max(1, keepdims=True), dtype=np.float64)
    probabilities /= probabilities.sum(1, keepdims=True)
    for photo, expected, theirs in zip(golden["names"], logits, probabilities, strict=True):
        (ours,) = (best for file, best in found.items() if file.startswith(str(photo)))
        order = np.argsort(-expected, kind="stable")[:5]
        assert [(best["index"], best["wnid"]) for best in ours] == [
            (logit - 1, classes()[logit - 1].wnid) if logit else (None, "") for logit in order
        ]
        assert [best["rank"] for best in ours] == [1, 2, 3, 4, 5]
        np.testing.assert_allclose([best["probability"] for best in ours], theirs[order], rtol=1e-3)
    # A photo's name begins with the WordNet id of what it shows; index k is the logit k + 1.
    wnids = [known.wnid for known in classes()]
    right = sum(
        wnids.index(str(photo)[:9]) + 1 == row.argmax()
        for photo, row in zip(golden["names"], logits, strict=True)
    )
    ours = sum(best[0]["wnid"] == file[:9] for file, best in found.items())
    assert ours == right > 20


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two pictures and a file that is none."""
    folder = tmp_path_factory.mktemp("photos")
    noise = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3), np.uint8)
    PIL.Image.fromarray(noise[0]).save(folder / "a.png")
    PIL.Image.fromarray(noise[1]).save(folder / "c.bmp")
    (folder / "b.jpg").write_bytes(b"\xff\xd8\xff and no more")
    return folder


@pytest.fixture(scope="module", params=[1000, 1001])
def tabby(request, tmp_path_factory):
    """A checkpoint that sees a tabby cat, class 281, in everything, and a tench, 0, second."""
    model = networks.create(NAME, request.param, (32, 32, 3))
    biases = np.zeros(request.param)
    biases[[281 + request.param - 1000, 0 + request.param - 1000]] = 1000, 998
    networks.assign(model, {"MobilenetV1/Logits/Conv2d_1c_1x1/biases": biases})
    return checkpoints.write_network(tmp_path_factory.mktemp("tabby") / "model.ckpt", model)


def flags_of(checkpoint):
    return f"--model={NAME}", f"--checkpoint_path={checkpoint}", "--image_size=32"


def test_a_checkpoint_of_1000_or_1001_classes_has_its_own_numbering(tabby, photos, capsys):
    outcome = run(capsys, photos / "a.png", *flags_of(tabby), "--format=csv", "--top=2")
    assert outcome.status == 0, outcome.err
    first, second = table(outcome)
    assert (first["index"], first["wnid"], first["rank"]) == ("281", "n02123045", "1")
    assert (second["index"], second["name"]) == ("0", "tench, Tinca tinca")
    odds = float(first["probability"]) / float(second["probability"])
    np.testing.assert_allclose(odds, np.exp(2), rtol=1e-2)


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_every_networks_released_logits_have_names(name):
    num_classes = networks.spec(name).num_classes
    assert len(class_of_logit(num_classes)) == num_classes


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Fresh weights of 1001 classes, as a Keras file."""
    folder = tmp_path_factory.mktemp("fresh")
    model = networks.create(NAME, 1001, (32, 32, 3))
    path = checkpoints.write_network(folder / "model.ckpt", model)
    return checkpoints.convert(path, folder / "keras" / "model.keras", NAME).output


def test_a_bad_image_is_named_and_the_rest_go_on(checkpoint, photos, capsys):
    outcome = run(capsys, photos, photos / "none.png", *flags_of(checkpoint), "--format=json")
    assert outcome.status == 1
    document = json.loads(outcome.out)
    assert [image["image"] for image in document["images"]] == [
        str(photos / name) for name in ("a.png", "c.bmp")
    ]
    problems = {error["image"]: error["problem"] for error in document["errors"]}
    assert problems == {
        str(photos / "b.jpg"): "cannot be decoded (15 bytes)",
        str(photos / "none.png"): "is not there",
    }
    for name, problem in problems.items():
        assert f"{name} {problem}.\n" in outcome.err
    assert "2 could not be classified, 2 were." in outcome.err


def test_text_names_file_rank_probability_id_and_class(checkpoint, photos, capsys):
    outcome = run(capsys, photos / "*.png", *flags_of(checkpoint))
    assert outcome.status == 0, outcome.err
    name, *rows = outcome.out.splitlines()
    assert name == str(photos / "a.png")
    assert len(rows) == 5
    for rank, row in enumerate(rows, start=1):
        number, probability, rest = row.split(maxsplit=2)
        assert int(number) == rank
        assert probability.endswith("%")
        assert rest.startswith("n") or "background" in rest


def test_the_network_may_be_told_by_its_checkpoint(checkpoint, photos, capsys):
    path = f"--checkpoint_path={checkpoint}"
    outcome = run(capsys, photos / "a.png", path, "--image_size=32")
    assert outcome.status == 0, outcome.err


def test_the_checkpoint_may_lie_where_all_are_kept(checkpoint, photos, capsys, tmp_path):
    (tmp_path / NAME).symlink_to(checkpoint.parent)
    place = f"--checkpoint_dir={tmp_path}"
    outcome = run(capsys, photos / "a.png", f"--model={NAME}", place, "--image_size=32")
    assert outcome.status == 0, outcome.err


def test_a_file_is_written_in_the_format_of_its_ending(checkpoint, photos, capsys, tmp_path):
    printed = run(capsys, photos / "a.png", *flags_of(checkpoint), "--format=csv").out
    output = tmp_path / "new" / "found.csv"
    outcome = run(capsys, photos / "a.png", *flags_of(checkpoint), f"--output={output}")
    assert (outcome.status, outcome.out) == (0, "")
    assert output.read_text() == printed
    assert list(output.parent.iterdir()) == [output]


def test_an_image_is_the_same_whatever_the_batch(checkpoint, photos, capsys):
    both = run(capsys, photos / "a.png", photos / "c.bmp", *flags_of(checkpoint), "--format=csv")
    single = run(
        capsys,
        *(photos / "a.png", photos / "c.bmp"),
        *(*flags_of(checkpoint), "--format=csv", "--eval_batch_size=1"),
    )
    assert [(row["image"], row["rank"]) for row in table(both)] == [
        (row["image"], row["rank"]) for row in table(single)
    ]
    np.testing.assert_allclose(
        [float(row["probability"]) for row in table(both)],
        [float(row["probability"]) for row in table(single)],
        rtol=1e-4,
    )


def test_mistakes_are_told_in_a_sentence(checkpoint, photos, capsys, tmp_path):
    image = photos / "a.png"
    ten = checkpoints.write_network(tmp_path / "ten.ckpt", networks.create(NAME, 10))
    for arguments, message in {
        (): "IMAGE is missing",
        (image,): "--model is required",
        (image, "--model=inception_v44"): "--model=inception_v44 is unknown",
        (image, f"--model={NAME}", f"--checkpoint_dir={tmp_path}"): "No checkpoint of",
        (image, *flags_of(ten)): "has 10 classes; ImageNet's names are for 1000",
        ("https://example.org/a.png", *flags_of(checkpoint)): "is a URL",
        (image, *flags_of(checkpoint), f"--output={tmp_path}"): "cannot be written",
    }.items():
        outcome = run(capsys, *arguments)
        assert outcome.status == 2, arguments
        assert message in outcome.err, outcome.err


def test_a_progress_bar_is_for_terminals_only(checkpoint, photos, capsys):
    assert not sys.stderr.isatty()
    outcome = run(capsys, photos / "a.png", *flags_of(checkpoint), "--progress")
    assert outcome.err == ""
