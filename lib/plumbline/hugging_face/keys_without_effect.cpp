#include "plumbline/hugging_face/config.hpp"

namespace plumbline {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view keys[] = {
    // how it is stored and run
    "_attn_implementation"sv, "_attn_implementation_autoset", "_flash_attn_2_enabled", "_name_or_path",
    "architectures", "attn_implementation", "auto_map", "cache_implementation", "chunk_size_feed_forward",
    "directionality", "dtype", "finetuning_task", "ep_size", "gradient_checkpointing", "model_type",
    "name_or_path", "pretraining_tp", "quantization_config", "return_dict", "slow_but_exact",
    "tokenizer_class", "tokenizer_name", "torch_dtype", "torchscript", "transformers_version",
    "unsloth_version", "use_bfloat16", "use_cache", "use_return_dict",
    // training
    "activation_dropout", "attention_dropout", "attention_probs_dropout_prob", "attn_pdrop",
    "classifier_dropout", "dropout", "emb_pdrop", "embd_pdrop", "embedding_dropout", "hidden_dropout",
    "hidden_dropout_prob", "init_config", "init_device", "init_std", "initializer_factor",
    "initializer_range", "layerdrop", "resid_pdrop", "residual_dropout", "aux_loss_alpha",
    "load_balance_coeff", "output_router_logits", "router_aux_loss_coef", "router_jitter_noise",
    "router_z_loss_coef", "seq_aux",
    // before the first layer and behind the last
    "embedding_fraction", "embedding_multiplier", "final_logit_softcapping", "id2label", "label2id",
    "learned_pos_emb", "logit_scale", "logits_scaling", "max_position_embeddings", "max_seq_len",
    "mtp_layer_types", "mtp_mlp_layer_types", "num_mtp_layers", "num_nextn_predict_layers",
    "model_max_length", "n_ctx", "n_positions", "pooler_fc_size", "pooler_num_attention_heads",
    "pooler_num_fc_layers", "pooler_size_per_head", "pooler_type", "problem_type", "seq_length",
    "summary_activation", "summary_first_dropout", "summary_last_dropout", "summary_proj_to_labels",
    "summary_type", "summary_use_proj", "tie_word_embeddings", "type_vocab_size", "vocab_size",
    "word_embed_proj_dim",
    // generating text
    "bad_words_ids", "begin_suppress_tokens", "bos_token_id", "cls_token_id", "decoder_start_token_id",
    "diversity_penalty", "do_sample", "early_stopping", "encoder_no_repeat_ngram_size", "eod_token_id",
    "sep_token_id", "eos_token_id", "exponential_decay_length_penalty", "forced_bos_token_id",
    "forced_eos_token_id", "length_penalty", "mask_token_id", "max_length", "min_length",
    "no_repeat_ngram_size", "num_beam_groups", "num_beams", "num_return_sequences", "output_attentions",
    "output_hidden_states", "output_scores", "pad_token_id", "prefix", "remove_invalid_values",
    "repetition_penalty", "return_dict_in_generate", "sep_token_id", "suppress_tokens",
    "task_specific_params", "temperature", "top_k", "top_p", "typical_p", "unk_token_id"};

}  // namespace

std::span<const std::string_view> keys_without_effect() { return keys; }

}  // namespace plumbline
