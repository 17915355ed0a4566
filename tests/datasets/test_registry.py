import pytest

from repro import UserError, datasets, metrics

# Table 1 of the paper: classes, training size, test size, accuracy measure.
TABLE_1 = {
    "food101": ("Food-101", 101, 75_750, 25_250, "top1"),
    "cifar10": ("CIFAR-10", 10, 50_000, 10_000, "top1"),
    "cifar100": ("CIFAR-100", 100, 50_000, 10_000, "top1"),  # Table 1 prints 10 classes
    "birdsnap": ("Birdsnap", 500, 47_386, 2_443, "top1"),
    "sun397": ("SUN397", 397, 19_850, 19_850, "top1"),
    "cars": ("Stanford Cars", 196, 8_144, 8_041, "top1"),
    "aircraft": ("FGVC Aircraft", 100, 6_667, 3_333, "mean_per_class"),
    "voc2007": ("PASCAL VOC 2007 Cls.", 20, 5_011, 4_952, "map11"),
    "dtd": ("Describable Textures (DTD)", 47, 3_760, 1_880, "top1"),
    "pets": ("Oxford-IIIT Pets", 37, 3_680, 3_669, "mean_per_class"),  # prints 3,369 for testing
    "caltech101": ("Caltech-101", 102, 3_060, 6_084, "mean_per_class"),
    "flowers": ("Oxford 102 Flowers", 102, 2_040, 6_149, "mean_per_class"),
}
OWN_VALIDATION = {"aircraft", "voc2007", "dtd", "flowers"}  # Appendix A.5
PAPER_ORDER = [
    "food101",
    "cifar10",
    "cifar100",
    "birdsnap",
    "sun397",
    "cars",
    "aircraft",
    "voc2007",
    "dtd",
    "pets",
    "caltech101",
    "flowers",
]


@pytest.mark.parametrize("name", TABLE_1)
def test_a_declaration_repeats_table_1(name):
    spec = datasets.spec(name)
    declared = spec.paper_name, spec.num_classes, spec.train_size, spec.test_size, spec.metric
    assert declared == TABLE_1[name]
    assert spec.own_validation == (name in OWN_VALIDATION)


def test_the_order_is_that_of_table_1():
    of_the_paper = [spec.name for spec in datasets.DATASETS.values() if spec.paper_name]
    assert of_the_paper == [name for name in PAPER_ORDER if name in of_the_paper]


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_a_declaration_is_consistent(name):
    spec = datasets.spec(name)
    assert spec.name == name
    assert spec.metric in metrics.METRICS
    assert spec.expected.keys() == {"train", "validation", "test"}
    if not spec.own_validation:
        share = spec.expected["validation"].count / spec.train_size
        assert share == pytest.approx(0.2, abs=0.02)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UserError, match=r"--dataset=caltech is unknown. Did you mean caltech101"):
        datasets.spec("caltech")
