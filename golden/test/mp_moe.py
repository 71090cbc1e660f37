"""A mixture of experts over mpmath numbers, from the spec's JSON: written from the formulas alone."""

import numpy as np
from mp_streams import columns, logistic, shares
from mp_tape import constant, softplus, sqrt


def root_of_softplus(x):
    return sqrt(softplus(x))


def largest(row, k):
    return set(sorted(range(len(row)), key=lambda e: row[e], reverse=True)[:k])


class Moe:
    """Of a block that has `spec`, `linear` and `one_feed_forward`."""

    def chosen(self, scores):
        """[n, experts] of 0 and 1; `scores`: numbers."""
        m = self.spec["ffn"]["moe"]
        out, each = np.zeros(scores.shape, int), m["experts"] // m["groups"]
        for i, row in enumerate(scores):
            allowed = range(m["experts"])
            if m["groups"] > 1:
                best = 1 if m["group_score"] == "largest" else 2
                groups = [sorted(row[g * each : (g + 1) * each], reverse=True)[:best] for g in range(m["groups"])]
                open_ones = largest([sum(g) for g in groups], m["chosen_groups"])
                allowed = [e for e in allowed if e // each in open_ones]
            for e in largest([row[e] for e in allowed], m["top_k"]):
                out[i, allowed[e]] = 1
        return out

    def expert_weights(self, p, x):
        """[n, experts]"""
        m = self.spec["ffn"]["moe"]
        logits = self.linear(p + "router", x)
        scores = {"softmax": shares, "sigmoid": logistic, "sqrt_softplus": root_of_softplus}[m["score"]](logits)
        corrected = scores.value
        if m["correction_bias"]:
            corrected = corrected + self.params[p + "correction_bias"].value
        w = scores * constant(self.chosen(corrected))
        if m["renormalise"]:
            w = w / w.row_sum()
        return w * m["scaling"]

    def mixture(self, p, x):
        m, w, y = self.spec["ffn"]["moe"], self.expert_weights(p, x), None
        for e in range(m["experts"]):
            weighed = self.one_feed_forward(f"{p}experts.{e}.", x) * columns(w, e, 1)
            y = weighed if y is None else y + weighed
        if m["shared_d_ff"]:
            shared = self.one_feed_forward(p + "shared.", x)
            if m.get("shared_gate"):
                gate = self.params[p + "shared_gate.weight"].reshape(-1, 1)
                shared = shared * logistic(x @ gate)
            y = y + shared
        return y
