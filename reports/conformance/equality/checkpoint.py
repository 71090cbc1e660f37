"""A tiny model with random parameters, gains and biases too, and what its layers answer."""

import copy
import inspect

import torch
import transformers

from .models import ALIKE, ENCODERS, MODELS, SHARDED, STORED_AS, TOKENS, WITHOUT_HEAD

DROPOUTS = ("resid_pdrop", "embd_pdrop", "attn_pdrop", "hidden_dropout", "attention_dropout", "dropout", "resid_dropout",
            "embed_dropout", "residual_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob", "dropout_rate")
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers")
TWO_INPUTS = ("t5", "mt5", "umt5")
SHARED_TABLE = ("t5", "mt5")  # all layers add what the first one's table holds
CORRECTIONS = ("e_score_correction_bias", "expert_bias")
SMALL = 2.0**-8


def type_of(name):
    return name.split(" ")[0]


def config_of(name, layers=None, attention="eager"):
    """layers: how many, all of them alike."""
    said = copy.deepcopy(MODELS[name])
    own = said.get("text_config", said)
    if layers:
        own |= {key: layers for key in LAYERS if key in own}
        types = set(own.get("layer_types", []))
        own |= {key: [value] * layers if as_list else value for key, (value, as_list) in ALIKE.items() if key in own}
        if len(types) == 1:  # they are alike as they are
            own["layer_types"] = [*types] * layers
        if type_of(name) in ("gemma2", "vaultgemma", "gpt_oss", "cwm"):  # every other one has a window where nothing is said
            own["layer_types"] = ["sliding_attention"] * layers
    vocabulary = {} if {"patch_size", "text_config"} & {*said} else {"vocab_size": 37}
    config = transformers.AutoConfig.for_model(type_of(name), **vocabulary, **said)
    for key in DROPOUTS:
        if hasattr(config, key):
            setattr(config, key, 0.0)
    config._attn_implementation = attention
    return config


def kind_of(name):
    if "text_config" in MODELS[name]:
        return transformers.AutoModelForImageTextToText
    if name in WITHOUT_HEAD or type_of(name) in ENCODERS:
        return transformers.AutoModel
    return transformers.AutoModelForMaskedLM if name in ("bert", "roberta") else transformers.AutoModelForCausalLM


def model_of(name, dtype, layers=None, attention="eager"):
    """Parameters are numbers of that type. Tables of rotations stay as they are, as where a model is loaded in it; a mask
    that is multiplied, as OpenAI GPT's, becomes one of that type there."""
    torch.manual_seed(sum(name.encode()))
    config = config_of(name, layers, attention)
    model = kind_of(name).from_config(config, attn_implementation=attention, experts_implementation="eager").eval()
    corrections = [b for named, b in model.named_buffers() if named.endswith("e_score_correction_bias")]
    with torch.no_grad():
        for parameter in [*model.parameters(), *corrections]:
            noise = torch.randn_like(parameter)
            parameter.add_(0.3 * noise) if parameter.dim() == 1 else parameter.copy_(noise / parameter.shape[-1] ** 0.5)
            if name in STORED_AS:
                parameter.copy_(parameter.to(STORED_AS[name]))
            parameter.data = parameter.data.to(dtype)
        for named, mask in model.named_buffers():
            if named.endswith("attn.bias") and mask.is_floating_point():
                mask.data = mask.data.to(dtype)
    if type_of(name) in SHARED_TABLE:
        give_each_its_table(model)
    return model


def tables_of(model):
    return [block.layer[0].SelfAttention for block in model.encoder.block]


def give_each_its_table(model):
    """A gradient of each layer by itself."""
    first, *others = tables_of(model)
    for attention in others:
        attention.relative_attention_bias = copy.deepcopy(first.relative_attention_bias)
        attention.has_relative_attention_bias = True


def stored(model, folder, name, dtype=None):
    """As a folder of Hugging Face, whose numbers are of that type where one is given."""
    kept = copy.deepcopy(model)
    if type_of(name) in SHARED_TABLE:
        for attention in tables_of(kept)[1:]:
            del attention.relative_attention_bias
    kept = kept.to(dtype) if dtype else kept
    kept.save_pretrained(folder, **({"max_shard_size": "20KB"} if name in SHARDED else {}))


def layers_of(model):
    """The first list of as many modules; not of those that see images beside text."""
    count, sees = model.config.get_text_config().num_hidden_layers, hasattr(model.config, "text_config")
    return next(m for name, m in model.named_modules() if isinstance(m, torch.nn.ModuleList) and len(m) == count
                and not (sees and "vis" in name))


def inputs_of(model, name):
    config, dtype = model.config, next(model.parameters()).dtype
    if config.model_type == "whisper":
        return {"input_features": torch.randn(2, 5, 2 * TOKENS).to(dtype), "decoder_input_ids": torch.tensor([[3], [4]])}
    if hasattr(config, "patch_size"):
        return {"pixel_values": torch.randn(2, 3, config.image_size, config.image_size).to(dtype)}
    tokens = {"input_ids": torch.randint(2, 37, (2, TOKENS))}
    if config.model_type in TWO_INPUTS:
        return tokens | {"decoder_input_ids": torch.tensor([[3], [4]])}
    return tokens | ({} if type_of(name) in ENCODERS else {"use_cache": False})


def recorded(model, name):
    """What each layer was called with, as functions of x."""
    calls = []

    def record(module, args, kwargs):
        given = inspect.signature(module.forward).bind(*args, **kwargs).arguments
        hidden, x = next(iter(given.items()))
        kwargs = {key: value for key, value in given.items() if key != hidden}
        kwargs |= kwargs.pop("kwargs", {})
        if type_of(name) in SHARED_TABLE:
            kwargs["position_bias"] = None
        calls.append((x.detach().clone(), lambda x: stream(module(x, **kwargs))))

    hooks = [layer.register_forward_pre_hook(record, with_kwargs=True) for layer in layers_of(model)]
    torch.manual_seed(7)
    with torch.no_grad():
        model(**inputs_of(model, name))
    for hook in hooks:
        hook.remove()
    return calls


def stream(output):
    return output if isinstance(output, torch.Tensor) else output[0]


def answered(x, function):
    """x, y, a cotangent of y, and the gradient of x; gradients of parameters stay with these."""
    x = x.clone().requires_grad_()
    y = function(x)
    cotangent = torch.randn_like(y)
    y.backward(cotangent)
    return {"x": x.detach(), "y": y.detach().contiguous(), "grad.y": cotangent, "grad.x": x.grad}


def gradients_as_parameters(model):
    """A model whose parameters are the gradients of this one's: it names and packs them as the model's are. They are
    small, a power of two times what they were, so that what it computes from these is a question too."""
    gradients = copy.deepcopy(model)
    with torch.no_grad():
        for parameter, own in zip(gradients.parameters(), model.parameters()):
            parameter.copy_(torch.zeros_like(own) if own.grad is None else own.grad * SMALL)
        for named, tensor in [*gradients.named_parameters(), *gradients.named_buffers()]:
            if named.endswith(CORRECTIONS):  # which have none: they tell experts apart that nobody asked
                tensor.copy_(torch.linspace(0, 1, tensor.numel()))
    return gradients
