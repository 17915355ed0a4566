"""Logistic regression on augmented images, its L2 chosen on validation (Appendix B)."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from repro import classifiers, datasets, metrics
from repro._cell import Cell
from repro._fixed_features import Solution
from repro.training import AugmentedConfig, AugmentedTrainer, fit


def solve(
    cell: Cell,
    extractor: keras.Model,
    config: AugmentedConfig,
    strategy: tf.distribute.Strategy,
    folder: Path,
    *,
    minutes_between_checkpoints: float,
    show_progress: bool,
) -> Solution:
    """Trains on train with every value of L2; then, if there is a test split, with the best on all.

    Args:
      cell: with splits train and validation; or train, validation, train+validation and test.
      extractor: from images to features, of inference only, made inside the strategy's scope.
      config: of the run.
      strategy: the tf.distribute strategy.
      folder: of the run. The first training keeps its checkpoints and history.csv in `choosing_l2`,
        the second in the folder itself; each goes on from its newest checkpoint.
      minutes_between_checkpoints: of training.
      show_progress: progress bars on stderr.
    """

    def train_and_predict(
        split: str, config: AugmentedConfig, folder: Path, evaluated: str
    ) -> tuple[np.ndarray, float]:
        trainer = AugmentedTrainer(
            extractor,
            cell.dataset.num_classes,
            config,
            strategy,
            multi_label=cell.dataset.multi_label,
        )
        with datasets.naming_bad_images(cell.splits[split]):
            history = fit(
                trainer,
                cell.training_batches(split, config.batch_size, config.steps),
                folder,
                minutes_between_checkpoints=minutes_between_checkpoints,
                show_progress=show_progress,
            )
        with datasets.naming_bad_images(cell.splits[evaluated]):
            scores = trainer.predict(
                cell.evaluation_batches(evaluated),
                len(cell.splits[evaluated]),
                description=evaluated,
                show_progress=show_progress,
            )
        return scores, history[-1].loss

    scores, loss = train_and_predict("train", config, folder / "choosing_l2", "validation")
    labels = cell.splits["validation"].labels
    percents = [100 * float(metrics.compute(cell.dataset.metric, labels, each)) for each in scores]
    best = classifiers.select_best(config.l2_values, percents)
    chosen = config.l2_values[best]
    print(f"L2 = {chosen:.3g}: {percents[best]:.2f}% on validation")
    details = {
        "l2_values": list(config.l2_values),
        "validation": percents,
        "final_loss": loss,
        "strategy": type(strategy).__name__,
        "replicas": strategy.num_replicas_in_sync,
    }
    hyperparameters = {
        "l2": chosen,
        "learning_rate": config.learning_rate,
        "steps": config.steps,
        "batch_size": config.batch_size,
    }
    if "test" not in cell.splits:
        return Solution(scores[best], hyperparameters, details)
    alone = replace(config, l2_values=(chosen,))
    scores, loss = train_and_predict("train+validation", alone, folder, "test")
    return Solution(scores[0], hyperparameters, details | {"refit": {"final_loss": loss}})
