"""Tiny checkpoints of models of transformers, as `plumbline judge --hf` reads them: checkpoints.py --plumbline COMMAND
[--keep FOLDER] [MODEL...] makes them with random parameters, gains and biases too, records what each decoder layer reads and
writes, and has every layer judged with the spec and the parameters that the command finds in the folder. A line a model
says what came of it; the exit status is 1 where a layer does not agree.

    python3 -m venv /tmp/frameworks && /tmp/frameworks/bin/pip install -r reports/conformance/requirements-transformers.txt
    /tmp/frameworks/bin/python reports/conformance/checkpoints.py --plumbline build/bin/plumbline"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import save_file

TOKENS = 11
# Odd widths, grouped heads, heads that are not as wide as d / heads where a model allows it.
SIZES = {"hidden_size": 42, "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2, "intermediate_size": 57}
HEADS = SIZES | {"head_dim": 10}
EQUAL = {"hidden_size": 42, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 57}
GPT = {"n_embd": 42, "n_layer": 2, "n_head": 3, "n_positions": 32}
ROPE = {"rope_theta": 5000.0, "rope_type": "default"}


def rope(**more):
    return {"rope_parameters": ROPE | more}


# What stands in config.json beside the model's type and vocab_size. A name may say more than the type.
MODELS = {
    "gpt2": GPT,
    "gpt2 scaled by layer": GPT | {"n_inner": 57, "scale_attn_by_inverse_layer_idx": True, "activation_function": "gelu"},
    "openai-gpt": GPT,
    "bert": EQUAL,
    "roberta": EQUAL | {"hidden_act": "relu"},
    "opt": {"hidden_size": 42, "num_hidden_layers": 2, "num_attention_heads": 3, "ffn_dim": 57},
    "opt post_norm": {"hidden_size": 42, "num_hidden_layers": 2, "num_attention_heads": 3, "ffn_dim": 57,
                      "do_layer_norm_before": False, "enable_bias": False},
    "llama": HEADS | rope(),
    "llama with biases": SIZES | {"attention_bias": True, "mlp_bias": True, "hidden_size": 48},
    "mistral": HEADS | {"sliding_window": 4},
    "qwen2": SIZES | {"hidden_size": 48, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    "qwen3": HEADS | rope(),
    "gemma": HEADS,
    "gemma2": HEADS | {"sliding_window": 4, "query_pre_attn_scalar": 13, "attn_logit_softcapping": 3.0},
    "gpt_neox": EQUAL | {"hidden_size": 48},
    "gpt_neox sequential": EQUAL | {"hidden_size": 48, "use_parallel_residual": False, "attention_bias": False},
    "gptj": GPT | {"rotary_dim": 6, "n_inner": 57},
    "phi": SIZES | {"hidden_size": 48},
    "phi with norms on heads": SIZES | {"hidden_size": 48, "qk_layernorm": True},
    "phi3": SIZES | {"hidden_size": 48, "sliding_window": 4, "pad_token_id": 0},
    "falcon": {"hidden_size": 42, "num_hidden_layers": 2, "num_attention_heads": 3},
    "falcon of 40B": {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 6, "num_kv_heads": 2,
                      "new_decoder_architecture": True, "ffn_hidden_size": 57},
    "falcon of 11B": {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 6, "num_kv_heads": 2,
                      "new_decoder_architecture": True, "num_ln_in_parallel_attn": 1, "ffn_hidden_size": 57},
    "falcon sequential": {"hidden_size": 42, "num_hidden_layers": 2, "num_attention_heads": 3, "parallel_attn": False,
                          "multi_query": False, "bias": True},
    "bloom": {"hidden_size": 42, "n_layer": 2, "n_head": 3},
    "bloom with normed residual": {"hidden_size": 42, "n_layer": 2, "n_head": 3,
                                   "apply_residual_connection_post_layernorm": True},
    "mpt": {"d_model": 42, "n_layers": 2, "n_heads": 3, "max_seq_len": 32},
    "mpt of another scale": {"d_model": 42, "n_layers": 2, "n_heads": 3, "max_seq_len": 32,
                             "attn_config": {"softmax_scale": 0.4}},
    "starcoder2": SIZES | {"hidden_size": 48, "sliding_window": 4},
    "starcoder2 without biases": SIZES | {"hidden_size": 48, "use_bias": False},
    "olmo2": SIZES | {"hidden_size": 48, "num_key_value_heads": 3},
    "cohere": SIZES | {"hidden_size": 48},
    "glm": HEADS | {"head_dim": 12, "pad_token_id": 0, "eos_token_id": 1},
    "glm4": HEADS | {"head_dim": 12, "pad_token_id": 0, "eos_token_id": 1},
    "granite": SIZES | {"hidden_size": 48, "residual_multiplier": 0.22, "attention_multiplier": 0.35, "attention_bias": True},
    "exaone4": SIZES | {"hidden_size": 48, "sliding_window": 4, "num_hidden_layers": 4},
    "exaone4 without windows": SIZES | {"hidden_size": 48, "sliding_window": None,
                                        "layer_types": ["full_attention", "full_attention"]},
    "stablelm": SIZES | {"hidden_size": 48, "use_qkv_bias": True},
    "stablelm parallel": SIZES | {"hidden_size": 48, "use_parallel_residual": True},
    "smollm3": SIZES | {"hidden_size": 48, "num_hidden_layers": 4, "pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 1},
}
WITHOUT_HEAD = {"llama with biases", "bloom", "opt post_norm", "gpt2 scaled by layer"}  # no prefix before their names
SHARDED = {"qwen2", "bloom", "gpt2"}
STORED_AS = {"gemma": torch.bfloat16, "mistral": torch.float16}


def model_of(name):
    config = transformers.AutoConfig.for_model(name.split(" ")[0], vocab_size=37, **MODELS[name])
    for key in ("resid_pdrop", "embd_pdrop", "attn_pdrop", "hidden_dropout", "attention_dropout", "dropout"):
        if hasattr(config, key):
            setattr(config, key, 0.0)
    config._attn_implementation = "eager"
    kind = transformers.AutoModel if name in WITHOUT_HEAD else transformers.AutoModelForCausalLM
    if name in ("bert", "roberta"):
        kind = transformers.AutoModelForMaskedLM
    torch.manual_seed(sum(name.encode()))
    model = kind.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn_like(parameter)
            parameter.add_(0.3 * noise) if parameter.dim() == 1 else parameter.copy_(noise / parameter.shape[-1] ** 0.5)
    if name in STORED_AS:  # the parameters are numbers of that type, the arithmetic is float32
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(parameter.to(STORED_AS[name]))
    return model, config


def layers_of(model, count):
    """The first list of as many modules."""
    return next(m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == count)


def recorded(model, config):
    """(x, y) of each layer."""
    seen = []

    def record(module, args, kwargs, output):
        x = args[0] if args else kwargs["hidden_states"]
        seen.append((x.clone(), (output if isinstance(output, torch.Tensor) else output[0]).clone()))

    for layer in layers_of(model, config.num_hidden_layers):
        layer.register_forward_hook(record, with_kwargs=True)
    with torch.no_grad():
        model(torch.randint(2, 37, (2, TOKENS)), use_cache=False)
    return seen


def examined(name, folder, plumbline):
    """What is wrong with the layers of a model, or nothing."""
    model, config = model_of(name)
    pairs = recorded(model, config)
    checkpoint = folder / name.replace(" ", "_")
    limits = {"max_shard_size": "20KB"} if name in SHARDED else {}
    (model.to(STORED_AS[name]) if name in STORED_AS else model).save_pretrained(checkpoint, **limits)
    if name in SHARDED and not (checkpoint / "model.safetensors.index.json").exists():
        return "expected several shards, found one"
    for layer, (x, y) in enumerate(pairs):
        question = folder / "questions" / f"{checkpoint.name}-{layer}.safetensors"
        question.parent.mkdir(exist_ok=True)
        save_file({"x": x.contiguous(), "answer.y": y.contiguous()}, question)
        command = [plumbline, "judge", "--question", question, "--hf", checkpoint, "--layers", str(layer), "--no-grads",
                   "--profile", "float32"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr or next(line for line in done.stdout.splitlines() if line.strip())
            return f"layer {layer}: {said.strip()}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--plumbline", required=True)
    parser.add_argument("--keep", help="where to leave the checkpoints")
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in options.models or MODELS:
            wrong = examined(name, folder, options.plumbline)
            failed += bool(wrong)
            print(f"{name}: {wrong or 'agrees'}", flush=True)
    print(f"transformers {transformers.__version__}, torch {torch.__version__}: {failed} of "
          f"{len(options.models or MODELS)} do not agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
