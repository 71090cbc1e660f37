"""The layers of a tiny model, each by itself or as a stack, judged as `plumbline judge --hf` reads its folder."""

import json
import pathlib
import subprocess
import tempfile

import torch
from safetensors.torch import load_file, save_file

from .checkpoint import (SHARED_TABLE, SMALL, answered, gradients_as_parameters, layers_of, model_of, recorded, stored, tables_of,
                         type_of)
from .models import STORED_AS

# What transformers claims: tensors of the type, sums, softmax and statistics in float32.
PROFILES = {"float32": "float32", "bfloat16": "bfloat16-mixed", "float16": "float16-mixed"}
PARAMETERS = (".weight", ".bias", ".sink", ".correction_bias")
STACK = 3


class Refused(Exception):
    """The command says in one line that it does not read this."""


def said(command):
    """What a command wrote. Raises Refused with its line where it reads no such thing."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        lines = done.stderr.strip().splitlines() or done.stdout.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Refused(lines[0])
    return done.stdout


def rule_of(plumbline):
    """The rule that judges, as every report names it: here that on a norm of two rows."""
    with tempfile.TemporaryDirectory() as temporary:
        question, report = pathlib.Path(temporary) / "norm.safetensors", pathlib.Path(temporary) / "report.json"
        x = torch.tensor([[[1.0, -1.0], [1.0, 1.0]]])
        y = x / (1 + 1e-5) ** 0.5
        save_file({"x": x, "norm.weight": torch.ones(2), "answer.y": y}, question)
        spec = {"part": "norm", "d": 2, "norm": {"kind": "rms_norm", "eps": 1e-5}}
        file = pathlib.Path(temporary) / "spec.json"
        file.write_text(json.dumps(spec))
        said([plumbline, "judge", "--question", question, "--spec", file, "--no-grads", "--json", report])
        return json.loads(report.read_text())["stamp"]["rule"]


class Asked:
    """One model in one arithmetic."""

    def __init__(self, name, folder, plumbline, dtype="float32", attention="eager", stack=False):
        self.name, self.plumbline, self.stack = name, plumbline, stack
        self.profile, self.dtype = PROFILES[dtype], getattr(torch, dtype)
        self.folder = folder / f"{name.replace(' ', '_')}-{dtype}-{attention}{'-stack' * stack}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model = model_of(name, self.dtype, STACK if stack else None, attention)
        stored(self.model, self.folder / "model", name, STORED_AS.get(name))
        if name not in STORED_AS and any(self.folder.glob("model/*.index.json")):
            assert len(list(self.folder.glob("model/*.safetensors"))) > 1, f"{name}: expected several shards"

    @property
    def layer(self):
        """What its class is called."""
        return type(layers_of(self.model)[0]).__name__

    def judged(self, gradients):
        """A report for each kind of layer, or one for the stack."""
        calls = recorded(self.model, self.name)
        if self.stack:
            return [self._judged_stack(calls, gradients)]
        answers = [answered(*call) for call in calls]
        if gradients:
            stored(gradients_as_parameters(self.model), self.folder / "gradients", self.name)
        return [self._judged_layer(layer, answers[layer], gradients) for layer in self._kinds()]

    def _kinds(self):
        """The first layer of each kind."""
        kinds = said([self.plumbline, "explain", "--hf", self.folder / "model", "--format", "json"])
        return [int(kind["layers"][0]) for kind in json.loads(kinds)]

    def _judged_layer(self, layer, answer, gradients):
        found = {"y": answer["y"]}
        if gradients:
            found |= {"grad.x": answer["grad.x"]} | self._gradients(layer, answer["x"])
        asked = {"x": answer["x"]} | ({"grad.y": answer["grad.y"]} if gradients else {})
        return self._judge(f"{layer}", asked, found, gradients, "--hf", self.folder / "model", "--layers", layer)

    def _judged_stack(self, calls, gradients):
        specs = [self._spec(layer) for layer in range(STACK)]
        if any(spec != specs[0] for spec in specs):
            raise Refused("its layers are not alike")

        def through_all(x):
            for _, layer in calls:
                x = layer(x)
            return x

        answer = answered(calls[0][0], through_all)
        asked, found = {"x": answer["x"]}, {"y": answer["y"]}
        if gradients:
            stored(gradients_as_parameters(self.model), self.folder / "gradients", self.name)
            asked["grad.y"], found["grad.x"] = answer["grad.y"], answer["grad.x"]
        for layer in range(STACK):
            own = lambda name: name.replace("layers.0.", f"layers.{layer}.", 1)  # noqa: E731
            parameters = self._read("model", layer, answer["x"])
            asked |= {own(name): value.to(self.dtype) for name, value in parameters.items()}
            if gradients:
                found |= {own(name): value for name, value in self._gradients(layer, answer["x"]).items()}
        spec = self.folder / "spec.json"
        spec.write_text(json.dumps(specs[0] | {"part": "stack", "n_layers": STACK, "final_norm": None}))
        return self._judge("stack", asked, found, gradients, "--spec", spec)

    def _spec(self, layer):
        explained = json.loads(said([self.plumbline, "explain", "--hf", self.folder / "model", "--layers", layer,
                                     "--format", "json"]))
        return explained[0]["spec"]

    def _read(self, folder, layer, x):
        """The parameters of a layer by Plumbline's names, as the command reads them."""
        question, suite = self.folder / f"x-{layer}.safetensors", self.folder / f"{folder}-{layer}"
        save_file({"x": x.double().contiguous()}, question)
        said([self.plumbline, "emit", suite, "--question", question, "--hf", self.folder / folder, "--layers", layer,
              "--profile", "float64", "--no-grads"])
        emitted = load_file(next(suite.glob("*.safetensors")))
        return {name: value for name, value in emitted.items() if name.endswith(PARAMETERS)}

    def _gradients(self, layer, x):
        gradients = {f"grad.{name}": value / SMALL for name, value in self._read("gradients", layer, x).items()}
        gradients |= {name: 0 * value for name, value in gradients.items() if name.endswith("correction_bias")}
        if type_of(self.name) in SHARED_TABLE:
            own = tables_of(self.model)[layer].relative_attention_bias.weight.grad
            gradients["grad.layers.0.attn.relative_bias.weight"] = own
        return {name: value.to(self.dtype) for name, value in gradients.items()}

    def _judge(self, called, asked, found, gradients, *spec):
        question, answer, report = (self.folder / f"{what}-{called}" for what in ("question", "answer", "report"))
        save_file({name: value.contiguous() for name, value in asked.items()}, question)
        save_file({name: value.contiguous() for name, value in found.items()}, answer)
        said([self.plumbline, "judge", "--question", question, *spec, "--profile", self.profile, "--json", report,
              *([] if gradients else ["--no-grads"]), answer])
        return json.loads(report.read_text())
