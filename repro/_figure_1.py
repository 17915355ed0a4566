"""Figure 1 from features that are kept or computed: what it shows, and of which runs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from repro import UserError, _cell, _command, _features, networks
from repro.datasets import Examples
from repro.figures import tsne
from repro.results import reading
from repro.results.metrics_json import RunMetrics

_TITLES = {"finetune": "Fine-tuned", "random_init": "Trained from random initialization"}


def draw(folders: Sequence[str]) -> Figure:
    """Draws Figure 1 of --model, if it is given, and of runs.

    Args:
      folders: the values of --runs.

    Raises:
      UserError: neither is given, or no --dataset follows from them; a folder is no run that
        trained a network, or is one on other images.
    """
    runs = [(Path(folder).expanduser(), _trained_run(folder)) for folder in folders]
    if _command.MODEL.value is None and not runs:
        _command.required(_command.MODEL)
    dataset = _command.DATASET.value or next((run.dataset for _, run in runs), None)
    if dataset is None:
        _command.required(_command.DATASET)
    spec = _cell.dataset_spec(dataset)
    for folder, run in runs:
        if run.dataset != spec.name:
            raise UserError(
                f"--runs={folder} is a run on {run.dataset}; the others are on {spec.name}. All "
                "panels show the same images."
            )
    (test,) = _cell.load_splits(spec, ["test"]).values()
    wanted = _command.CLASSES.value or str(tsne.NUM_CLASSES)
    classes = tsne.choose_classes(wanted, test.class_names, _command.SEED.value)
    members = tsne.only_class(test.labels, classes)
    panels = [
        tsne.Panel(title, tsne.embed(values[members >= 0], _command.SEED.value))
        for title, values in _titled_features(test, runs)
    ]
    return tsne.draw(panels, members[members >= 0], [test.class_names[label] for label in classes])


def _trained_run(folder: str) -> RunMetrics:
    run = reading.read_run(Path(folder).expanduser())
    if run.setting not in _TITLES:
        raise UserError(
            f"--runs={folder} is a run of {run.setting}, which trains no network of its own. Give "
            "folders of repro.finetune."
        )
    return run


def _titled_features(test: Examples, runs: list[tuple[Path, RunMetrics]]) -> Iterator[tuple]:
    """Yields a panel's title and the test features, [n, d]."""
    cache = _features.cache()
    models = {run.model for _, run in runs} | {_command.MODEL.value} - {None}
    if _command.MODEL.value is not None:
        network = networks.spec(_command.MODEL.value)
        checkpoint = _cell.locate(network)
        extractor = _features.extractor(network, checkpoint, _command.IMAGE_SIZE.value)
        title = _title("Fixed features", network.name, models)
        yield title, extractor.features(test, cache).values
    for folder, run in runs:
        size = reading.flag_of(folder, _command.IMAGE_SIZE.name)
        extractor = _features.extractor(networks.spec(run.model), folder, size and int(size))
        title = _title(_TITLES[run.setting], run.model, models)
        yield f"{title} ({run.value:.1f}%)", extractor.features(test, cache).values


def _title(setting: str, model: str, models: set[str]) -> str:
    return setting if len(models) == 1 else f"{model}: {setting.lower()}"
