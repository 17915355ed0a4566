"""Re-runs "Do Better ImageNet Models Transfer Better?" (Kornblith, Shlens, Le, 2018).

A file in this package is a command (`python -m repro.finetune`), a folder is a room of the library.
"""

import difflib
import os
from collections.abc import Iterable

# Read when TensorFlow is first imported: without it every command begins with a page of messages.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"


class UserError(ValueError):
    """A mistake that the person at the keyboard can mend.

    Its text is all that a command prints: which flag or file, what was given, what is allowed, and
    what to do. Commands turn it into one message and exit status 2; a traceback is never shown.
    """


def unknown_name(kind: str, given: str, allowed: Iterable[str]) -> UserError:
    """Returns the error for a name that is in no registry, with the nearest names that are.

    Args:
      kind: what was named, as the flag says it ("--model").
      given: the unknown name.
      allowed: the names that exist.
    """
    allowed = sorted(allowed)
    nearest = difflib.get_close_matches(given, allowed, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(nearest)}? " if nearest else ""
    return UserError(f"{kind}={given} is unknown. {hint}Allowed: {', '.join(allowed)}.")
