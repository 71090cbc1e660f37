"""A mixture of experts: who is asked, and how much each answer counts; right, and in the ways in which that goes wrong."""

import torch


class Moe:
    def expert_weights(self, prefix, x):
        """[..., experts], 0 for those that are not chosen."""
        m, wrong = self.spec["ffn"]["moe"], self.wrong
        logits = self.linear(prefix + "router", x)
        scores = self.a.kernel(self.score_of(m), logits)
        corrected = scores
        if m["correction_bias"] and "moe/correction-missing" not in wrong:
            corrected = self.a.kernel(torch.add, scores, self.params[prefix + "correction_bias"])
        allowed = corrected
        if m["groups"] > 1 and not wrong & {"moe/groups-missing", "moe/every-expert"}:
            allowed = self.of_chosen_groups(m, corrected)
        k = m["experts"] if "moe/every-expert" in wrong else m["top_k"]
        chosen = torch.zeros_like(corrected).scatter(-1, allowed.topk(k).indices, 1)
        w = (corrected if "moe/correction-in-weights" in wrong else scores) * chosen
        spares_someone = m["top_k"] < m["experts"] or m["score"] != "softmax"
        over_sum = m["renormalise"]
        if spares_someone and wrong & {"moe/not-renormalised", "moe/renormalised"}:
            over_sum = "moe/renormalised" in wrong
        if over_sum:
            w = self.a.kernel(lambda w: w / w.sum(-1, keepdim=True), w)
        scaling = 1 if "moe/scaling-missing" in wrong else m["scaling"]
        return self.a.kernel(lambda w: w * scaling, w)

    def score_of(self, m):
        if m["score"] == "sqrt_softplus" and "moe/sigmoid-for-root" not in self.wrong:
            root = (lambda t: t) if "moe/root-missing" in self.wrong else torch.sqrt
            return lambda t: root(torch.nn.functional.softplus(t, threshold=40))
        return torch.sigmoid if m["score"] != "softmax" else lambda t: torch.softmax(t, -1)

    def of_chosen_groups(self, m, scores):
        """The scores, and -infinity where a group is not chosen."""
        grouped = scores.unflatten(-1, (m["groups"], -1))
        best = grouped.topk(1 if m["group_score"] == "largest" else 2).values.sum(-1)
        chosen = torch.zeros_like(best).scatter(-1, best.topk(m["chosen_groups"]).indices, 1).unsqueeze(-1)
        return torch.where(chosen > 0, grouped, -torch.inf).flatten(-2)

    def mixture(self, prefix, x):
        m, w = self.spec["ffn"]["moe"], self.expert_weights(prefix, x)
        shift = 1 if "moe/next-expert" in self.wrong else 0
        weigh = lambda answer, w: self.a.kernel(torch.mul, answer, w)  # noqa: E731
        total = None
        for e in range(m["experts"]):
            answer = self.one_feed_forward(f"{prefix}experts.{(e + shift) % m['experts']}.", x)
            weighed = weigh(answer, w[..., e : e + 1])
            total = weighed if total is None else self.a.kernel(torch.add, total, weighed)
        if m["shared_d_ff"] and "moe/shared-missing" not in self.wrong:
            shared = self.one_feed_forward(prefix + "shared.", x)
            if m.get("shared_gate") and "moe/shared-gate-missing" not in self.wrong:
                gate = self.a.linear(x, self.params[prefix + "shared_gate.weight"].reshape(1, -1), None)
                shared = weigh(shared, self.a.kernel(torch.sigmoid, gate))
            total = self.a.kernel(torch.add, total, shared)
        return total
