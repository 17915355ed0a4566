"""Prepares a data set from its original archive; without --dataset, lists the data sets.

python -m repro.dataset --dataset=caltech101 --manual_dir=$HOME/archives
"""

from repro import _command, datasets


def main() -> None:
    """Prepares, then shows what is there; or lists."""
    name = _command.DATASET.value
    if name is None:
        print(_listing())
        return
    data_dir = _command.DATA_DIR.value
    datasets.prepare(name, data_dir, _command.MANUAL_DIR.value, _command.ALLOW_PARTIAL.value)
    print(f"{name} is prepared in {data_dir}.")
    for split in datasets.spec(name).expected:
        examples = datasets.load(name, split, data_dir)
        print(f"{split:<10} {len(examples):>7,} images  sha256 of the ids {examples.sha256}")


def _listing() -> str:
    lines = [f"{'--dataset':<12}{'classes':>8}{'train':>8}{'test':>8}  {'metric':<16}in Table 1 as"]
    for spec in datasets.DATASETS.values():
        lines.append(
            f"{spec.name:<12}{spec.num_classes:>8}{spec.train_size:>8,}{spec.test_size:>8,}  "
            f"{spec.metric:<16}{spec.paper_name or '-'}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    _command.run(main)
