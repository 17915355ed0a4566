"""The report as one HTML page: the paper's tables, figures and claims with ours beside them.

A room of its own because a page is another way to show results than a figure or a line of text, and
needs all of those before it: `results`, `statistics`, `paper` and `figures`.
"""
