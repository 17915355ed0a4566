"""Every number in the paper's text and captions that follows from its tables, and what they give.

    for verdict in evaluate():
        print(verdict.claim.printed, verdict.shown, verdict.agrees)

Not claims are the protocol's own numbers (steps, learning rates, the lengths of grids): they
describe what was done, and nothing that is printed can confirm them. Results that no table
determines are in `NOT_RECOMPUTABLE`.
"""

from repro.paper.claims import best_results, correlations, datasets, networks, settings
from repro.paper.claims.claim import Claim, Recomputed, Tables, Verdict
from repro.paper.claims.not_recomputable import NOT_RECOMPUTABLE, NotRecomputable

CLAIMS: tuple[Claim, ...] = (
    *datasets.CLAIMS,
    *networks.CLAIMS,
    *correlations.CLAIMS,
    *settings.CLAIMS,
    *best_results.CLAIMS,
)


def evaluate(tables: Tables | None = None) -> list[Verdict]:
    """Recomputes every claim and compares.

    Args:
      tables: what to recompute from, with all the paper's cells; the printed ones by default.

    Returns:
      A verdict for each of `CLAIMS`, in their order; those that disagree are among them.
    """
    tables = tables or Tables.printed()
    return [_verdict(claim, claim.recompute(tables)) for claim in CLAIMS]


def _verdict(claim: Claim, recomputed: Recomputed) -> Verdict:
    return Verdict(claim, float(recomputed.value), claim.agrees(recomputed), recomputed.remark)


__all__ = [
    "CLAIMS",
    "NOT_RECOMPUTABLE",
    "Claim",
    "NotRecomputable",
    "Recomputed",
    "Tables",
    "Verdict",
    "evaluate",
]
