"""Reads what the original TF-Slim code computed for a network."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.golden import recipe

FOLDER = Path(__file__).resolve().parents[1] / "golden" / "networks"


@dataclass(frozen=True)
class Golden:
    """The goldens of one network; `name` is ours, `folder` theirs."""

    name: str
    folder: Path

    @property
    def exists(self) -> bool:
        """Whether the original was run with this network."""
        return self.folder.is_dir()

    def variables(self, *, auxiliary: bool) -> dict[str, tuple[int, ...]]:
        """Shapes by TF-Slim's variable names."""
        with (self.folder / "variables.csv").open() as file:
            return {
                row["name"]: tuple(map(int, row["shape"].split("x")))
                for row in csv.DictReader(file)
                if auxiliary or row["aux_head"] == "0"
            }

    def values(self) -> dict[str, np.ndarray]:
        """The recipe's weights by TF-Slim's variable names, the auxiliary head's too."""
        return {
            name: recipe.value(name, shape)
            for name, shape in self.variables(auxiliary=True).items()
        }

    def table(self, file: str) -> dict[str, str]:
        """A two-column CSV as a dictionary."""
        with (self.folder / file).open() as lines:
            rows = csv.reader(lines)
            next(rows)
            return dict(rows)

    def weight_decay_variables(self) -> list[str]:
        lines = (self.folder / "weight_decay_variables.txt").read_text().splitlines()
        return [line for line in lines if not line.startswith("#")]

    def array(self, file: str) -> dict[str, np.ndarray]:
        return dict(np.load(self.folder / file))

    def json(self, file: str) -> dict:
        return json.loads((self.folder / file).read_text())

    def image(self, description: dict) -> np.ndarray:
        """The input that a golden's JSON describes."""
        image = recipe.image(
            tuple(description["size"]),
            description["batch"],
            description["seed"],
            description["kind"],
        )
        assert recipe.crc(image) == description["crc32"]
        return image


def golden(name: str) -> Golden:
    """Returns the goldens of one of our networks."""
    renamed = {"mobilenet_v1_0.25": "mobilenet_v1_025", "mobilenet_v2_1.4": "mobilenet_v2_140"}
    return Golden(name, FOLDER / renamed.get(name, name))


def relative_l2(ours, theirs) -> float:
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
