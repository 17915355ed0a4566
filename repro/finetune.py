"""Fine-tunes a network on a data set, or trains it from random initialization, and tests it once.

python -m repro.finetune --model=inception_v4 --dataset=aircraft
"""

from dataclasses import asdict
from pathlib import Path

from absl import flags

from repro import _cell, _command, checkpoints, datasets
from repro._training_flags import BATCH_SIZE, CHECKPOINT_MINUTES, STEPS
from repro.results import RunFolder
from repro.training import (
    Trainer,
    TrainingConfig,
    batch_norm_momentum,
    fit,
    get_strategy,
    imagenet_settings,
)

_INIT = flags.DEFINE_enum(
    "init", "imagenet", ["imagenet", "random"], "Where the weights start from."
)
_LEARNING_RATE = flags.DEFINE_float("learning_rate", 0.01, "At the first step of the cosine.")
_WEIGHT_DECAY_RATIO = flags.DEFINE_float(
    "weight_decay_ratio", 1e-5, "The paper's weight decay to learning rate ratio."
)
_WEIGHT_DECAY_RULE = flags.DEFINE_enum(
    "weight_decay_rule",
    "divide",
    ["divide", "multiply"],
    "L2 coefficient from the ratio: divide by or multiply with the initial learning rate.",
)
_LABEL_SMOOTHING = flags.DEFINE_float(
    "label_smoothing", None, "Default: as the network was trained on ImageNet."
)
_AUXILIARY_WEIGHT = flags.DEFINE_float(
    "auxiliary_weight", None, "Of the auxiliary loss; default: as on ImageNet; 0: no such head."
)
_CLIP_NORM = flags.DEFINE_float(
    "clip_norm", None, "Largest norm of a gradient; default: as on ImageNet; 0: no clipping."
)
_EXPORT_CHECKPOINT = flags.DEFINE_string(
    "export_checkpoint", None, "Also write the trained weights as a TF-Slim V2 checkpoint here."
)
_SHOWN = {
    "learning_rate": "lr",
    "weight_decay_ratio": "wd",
    "steps": "steps",
    "batch_size": "batch",
    "seed": "seed",
    "eval_split": "",
}


def main() -> None:
    """One run of one cell."""
    setting = "random_init" if _INIT.value == "random" else "finetune"
    eval_split = _command.EVAL_SPLIT.value
    fit_split = "train+validation" if eval_split == "test" else "train"
    cell = _cell.load((fit_split, eval_split), with_checkpoint=_INIT.value == "imagenet")
    config = _config(cell)
    folder = RunFolder(
        Path(_command.RESULTS_DIR.value),
        setting,
        cell.dataset.name,
        cell.network.name,
        cell.settings() | asdict(config),
        _SHOWN,
    )
    if cell.already_done(folder):
        return
    folder.create()
    folder.write_flags(_command.flags_text())

    num_train = len(cell.splits[fit_split].ids)
    momentum = batch_norm_momentum(num_train, config.batch_size)
    strategy = get_strategy(_command.STRATEGY.value)
    model = cell.create_model(
        strategy,
        batch_norm_momentum=momentum,
        auxiliary_head=config.auxiliary_weight > 0,
    )
    trainer = Trainer(model, config, strategy, multi_label=cell.dataset.multi_label)
    print(f"Run folder: {folder.path}")
    with datasets.naming_bad_images(cell.splits[fit_split]):
        history = fit(
            trainer,
            cell.training_batches(fit_split, config.batch_size, config.steps),
            folder.path,
            minutes_between_checkpoints=CHECKPOINT_MINUTES.value,
            show_progress=_command.PROGRESS.value,
        )
    with datasets.naming_bad_images(cell.splits[eval_split]):
        logits = trainer.predict(
            cell.evaluation_batches(eval_split),
            len(cell.splits[eval_split].ids),
            description=eval_split,
            show_progress=_command.PROGRESS.value,
        )
    if _EXPORT_CHECKPOINT.value:
        checkpoints.write_network(_EXPORT_CHECKPOINT.value, model)
        print(f"Wrote the weights to {_EXPORT_CHECKPOINT.value}.")
    cell.record(
        folder,
        setting,
        logits,
        num_train=num_train,
        hyperparameters=asdict(config) | {"l2": config.l2, "batch_norm_momentum": momentum},
        details={
            "final_loss": history[-1].loss,
            "images_per_second": config.steps * config.batch_size / history[-1].seconds,
            "strategy": type(strategy).__name__,
            "replicas": strategy.num_replicas_in_sync,
        },
    )


def _config(cell: _cell.Cell) -> TrainingConfig:
    settings = imagenet_settings(cell.network)
    given = {
        "label_smoothing": _LABEL_SMOOTHING.value,
        "auxiliary_weight": _AUXILIARY_WEIGHT.value,
        "clip_norm": _CLIP_NORM.value,
    }
    settings |= {name: value for name, value in given.items() if value is not None}
    settings["clip_norm"] = settings["clip_norm"] or None
    return TrainingConfig(
        learning_rate=_LEARNING_RATE.value,
        weight_decay_ratio=_WEIGHT_DECAY_RATIO.value,
        weight_decay_rule=_WEIGHT_DECAY_RULE.value,
        steps=STEPS.value,
        batch_size=BATCH_SIZE.value,
        seed=_command.SEED.value,
        **settings,
    )


if __name__ == "__main__":
    _command.run(main)
