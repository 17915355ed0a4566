"""What the paper printed, and what a result is compared with."""

from repro.paper.tables import DATASET_COLUMNS, SETTINGS, paper_value, table5_networks

__all__ = ["DATASET_COLUMNS", "SETTINGS", "paper_value", "table5_networks"]
