"""What stands in config.json of tiny models, beside the type and the size of the vocabulary."""

import torch

TOKENS = 11
# Odd widths, grouped heads, heads that are not as wide as d / heads where a model allows it.
SIZES = {"hidden_size": 42, "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2, "intermediate_size": 57}
HEADS = SIZES | {"head_dim": 10}
EQUAL = {"hidden_size": 42, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 57}
GPT = {"n_embd": 42, "n_layer": 2, "n_head": 3, "n_positions": 32}
ROPE = {"rope_theta": 5000.0, "rope_type": "default"}
FOUR = {"num_hidden_layers": 4}
TYPES = ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]
MIXTURE = {"num_local_experts": 5, "num_experts_per_tok": 2}
QWEN = {"num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 19}
DEEPSEEK = {"n_routed_experts": 8, "num_experts_per_tok": 3, "moe_intermediate_size": 19, "n_shared_experts": 2, "n_group": 4,
            "topk_group": 2, "first_k_dense_replace": 1, "routed_scaling_factor": 2.5}
LATENT = {"hidden_size": 42, "num_hidden_layers": 2, "num_attention_heads": 3, "num_key_value_heads": 3, "intermediate_size": 57,
          "q_lora_rank": 14, "kv_lora_rank": 12, "qk_rope_head_dim": 6, "qk_nope_head_dim": 8, "v_head_dim": 10}
T5 = {"d_model": 42, "d_kv": 10, "d_ff": 57, "num_layers": 2, "num_heads": 3}
PICTURE = {"image_size": 12, "patch_size": 4}
TWO = {"d_model": 42, "encoder_layers": 2, "encoder_attention_heads": 3, "encoder_ffn_dim": 57, "decoder_layers": 1,
       "decoder_attention_heads": 3, "decoder_ffn_dim": 57}


def rope(**more):
    return {"rope_parameters": ROPE | more}


SECTIONS = rope(mrope_section=[1, 1, 2])


def seen_by(vision, text, sizes):
    """A model of text within one of images."""
    eyes = EQUAL | PICTURE | {"model_type": vision, "num_hidden_layers": 1}
    return {"text_config": {"model_type": text, "vocab_size": 37} | sizes, "vision_config": eyes}


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
    "llama of llama3": HEADS | rope(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                    original_max_position_embeddings=64),
    "llama of linear": HEADS | rope(rope_type="linear", factor=3.0),
    "llama of yarn": HEADS | rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=64),
    "llama of yarn with mscale": HEADS | rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=64, mscale=0.7,
                                              mscale_all_dim=0.4, beta_fast=20.0, beta_slow=2.0, truncate=False),
    "qwen3 of yarn with a factor": HEADS | rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=64,
                                                attention_factor=1.3),
    "gemma3_text": HEADS | FOUR | {"sliding_window": 4, "query_pre_attn_scalar": 13, "layer_types": TYPES},
    "gemma3_text of linear": HEADS | {"sliding_window": 4, "layer_types": TYPES[1:3],
                                      "rope_parameters": {"full_attention": ROPE | {"rope_type": "linear", "factor": 8.0},
                                                          "sliding_attention": ROPE | {"rope_theta": 300.0}}},
    "vaultgemma": HEADS | {"sliding_window": 4},
    "olmo": SIZES | {"hidden_size": 48},
    "olmo3": SIZES | FOUR | {"hidden_size": 48, "sliding_window": 4, "layer_types": TYPES},
    "olmo3 of yarn": SIZES | {"hidden_size": 48, "sliding_window": 4, "layer_types": TYPES[1:3],
                              "rope_parameters": {"full_attention": ROPE | {"rope_type": "yarn", "factor": 4.0,
                                                                            "original_max_position_embeddings": 64},
                                                  "sliding_attention": ROPE}},
    "ministral": HEADS | {"sliding_window": 4, "layer_types": TYPES[1:3]},
    "cohere2": SIZES | FOUR | {"hidden_size": 48, "sliding_window": 4, "layer_types": TYPES},
    "cwm": HEADS | {"sliding_window": 4},
    "seed_oss": HEADS | {"attention_out_bias": True, "mlp_bias": True},
    "ernie4_5": HEADS,
    "ernie4_5 with biases": HEADS | {"use_bias": True},
    "helium": SIZES | {"hidden_size": 48, "head_dim": 8},
    "hunyuan_v1_dense": HEADS | {"attention_bias": True},
    "nemotron": SIZES | {"hidden_size": 48, "mlp_bias": True} | rope(partial_rotary_factor=0.5),
    "arcee": HEADS,
    "jais2": HEADS,
    "nanochat": SIZES | {"hidden_size": 48},
    "persimmon": EQUAL | {"hidden_size": 48, "pad_token_id": 0},
    "mixtral": HEADS | MIXTURE,
    "mixtral with windows": HEADS | MIXTURE | {"sliding_window": 4},
    "qwen2_moe": SIZES | QWEN | {"hidden_size": 48, "shared_expert_intermediate_size": 21},
    "qwen2_moe with windows": SIZES | QWEN | {"hidden_size": 48, "shared_expert_intermediate_size": 21, "norm_topk_prob": True,
                                              "use_sliding_window": True, "sliding_window": 4, "mlp_only_layers": [1]},
    "qwen3_moe": HEADS | QWEN | {"norm_topk_prob": True, "decoder_sparse_step": 2},
    "qwen3_next": HEADS | QWEN | {"head_dim": 16, "layer_types": ["full_attention"] * 2, "shared_expert_intermediate_size": 21},
    "olmoe": SIZES | {"hidden_size": 48, "num_experts": 6, "num_experts_per_tok": 2},
    "flex_olmo": SIZES | {"pad_token_id": 0, "hidden_size": 48, "num_experts": 6, "num_experts_per_tok": 2, "norm_topk_prob": True},
    "granitemoe": SIZES | MIXTURE | {"hidden_size": 48, "residual_multiplier": 0.22, "attention_multiplier": 0.35},
    "granitemoeshared": SIZES | MIXTURE | {"hidden_size": 48, "shared_intermediate_size": 21, "attention_bias": True},
    "hunyuan_v1_moe": HEADS | {"num_experts": 5, "moe_topk": 2},
    "ernie4_5_moe": HEADS | {"moe_num_experts": 6, "moe_k": 2, "moe_intermediate_size": 19, "moe_num_shared_experts": 2},
    "glm4_moe": HEADS | DEEPSEEK | {"head_dim": 12, "use_qk_norm": True, "attention_bias": True},
    "glm4_moe without groups": HEADS | DEEPSEEK | {"head_dim": 12, "n_group": 1, "topk_group": 1, "norm_topk_prob": False},
    "solar_open": HEADS | {key: value for key, value in DEEPSEEK.items() if key != "first_k_dense_replace"},
    "dots1": SIZES | DEEPSEEK | {"hidden_size": 48, "sliding_window": 4, "layer_types": TYPES[1:3], "norm_topk_prob": True},
    "exaone_moe": SIZES | FOUR | {"hidden_size": 48, "sliding_window": 4, "num_experts": 8, "num_experts_per_tok": 3,
                                  "moe_intermediate_size": 19, "n_group": 4, "topk_group": 2, "layer_types": TYPES},
    "mellum": HEADS | {"num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 19, "sliding_window": 4,
                       "layer_types": TYPES[1:3], "mlp_layer_types": ["dense", "sparse"],
                       "rope_parameters": {"full_attention": ROPE, "sliding_attention": ROPE | {"rope_theta": 300.0}}},
    "minimax_m2": HEADS | MIXTURE | {"rotary_dim": 6},
    "afmoe": HEADS | FOUR | {"num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 19, "sliding_window": 4,
                             "num_shared_experts": 1, "route_scale": 2.5, "layer_types": TYPES},
    "gpt_oss": HEADS | MIXTURE | {"sliding_window": 4, "swiglu_limit": 1.1},
    "deepseek_v3": LATENT | DEEPSEEK,
    "deepseek_v3 of yarn": LATENT | DEEPSEEK | {"q_lora_rank": None, "rope_interleave": False, "norm_topk_prob": False} | rope(
        rope_type="yarn", factor=4.0, original_max_position_embeddings=64, mscale=1.0, mscale_all_dim=1.0),
    "deepseek_v2": LATENT | DEEPSEEK | {"topk_method": "group_limited_greedy"},
    "deepseek_v2 greedy": LATENT | DEEPSEEK | {"q_lora_rank": None},
    "glm4_moe_lite": LATENT | {key: value for key, value in DEEPSEEK.items() if key != "first_k_dense_replace"},
    "youtu": LATENT,
    "t5": T5,
    "t5 gated": T5 | {"feed_forward_proj": "gated-gelu", "relative_attention_num_buckets": 8, "relative_attention_max_distance": 20},
    "mt5": T5,
    "umt5": T5,
    "modernbert": EQUAL | {"pad_token_id": 0, "hidden_size": 48, "local_attention": 6, "num_hidden_layers": 3},
    "modernbert with biases": EQUAL | {"pad_token_id": 0, "hidden_size": 48, "local_attention": 6, "attention_bias": True, "mlp_bias": True,
                                       "norm_bias": True},
    "codegen": GPT | {"n_embd": 48, "n_head": 4, "rotary_dim": 6},
    "gpt_bigcode": GPT,
    "gpt_bigcode with all heads": GPT | {"multi_query": False, "n_inner": 57},
    "gpt_neo": {"hidden_size": 42, "num_layers": 3, "num_heads": 3, "window_size": 4, "attention_types": [[["global", "local"], 1],
                                                                                                       [["local"], 1]]},
    "xglm": {"d_model": 42, "num_layers": 2, "attention_heads": 3, "ffn_dim": 57},
    "biogpt": EQUAL,
    "electra": EQUAL | {"embedding_size": 20},
    "camembert": EQUAL,
    "xlm-roberta": EQUAL,
    "data2vec-text": EQUAL,
    "distilbert": {"dim": 42, "n_layers": 2, "n_heads": 3, "hidden_dim": 57},
    "vit": EQUAL | PICTURE,
    "vit without biases": EQUAL | PICTURE | {"qkv_bias": False},
    "clip_vision_model": EQUAL | PICTURE,
    "clip_text_model": EQUAL | {"eos_token_id": 1},
    "siglip_vision_model": EQUAL | PICTURE,
    "gemma3": seen_by("siglip_vision_model", "gemma3_text", HEADS | FOUR | {"sliding_window": 4, "layer_types": TYPES}),
    "llava": seen_by("clip_vision_model", "llama", HEADS),
    "llava_onevision": seen_by("siglip_vision_model", "qwen2", SIZES | {"hidden_size": 48}),
    "mistral3": seen_by("pixtral", "mistral", HEADS),
    "internvl": seen_by("internvl_vision", "qwen3", HEADS),
    "aya_vision": seen_by("siglip_vision_model", "cohere2", SIZES | FOUR | {"hidden_size": 48, "sliding_window": 4,
                                                                           "layer_types": TYPES}),
    "qwen2_vl": seen_by("qwen2_vl_vision", "qwen2_vl_text", SIZES | {"hidden_size": 48} | SECTIONS),
    "qwen2_5_vl": seen_by("qwen2_5_vl_vision", "qwen2_5_vl_text", SIZES | {"hidden_size": 48} | SECTIONS),
    "qwen3_vl": seen_by("qwen3_vl_vision", "qwen3_vl_text", HEADS | rope(mrope_section=[2, 2, 1])),
    "idefics3": seen_by("idefics3_vision", "llama", HEADS),
    "bart": TWO,
    "whisper": TWO | {"pad_token_id": 0, "num_mel_bins": 5, "max_source_positions": TOKENS},
}
WITHOUT_HEAD = {"llama with biases", "bloom", "opt post_norm", "gpt2 scaled by layer"}  # no prefix before their names
ENCODERS = {"electra", "camembert", "xlm-roberta", "data2vec-text", "distilbert", "vit", "clip_vision_model", "clip_text_model",
            "siglip_vision_model", "bart", "whisper", "t5", "mt5", "umt5", "modernbert"}
# What makes the layers of a stack alike, where it is said: a value, or a list of it.
ALIKE = {"layer_types": ("sliding_attention", True), "mlp_layer_types": ("sparse", True), "first_k_dense_replace": (0, False),
         "decoder_sparse_step": (1, False), "mlp_only_layers": ([], False), "max_window_layers": (0, False),
         "num_dense_layers": (0, False), "scale_attn_by_inverse_layer_idx": (False, False)}
SHARDED = {"qwen2", "bloom", "gpt2"}
STORED_AS = {"gemma": torch.bfloat16, "mistral": torch.float16}
