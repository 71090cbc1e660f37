"""Golden cases: what goes in, and the correctly rounded truth of what comes out."""

import json
import pathlib

import numpy as np
import torch
from plumbline_client import loads
from plumbline_torch import to_torch

from block import Block
from given import NAMES as GIVEN

CASES = sorted((pathlib.Path(__file__).resolve().parents[3] / "golden" / "cases").rglob("*.safetensors"))


class Golden:
    def __init__(self, file):
        self.tensors, metadata = loads(file.read_bytes())
        self.spec = json.loads(metadata["settings"])["spec"]
        self.gradients = {n: t for n, t in self.tensors.items() if n.startswith("grad.") and n[5:] in self.tensors}
        del self.gradients["grad.y"]

    @property
    def truth(self):
        return {"y": self.tensors["y"], **self.gradients}

    def answer(self, arithmetic, wrong=()):
        """y and every gradient, as the peer computes them."""
        inputs = {n[5:]: to_torch(self.tensors[n[5:]]).double().requires_grad_() for n in self.gradients}
        data = {n: self.as_given(n, to_torch(t)) for n, t in self.tensors.items() if n in GIVEN}
        name = "q" if self.spec["part"] in ("sdpa", "linear_attention") else "x"
        given = {n: self.as_asked(n, t) for n, t in inputs.items()} | data
        answer = Block(self.spec, given, arithmetic, wrong)(given.pop(name))
        y = torch.cat([answer["y"], answer["sum"]], -1) if "sum" in answer else answer["y"]
        y.backward(to_torch(self.tensors["grad.y"]).double().reshape(y.shape))
        found = {"grad." + n: torch.zeros_like(t) if t.grad is None else t.grad for n, t in inputs.items()}
        return {"y": y.detach(), **found}

    def as_asked(self, n, t):
        """Queries, keys and values have an axis of heads over the pipe, and so have states."""
        part, s = self.spec["part"], self.spec.get("attention")
        if n == "state":
            return t.reshape(t.shape[0], s["n_kv_heads"], s["head_dim"], -1)
        if n == "decay" and s["linear"]["decay_over"] == "heads":
            return t
        with_heads = {"sdpa": ("q", "k", "v"), "rope": ("x",), "linear_attention": ("q", "k", "v", "decay")}.get(part, ())
        if n not in (*with_heads, "past_k", "past_v"):
            return t
        return t.reshape(*t.shape[:2], s["n_heads" if n in ("q", "x") else "n_kv_heads"], -1)

    def as_given(self, n, t):
        """A mask has axes of sequences and of heads over the pipe, and what counts has whole numbers."""
        if n != "mask":
            return t.long().squeeze(-1) if n == "key_lengths" else t.long()
        over, s = self.spec["attention"]["given"]["mask_over"], self.spec["attention"]
        batch, tokens = self.tensors["grad.y"].shape[:2]
        t = t.double().reshape(batch if "sequences" in over else 1, s["n_heads"] if "heads" in over else 1, tokens, -1)
        return t.bool() if s["given"]["mask"] == "boolean" else t

    def differences(self, found):
        """By how many roundings y, and all gradients together, are off, in units of their largest number."""
        worst = {}
        for group in ({"y"}, self.gradients.keys()):
            error = max(np.abs(found[n].numpy() - self.truth[n].reshape(found[n].shape)).max() for n in group)
            unit = np.finfo(np.float64).eps * max(np.abs(self.truth[n]).max() for n in group)
            worst["y" if group == {"y"} else "gradients"] = error / unit
        return worst

    @property
    def terms(self):
        """The lengths of all sums that a number goes through on its way there and back: one rounding each. What is squared errs
        twice as much."""
        s = {**self.spec, **max(self.spec.get("layers") or [{}], key=lambda layer: layer.get("ffn", {}).get("d_ff", 0))}
        tokens = self.tensors["grad.y"].shape[-2]
        twice = 2 if s["ffn"].get("squared") else 1
        return 2 * twice * s["n_layers"] * (4 * s["d"] + tokens + s["attention"]["head_dim"] + s["ffn"]["d_ff"])
