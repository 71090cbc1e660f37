"""What a record says of how it was made: the stamp of the reports that it is made of, who was asked, and the seeds."""

import sys

import torch


def of_runs(stamps, seeds):
    """The stamp of runs, which must be of one rule: there is no telling what a mixture measures."""
    rules = sorted({stamp["rule"] for stamp in stamps})
    if len(rules) != 1:
        sys.exit(f"expected runs of one rule, found {', '.join(rules) or 'none'}")
    return stamps[-1] | {"asked": f"PyTorch {torch.__version__}", "seeds": sorted(seeds)}
