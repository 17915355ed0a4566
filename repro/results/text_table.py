"""A table for the terminal."""

from collections.abc import Collection, Sequence


def text_table(rows: Sequence[Sequence[str]], right_aligned: Collection[int] = ()) -> str:
    """Returns aligned columns, the first row above a rule.

    Args:
      rows: header and rows, each of the same number of cells.
      right_aligned: columns of numbers.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    header, *body = [
        "  ".join(
            cell.rjust(width) if i in right_aligned else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([header, rule, *body])
