"""Layers of a model in a Hugging Face folder: --hf in every verb that takes it, and what is said of a folder that is none.

PLUMBLINE names the command; otherwise it is the one that was built in build/."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

HERE = pathlib.Path(__file__).resolve().parent
PLUMBLINE = os.environ.get("PLUMBLINE", HERE.parents[2] / "build" / "bin" / "plumbline")
sys.path.insert(0, str(HERE))
from llama_peer import layer, layers_of  # noqa: E402
from plumbline_client import dumps, loads  # noqa: E402

OK, DIFFERS, MISUSE = 0, 1, 2
CONFIG = {"model_type": "llama", "hidden_size": 10, "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2,
          "head_dim": 4, "intermediate_size": 13, "rms_norm_eps": 1e-5, "rope_theta": 5000.0}
PEER = HERE / "llama_peer.py"


def normal(rng, *shape):
    return (rng.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32)


def tensors():
    rng, out = np.random.default_rng(1), {}
    for i in range(2):
        prefix = f"model.layers.{i}."
        for name, rows, cols in [("self_attn.q_proj", 24, 10), ("self_attn.k_proj", 8, 10), ("self_attn.v_proj", 8, 10),
                                 ("self_attn.o_proj", 10, 24), ("mlp.gate_proj", 13, 10), ("mlp.up_proj", 13, 10),
                                 ("mlp.down_proj", 10, 13)]:
            out[f"{prefix}{name}.weight"] = normal(rng, rows, cols)
        for name in ("input_layernorm", "post_attention_layernorm"):
            out[f"{prefix}{name}.weight"] = (1 + 0.3 * rng.standard_normal(10)).astype(np.float32)
    return out | {"model.norm.weight": np.ones(10, np.float32)}


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model.safetensors").write_bytes(dumps(tensors(), {}))

    def run(*arguments):
        return subprocess.run([str(PLUMBLINE), *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True, timeout=300)

    run.folder = tmp_path
    return run


def refused(ran, line):
    assert ran.returncode == MISUSE and ran.stderr == f"plumbline: {line}\n", ran.stdout + ran.stderr


def test_each_kind_of_layer_is_explained_once(run):
    ran = run("explain", "--hf", "model")
    assert ran.returncode == OK and ran.stdout.startswith("model (llama), layers 0, 1 of 2\nblock alone, d = 10"), ran.stderr
    (run.folder / "model" / "model.safetensors").unlink()  # what layers compute, the configuration says
    config = {**CONFIG, "model_type": "gemma2", "sliding_window": 7, "num_hidden_layers": 3}
    (run.folder / "model" / "config.json").write_text(json.dumps(config))
    kinds = json.loads(run("explain", "--hf", "model", "--format", "json").stdout)
    assert [kind["layers"] for kind in kinds] == [["0", "2"], ["1"]]
    assert [kind["spec"]["attention"]["window"] for kind in kinds] == [7, None]
    assert "norm alone, d = 10" in run("explain", "--hf", "model", "--layers", "final_norm").stdout


@pytest.mark.parametrize("swapped", [False, True])
def test_what_was_recorded_of_a_layer_is_judged(run, swapped):
    config, layers = layers_of(run.folder / "model")
    x = np.random.default_rng(2).standard_normal((2, 7, 10)).astype(np.float32)
    recorded = {"x": x, "answer.y": layer(config, layers[1], x, swapped)}
    (run.folder / "recorded.safetensors").write_bytes(dumps(recorded, {}))
    ran = run("judge", "--question", "recorded.safetensors", "--hf", "model", "--layers", "1", "--no-grads")
    assert ran.returncode == (DIFFERS if swapped else OK), ran.stdout + ran.stderr
    assert ("ffn/gate-and-up-swapped" if swapped else "recorded: agrees") in ran.stdout


def test_parameters_of_another_layer_are_another_function(run):
    config, layers = layers_of(run.folder / "model")
    x = np.random.default_rng(2).standard_normal((2, 7, 10)).astype(np.float32)
    (run.folder / "recorded.safetensors").write_bytes(dumps({"x": x, "answer.y": layer(config, layers[1], x)}, {}))
    assert run("judge", "--question", "recorded.safetensors", "--hf", "model", "--layers", "0", "--no-grads").returncode == DIFFERS


def test_questions_have_the_parameters_of_the_folder(run):
    ran = run("emit", "suite", "--hf", "model", "--layers", "1", "--no-grads", "--tokens", "1..9")
    assert ran.returncode == OK, ran.stderr
    config, layers = layers_of(run.folder / "model")
    (run.folder / "answers").mkdir()
    questions = sorted((run.folder / "suite").glob("*.safetensors"))
    assert len(questions) == 40
    for question in questions:
        asked, _ = loads(question.read_bytes())
        assert np.array_equal(asked["layers.0.ffn.down_proj.weight"], layers[1]["mlp.down_proj.weight"])
        answer = {"y": layer(config, layers[1], asked["x"])}
        (run.folder / "answers" / question.name).write_bytes(dumps(answer, {}))
    ran = run("judge", "suite", "answers")
    assert ran.returncode == OK, ran.stdout + ran.stderr


def test_a_program_is_asked_about_every_layer(run):
    ask = ["verify", "--hf", "model", "--no-grads", "--cases", "8", "--tokens", "1..9", "--", sys.executable, PEER, "model"]
    ran = run(*ask)
    assert ran.returncode == OK and "layer0-3: agrees" in ran.stdout and "layer1-3: agrees" in ran.stdout, ran.stdout + ran.stderr
    ran = run(*ask, "--swapped")
    assert ran.returncode == DIFFERS and "layer1-3: wrong" in ran.stdout, ran.stdout + ran.stderr


def test_digits_are_proved_of_a_layer(run):
    ran = run("truth", "--hf", "model", "--layers", "1", "--tokens", "2", "--no-grads", "--json")
    assert ran.returncode == OK, ran.stderr
    y = json.loads(ran.stdout)["tensors"]["y"]["values"]
    assert len(y) == 2 and len(y[0]) == 10


def test_bfloat16_rounds_what_is_finer(run):
    ran = run("emit", "suite", "--hf", "model", "--layers", "0", "--no-grads", "--tokens", "1..5", "--profile", "bfloat16-mixed")
    assert ran.returncode == OK, ran.stderr


def test_what_is_no_folder_of_a_model_is_refused_in_one_line(run):
    config = run.folder / "model" / "config.json"
    refused(run("explain", "--hf", "nowhere"), "nowhere/config.json: cannot be opened: No such file or directory")
    refused(run("explain", "--hf", "model", "--layers", "2"),
            "--layers: expected numbers below 2, as many layers as model has, found 2")
    refused(run("explain", "--hf", "model", "--layers", "1,0,1"), "--layers: expected each once, found layer1 again")
    refused(run("truth", "--hf", "model"), "--layers: expected one layer of model, found 2")
    refused(run("explain", "--hf", "model", "--layers", "0,x"),
            "--layers: expected numbers from 0 on, or final_norm, with commas between, found 0,x (see plumbline explain --help)")
    refused(run("explain", "--hf", "model", "--d", "4"), "--d excludes --hf (see plumbline explain --help)")
    config.write_text(json.dumps({**CONFIG, "rope_scaling": {"type": "mrope", "factor": 4.0}}))
    refused(run("explain", "--hf", "model"), 'model/config.json: rope_scaling.rope_type: expected default or dynamic or linear or llama3 or longrope or yarn, found "mrope"')
    config.write_text(json.dumps({**CONFIG, "hidden_act": "xielu"}))
    ran = run("explain", "--hf", "model")
    assert ran.returncode == MISUSE and "model/config.json: hidden_act: expected one of gelu" in ran.stderr
    config.write_text('{"model_type": "llama"')
    ran = run("explain", "--hf", "model")
    assert ran.returncode == MISUSE and ran.stderr.startswith("plumbline: model/config.json: ") and ran.stderr.count("\n") == 1
    config.write_text(json.dumps(CONFIG))
    name = "model.layers.1.self_attn.k_proj.weight"
    (run.folder / "model" / "model.safetensors").write_bytes(dumps({n: t for n, t in tensors().items() if n != name}, {}))
    refused(run("truth", "--hf", "model", "--layers", "1"),
            f'model/model.safetensors: tensor "{name}": expected it with shape [8, 10], found none')
