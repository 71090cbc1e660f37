"""Stock layers of transformers, from their configuration alone."""

import importlib
import re

import pytest

pytest.importorskip("transformers", reason="asks the layers of transformers 5 and PyTorch 2")

import torch  # noqa: E402
import transformers  # noqa: E402
from plumbline_oracle import Wrong, check_layer  # noqa: E402

GROUPED = {"hidden_size": 48, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 56, "head_dim": 12}
EXPERTS = {**GROUPED, "num_experts_per_tok": 2, "moe_intermediate_size": 40, "num_experts": 5}
LLAMA3 = {"rope_theta": 5000.0, "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}
GPT2 = {"n_embd": 48, "n_head": 4, "n_inner": 56, "resid_pdrop": 0, "attn_pdrop": 0}
BERT = {"hidden_size": 48, "num_attention_heads": 4, "intermediate_size": 56, "hidden_dropout_prob": 0}
LATENT = {"hidden_size": 48, "num_attention_heads": 3, "num_key_value_heads": 3, "intermediate_size": 56, "q_lora_rank": 14,
          "kv_lora_rank": 12, "qk_rope_head_dim": 6, "qk_nope_head_dim": 8, "v_head_dim": 10, "first_k_dense_replace": 0,
          "n_routed_experts": 8, "num_experts_per_tok": 3, "moe_intermediate_size": 19, "n_group": 4, "topk_group": 2}
LAYERS = {
    "LlamaDecoderLayer": GROUPED,
    "MistralDecoderLayer": {**GROUPED, "sliding_window": 5},
    "Qwen2DecoderLayer": GROUPED,
    "Qwen3DecoderLayer": GROUPED,
    "Gemma2DecoderLayer": {**GROUPED, "query_pre_attn_scalar": 16},
    "Olmo2DecoderLayer": GROUPED,
    "MinistralDecoderLayer": {**GROUPED, "sliding_window": 5},
    "SeedOssDecoderLayer": {**GROUPED, "attention_out_bias": True, "mlp_bias": True, "residual_dropout": 0.0},
    "CwmDecoderLayer": {**GROUPED, "rope_parameters": LLAMA3},
    "MixtralDecoderLayer": {**GROUPED, "num_local_experts": 5},
    "Qwen3MoeDecoderLayer": EXPERTS,
    "OlmoeDecoderLayer": {**GROUPED, "num_experts_per_tok": 2, "num_experts": 5, "norm_topk_prob": True},
    "DeepseekV3DecoderLayer": LATENT,
    "T5Block": {"d_model": 48, "d_kv": 12, "d_ff": 56, "num_heads": 4, "num_layers": 2, "dropout_rate": 0.0},
    "BloomBlock": {"hidden_size": 48, "n_head": 4, "hidden_dropout": 0.0, "attention_dropout": 0.0},
    "FalconDecoderLayer": {"hidden_size": 48, "num_attention_heads": 4},
    "GPT2Block": GPT2,
    "BertLayer": {**BERT, "attention_probs_dropout_prob": 0},
}


def layer(name, **more):
    """The class and its configuration."""
    model = name.replace("DecoderLayer", "").replace("Block", "").replace("Layer", "")
    folder = re.sub("(?<=[a-z0-9])(?=Moe|Oss|V3)", "_", model).lower()
    module = importlib.import_module(f"transformers.models.{folder}.modeling_{folder}")
    return getattr(module, name), getattr(transformers, model + "Config")(**LAYERS[name], **more)


@pytest.fixture
def options(tmp_path):
    torch.set_num_threads(1)
    return {"failures": tmp_path, "cases": 10, "shrink": False}


@pytest.mark.parametrize("name", LAYERS)
def test_a_stock_layer_agrees(name, options):
    assert check_layer(*layer(name), **options).verdict == "agrees"


def test_gpt2_in_bfloat16_is_green_for_a_reason(options):
    asked = {**options, "cases": 25, "profile": "bfloat16-mixed"}
    with pytest.raises(Wrong, match="it looks like torch_gelu_by_operations"):
        check_layer(*layer("GPT2Block"), **asked)
    result = check_layer(*layer("GPT2Block"), expect=["torch_gelu_by_operations"], **asked)
    assert result.passed and result.verdict == "coarser"


def test_another_configuration_is_another_block(options):
    kind, config = layer("LlamaDecoderLayer")
    other = kind(layer("LlamaDecoderLayer", rms_norm_eps=1e-2)[1], layer_idx=0)
    from plumbline_oracle.layers import layer_of

    spec = layer_of(kind(config, layer_idx=0)).spec
    with pytest.raises(Wrong):
        check_layer(other, spec=spec, **options)


def test_the_second_layer_is_read_as_such(options):
    kind, config = layer("Gemma2DecoderLayer", sliding_window=5)
    from plumbline_oracle.layers import layer_of

    masks = [layer_of(kind(config, layer_idx=i)).spec["attention"]["mask"] for i in (0, 1)]
    assert masks == ["causal_sliding", "causal"]


def test_what_the_command_does_not_read_is_said_in_its_words(options):
    kind, config = layer("LlamaDecoderLayer")
    config.hidden_act = "mish"
    with pytest.raises(TypeError, match="hidden_act: expected one of .*, found \"mish\""):
        check_layer(kind, config, **options)
