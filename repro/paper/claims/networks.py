"""Which networks are best: the networks' ranks on ImageNet and on the transfer data sets."""

from functools import partial

import numpy as np
import pandas as pd

from repro import statistics
from repro.paper.claims.claim import (
    Claim,
    Recomputed,
    Tables,
    counted,
    exact,
    names,
    rounded,
    significant,
)

_RETRAINED_INCEPTION_V3 = 77.2  # percent on ImageNet, Appendix A.4
# Section 4.1: the sign of the difference to the ResNets' dimension.
_DIMENSIONS_BESIDE_RESNETS = {"inception_v3": 0, "nasnet_large": 1, "inception_resnet_v2": -1}
_BEST_FROM_SCRATCH = ("inception_v4", "inception_v3", "nasnet_large")  # Section 4.2


def _resnets(networks: pd.Index) -> list[str]:
    """Returns the ResNets among networks."""
    return [name for name in networks if name.startswith("resnet")]


def _imagenet_ranks(tables: Tables) -> pd.Series:
    return tables.networks["imagenet_top1"].rank(ascending=False, method="min")


def _transfer_ranking(tables: Tables, setting: str) -> pd.Series:
    """Returns mean logits over the data sets, the best network first."""
    mean = statistics.mean_logits(tables.fractions(setting))
    return pd.Series(mean, tables.accuracies[setting].index).sort_values(ascending=False)


def _best_datasets(tables: Tables, setting: str, group: list[str]) -> Recomputed:
    """Counts the data sets on which a network of the group is best; with printed ties at most."""
    table = tables.accuracies[setting]
    inside, outside = table.loc[group].max(), table.drop(index=group).max()
    strictly, tied = inside > outside, inside == outside
    others = table.columns[~(strictly | tied)]
    remark = f"others are best on {names(others)}"
    if tied.any():
        remark += f"; a printed tie on {names(table.columns[tied])}"
    most = int(strictly.sum() + tied.sum())
    return Recomputed(int(strictly.sum()), remark, int(strictly.sum()), most)


def _count(tables: Tables) -> Recomputed:
    return Recomputed(len(tables.networks))


def _extreme(tables: Tables, column: str, which: str) -> Recomputed:
    values = tables.networks[column]
    name = values.idxmin() if which == "min" else values.idxmax()
    return Recomputed(float(values[name]), name)


def _features(tables: Tables, model: str) -> Recomputed:
    return Recomputed(int(tables.networks.loc[model, "features"]))


def _resnet_imagenet_rank(tables: Tables, which: str) -> Recomputed:
    ranks = _imagenet_ranks(tables)[_resnets(tables.networks.index)]
    return Recomputed(int(ranks.agg(which)), names(ranks.sort_values().index))


def _resnets_in_top_three(tables: Tables) -> Recomputed:
    ranking = _transfer_ranking(tables, "logistic_regression")
    return Recomputed(len(_resnets(ranking.index[:3])), f"in order {names(ranking.index[:3])}")


def _resnets_best(tables: Tables) -> Recomputed:
    group = _resnets(tables.networks.index)
    return _best_datasets(tables, "logistic_regression", group)


def _best_on_imagenet_fine_tuned(tables: Tables) -> Recomputed:
    best = tables.networks["imagenet_top1"].idxmax()
    return _best_datasets(tables, "finetune", [best])


def _dimensions_beside_resnets(tables: Tables) -> Recomputed:
    """Counts which of the three statements about better networks' dimensions hold."""
    better = tables.networks.loc[list(_DIMENSIONS_BESIDE_RESNETS)]
    of_resnets = tables.networks.loc[_resnets(tables.networks.index)]
    more_accurate = better["imagenet_top1"] > of_resnets["imagenet_top1"].max()
    beside = np.sign(better["features"] - of_resnets["features"].unique().item())
    as_said = beside == pd.Series(_DIMENSIONS_BESIDE_RESNETS)
    remark = names(f"{name} {features}" for name, features in better["features"].items())
    return Recomputed(int((more_accurate & as_said).sum()), remark)


def _rank_from_scratch(tables: Tables) -> Recomputed:
    ranking = _transfer_ranking(tables, "random_init")
    remark = f"best three in order {names(ranking.index[:3])}"
    return Recomputed(ranking.index.get_loc("inception_v4") + 1, remark)


def _wilcoxon_to_inception_v4(tables: Tables, model: str) -> Recomputed:
    table = tables.accuracies["random_init"] / 100
    pair = table.loc["inception_v4"], table.loc[model]
    logits = statistics.wilcoxon_signed_rank(*pair, use_logits=True)
    return Recomputed(statistics.wilcoxon_signed_rank(*pair), f"{logits:.3f} on logits")


def _not_different_from_inception_v4(tables: Tables) -> Recomputed:
    models = tables.accuracies["random_init"].index.drop("inception_v4")
    p_values = {model: _wilcoxon_to_inception_v4(tables, model).value for model in models}
    like_best = [model for model, p_value in p_values.items() if p_value >= 0.05]
    return Recomputed(len(like_best), names(like_best))


def _best_from_scratch_on_imagenet(tables: Tables) -> Recomputed:
    ranks = _imagenet_ranks(tables)[list(_BEST_FROM_SCRATCH)].astype(int)
    remark = names(f"{model} is number {rank}" for model, rank in ranks.items())
    return Recomputed(int((ranks <= 4).sum()), remark)


def _retrained_inception_v3(tables: Tables, model: str) -> Recomputed:
    difference = abs(tables.networks.loc[model, "imagenet_top1"] - _RETRAINED_INCEPTION_V3)
    return Recomputed(float(difference), f"from its own {_RETRAINED_INCEPTION_V3}%, in no table")


CLAIMS: tuple[Claim, ...] = (
    counted("networks", "Abstract, 1, 4", "networks examined", "13", _count),
    exact(
        "lowest_imagenet_accuracy",
        "4",
        "the networks' lowest ImageNet top-1 accuracy",
        "69.8%",
        partial(_extreme, column="imagenet_top1", which="min"),
    ),
    exact(
        "highest_imagenet_accuracy",
        "4",
        "the networks' highest ImageNet top-1 accuracy",
        "82.7%",
        partial(_extreme, column="imagenet_top1", which="max"),
    ),
    exact(
        "nasnet_mobile_features",
        "4",
        'the penultimate dimension in the mobile NASNet\'s name, "4 @ 1056"',
        "1056",
        partial(_features, model="nasnet_mobile"),
    ),
    exact(
        "nasnet_large_features",
        "4",
        'the penultimate dimension in the large NASNet\'s name, "6 @ 4032"',
        "4032",
        partial(_features, model="nasnet_large"),
    ),
    exact(
        "largest_image_size",
        "A.2",
        "pixels of the largest input of any network",
        "331",
        partial(_extreme, column="image_size", which="max"),
    ),
    exact(
        "best_resnet_on_imagenet",
        "4.1",
        "rank of the best of the three ResNets in ImageNet accuracy",
        "5",
        partial(_resnet_imagenet_rank, which="min"),
    ),
    exact(
        "last_resnet_on_imagenet",
        "4.1",
        "rank of the last of the three ResNets in ImageNet accuracy",
        "7",
        partial(_resnet_imagenet_rank, which="max"),
    ),
    counted(
        "resnets_in_top_three",
        "4.1",
        "ResNets among the three best by logistic regression, by mean logit",
        "3",
        _resnets_in_top_three,
    ),
    counted(
        "resnets_best",
        "4.1",
        "data sets on which a ResNet is best by logistic regression",
        "9 of 12",
        _resnets_best,
        why="a count; printed ties count either way",
    ),
    counted(
        "dimensions_beside_resnets",
        "4.1",
        "networks better on ImageNet whose penultimate dimension is as said: equal to the ResNets' "
        "(Inception v3), higher (NASNet Large), lower (Inception-ResNet v2)",
        "3",
        _dimensions_beside_resnets,
    ),
    counted(
        "best_on_imagenet_best_fine_tuned",
        "4.2",
        "data sets on which the best network on ImageNet is the best one fine-tuned",
        "9",
        _best_on_imagenet_fine_tuned,
        why="a count; printed ties count either way",
    ),
    exact(
        "best_from_scratch",
        "4.2",
        "rank of Inception v4 from random initialization, by mean logit",
        "1",
        _rank_from_scratch,
    ),
    significant(
        "inception_v3_like_best_from_scratch",
        "4.2",
        "Wilcoxon's p: Inception v3 is insignificantly worse than Inception v4 from random "
        "initialization",
        ">=",
        partial(_wilcoxon_to_inception_v4, model="inception_v3"),
    ),
    significant(
        "nasnet_large_like_best_from_scratch",
        "4.2",
        "Wilcoxon's p: NASNet-A Large is insignificantly worse than Inception v4 from random "
        "initialization",
        ">=",
        partial(_wilcoxon_to_inception_v4, model="nasnet_large"),
    ),
    counted(
        "networks_like_best_from_scratch",
        "4.2",
        "networks named as insignificantly worse than the best from random initialization",
        "2",
        _not_different_from_inception_v4,
    ),
    counted(
        "best_from_scratch_on_imagenet",
        "4.2",
        "how many of these three networks are among the best four on ImageNet",
        "3",
        _best_from_scratch_on_imagenet,
    ),
    rounded(
        "retrained_inception_v3_below_original",
        "A.4",
        "points on ImageNet by which the retrained Inception v3 is worse than the original",
        "0.8%",
        partial(_retrained_inception_v3, model="inception_v3"),
    ),
    rounded(
        "retrained_inception_v3_above_resnet_152",
        "A.4",
        "points on ImageNet by which the retrained Inception v3 is better than ResNet-152",
        "0.4%",
        partial(_retrained_inception_v3, model="resnet_v1_152"),
    ),
)
