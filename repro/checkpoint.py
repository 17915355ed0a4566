"""The networks and their released checkpoints.

python -m repro.checkpoint networks
"""

from repro import _command, checkpoints, networks
from repro._words import words


@words("networks")
def main(action: str, *arguments: str) -> int | None:
    """Does what the first word says."""
    actions = {
        "networks": _print_networks,
    }
    return actions[action](*arguments)


def _print_networks() -> None:
    """Prints Table 4 from the code, and what the paper has beside it where that is a number."""
    print(
        f"{'--model':<20} {'in Table 4':<19} {'parameters':>11} {'paper':>7} {'features':>8} "
        f"{'pixels':>6} {'classes':>7} {'top-1':>6}  checkpoint"
    )
    for name, spec in networks.NETWORKS.items():
        print(f"{name:<20} {spec.paper_name or '-':<19} ", end="", flush=True)
        model = networks.create(name, spec.num_classes)
        features = networks.feature_extractor(model).output.shape[-1]
        in_paper = f"{spec.parameters:.1f}M" if spec.parameters else "-"
        top1 = f"{spec.imagenet_top1:.1f}%" if spec.imagenet_top1 else "-"
        print(
            f"{networks.num_parameters(model):>11,} {in_paper:>7} {features:>8,} "
            f"{spec.image_size:>6} {spec.num_classes:>7} {top1:>6}  {checkpoints.entry(name).file}",
            flush=True,
        )
    print(
        "\nParameters are the trainable ones without the logits layer and the auxiliary head, as "
        "Table 4 counts them;\ntop-1 is the paper's, of its own networks on ImageNet's validation "
        "set. BN-Inception's 10.15M is printed as 10.1M."
    )


if __name__ == "__main__":
    _command.run(main)
