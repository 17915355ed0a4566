"""What the paper printed, and what a result is compared with."""

from repro.paper.tables import DATASET_COLUMNS, paper_value

__all__ = ["DATASET_COLUMNS", "paper_value"]
