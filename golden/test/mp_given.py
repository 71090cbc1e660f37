"""What a question says of its keys, over mpmath numbers: masks as tensors, lengths, segments, and keys of a cache."""

import numpy as np
from mp_tape import constant

DATA = {"mask", "key_lengths", "segments", "q_segments", "k_segments"}


def above(x, y):
    """[x; y] along the third axis."""
    return x.swapaxes(2, 3).beside(y.swapaxes(2, 3)).swapaxes(2, 3)


class Given:
    """Of a block that has `spec`, `params`, `batch` and `heads`."""

    def data(self, name):
        return np.array([int(n) for n in self.params[name].value.reshape(-1)]).reshape(self.batch, -1)

    def mask(self, queries, keys):
        """[B or 1, H or 1, Tq, Tk]"""
        over, n_heads = self.spec["attention"]["given"]["mask_over"], self.spec["attention"]["n_heads"]
        shape = (self.batch if "sequences" in over else 1, n_heads if "heads" in over else 1, queries, keys)
        return self.params["mask"].value.reshape(shape)

    def first_position(self, b, queries, keys, at_the_end):
        """The key that query 0 of sequence b stands at."""
        given = self.spec["attention"].get("given") or {}
        if given.get("past"):
            return given["past"]
        own_keys = self.spec["part"] == "sdpa"
        if given.get("lengths") and own_keys and at_the_end:
            return self.data("key_lengths")[b, 0] - queries
        return keys - queries if at_the_end else 0

    def shown(self, queries, keys):
        """1 where lengths, segments and a boolean mask leave a key, [B, H or 1, Tq, Tk]."""
        given = self.spec["attention"].get("given") or {}
        shown = np.ones((self.batch, 1, queries, keys), int)
        if given.get("lengths"):
            shown = shown * (np.arange(keys) < self.data("key_lengths"))[:, None, None]
        if given.get("segments"):
            q, k = ("q_segments", "k_segments") if self.spec["part"] == "sdpa" else ("segments", "segments")
            shown = shown * (self.data(q)[:, :, None] == self.data(k)[:, None, :])[:, None]
        if given.get("mask") == "boolean":
            shown = shown * (self.mask(queries, keys) != 0)
        return shown

    def with_cache(self, name, x):
        """Keys or values as heads [B, K, T, h], behind those of the cache."""
        given = self.spec["attention"].get("given") or {}
        if not given.get("past") or self.spec["part"] == "sdpa":
            return x
        cached = self.params[name]
        rows = cached.reshape(-1, cached.shape[-1])
        return above(rows.reshape(self.batch, given["past"], x.shape[1], x.shape[3]).swapaxes(1, 2), x)

    def added(self, scores):
        given = self.spec["attention"].get("given") or {}
        if given.get("mask") != "additive":
            return scores
        return scores + constant(self.mask(*scores.shape[2:]))
