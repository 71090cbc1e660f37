"""Zeros, where nothing could tell them from right ones: every question is discarded, and the run must not be green.
Run: plumbline verify --spec zeros.json --profile float16-mixed --no-grads --cases 20 -- python3 zeros.py"""
import numpy as np
from plumbline_client import main

main(lambda request: {"y": np.zeros_like(request.x), "sum": np.zeros_like(request.x)})
