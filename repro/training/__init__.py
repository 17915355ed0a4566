"""Training under tf.distribute: whole networks (A.5, A.6), or linear layers on a frozen one (B)."""

from repro.training.augmented import AUGMENTED_L2_VALUES, AugmentedConfig, AugmentedTrainer
from repro.training.config import TrainingConfig, imagenet_settings
from repro.training.errors import DivergedError
from repro.training.interruption import InterruptedRunError
from repro.training.loop import fit
from repro.training.schedule import batch_norm_momentum
from repro.training.strategy import STRATEGIES, get_strategy, make_deterministic
from repro.training.trainer import Trainer
from repro.training.workers import is_chief

__all__ = [
    "AUGMENTED_L2_VALUES",
    "STRATEGIES",
    "AugmentedConfig",
    "AugmentedTrainer",
    "DivergedError",
    "InterruptedRunError",
    "Trainer",
    "TrainingConfig",
    "batch_norm_momentum",
    "fit",
    "get_strategy",
    "imagenet_settings",
    "is_chief",
    "make_deterministic",
]
