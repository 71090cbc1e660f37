"""What a question says of its keys: masks as tensors, lengths, segments, and keys that were there before."""

import torch

NAMES = {"mask", "key_lengths", "segments", "q_segments", "k_segments"}


class Given:
    """Of an Attention: which of its keys each query sees beside its position, [B or 1, H or 1, Tq, Tk]."""

    @property
    def given(self):
        return self.spec["attention"].get("given") or {}

    @property
    def past(self):
        return self.given.get("past", 0)

    def first_positions(self, queries, keys):
        """The key that query 0 stands at: one number, or one for each sequence [B, 1, 1]."""
        own_keys = self.spec["part"] == "sdpa"
        top_left = self.spec["attention"].get("causal_alignment", "bottom_right") == "top_left"
        if self.past:
            return self.past
        if self.given.get("lengths") and own_keys and not top_left:
            return (self.params["key_lengths"].long() - queries)[:, None, None]
        return None

    def shown(self, queries, keys):
        """What lengths, segments and a boolean mask leave, or None where none of these is given."""
        g, p, wrong = self.given, self.params, self.wrong
        shown = torch.ones(1, 1, queries, keys, dtype=torch.bool)
        if g.get("segments") and "segments/missing" not in wrong:
            own = self.spec["part"] == "sdpa"
            q, k = (p[("q_" if own else "") + "segments"], p[("k_" if own else "") + "segments"])
            shown = shown & (q.long()[:, None, :, None] == k.long()[:, None, None, :])
        if g.get("mask") == "boolean" and not wrong & {"given/mask-missing", "given/mask-added"}:
            mask = self.own_mask().bool()
            shown = shown & (~mask if "given/mask-inverted" in wrong else mask)
        return shown

    def within(self, keys):
        """Which keys are no padding, [B, 1, 1, Tk]."""
        if not self.given.get("lengths") or "lengths/padding-seen" in self.wrong:
            return torch.ones(1, 1, 1, keys, dtype=torch.bool)
        more = 1 if "lengths/one-key-more" in self.wrong else 0
        lengths = self.params["key_lengths"].long() + more
        return (torch.arange(keys)[None] < lengths[:, None])[:, None, None]

    def own_mask(self):
        mask = self.params["mask"]
        if "given/mask-of-first-head" in self.wrong:
            mask = mask[:, :1]
        return mask[:1] if "given/mask-of-first-sequence" in self.wrong else mask

    def added(self):
        """What a mask adds to scores, or None."""
        kind = self.given.get("mask")
        if kind == "boolean" and "given/mask-added" in self.wrong:
            return self.params["mask"].to(self.a.compute)
        if kind != "additive" or "given/mask-missing" in self.wrong:
            return None
        return self.own_mask().to(self.a.compute)

    def with_past(self, name, x):
        """Keys or values [B, T, H, h] behind those of the cache."""
        return torch.cat((self.params[name].to(x.dtype), x), 1) if self.past else x
