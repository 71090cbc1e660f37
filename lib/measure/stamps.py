"""What a record says of the rule that it measured: the stamp of the reports that it is made of."""

import sys


def one(stamps):
    """Of all of them, which must be of one rule: there is no telling what a mixture measures."""
    rules = sorted({stamp["rule"] for stamp in stamps})
    if len(rules) != 1:
        sys.exit(f"expected runs of one rule, found {', '.join(rules) or 'none'}")
    return stamps[-1]
