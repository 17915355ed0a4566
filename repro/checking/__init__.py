"""Results judged: against Table 5, an earlier run and the paper's conclusions; and said to people.

`comparison` judges cells, `baseline` what moved since, `conclusions` recomputes the paper's from
one's own cells, and `placement` places a new network among the 13. `rows` are these findings as
numbers, `report` as text.
"""
