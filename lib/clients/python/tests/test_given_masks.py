"""Masks, lengths and segments reach a function as tensors, and none of their gradients is asked for."""

import pytest

torch = pytest.importorskip("torch")

from plumbline_oracle import Wrong, check  # noqa: E402

needs_attention = pytest.mark.skipif(
    not hasattr(torch.nn.functional, "scaled_dot_product_attention"), reason="this PyTorch has none"
)
HEADS = {"n_heads": 2, "n_kv_heads": 2, "head_dim": 4}


def spec(given):
    return {"part": "sdpa", "attention": {**HEADS, "mask": "bidirectional", "given": given}}


def attention(q, k, v, mask):
    q, k, v = (t.transpose(1, 2) for t in (q, k, v))
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2)


@needs_attention
@pytest.mark.parametrize("kind", ["boolean", "additive"])
@pytest.mark.parametrize("over", ["nothing", "sequences", "heads", "sequences_and_heads"])
def test_masks_are_those_of_pytorch(kind, over):
    given = {"mask": kind, "mask_over": over}
    check(attention, spec(given), takes=["q", "k", "v", "mask"], framework="torch", cases=10)


@needs_attention
def test_a_mask_of_another_head_is_named():
    given = {"mask": "boolean", "mask_over": "heads"}
    with pytest.raises(Wrong, match="given/mask-of-first-head"):
        check(
            lambda q, k, v, mask: attention(q, k, v, mask[:, :1]),
            spec(given),
            takes=["q", "k", "v", "mask"],
            framework="torch",
            cases=20,
        )


@needs_attention
def test_lengths_and_segments_are_whole_numbers():
    def packed(q, k, v, lengths, q_segments, k_segments):
        assert lengths.dtype == q_segments.dtype == torch.int64
        seen = q_segments[:, None, :, None] == k_segments[:, None, None, :]
        return attention(q, k, v, seen & (torch.arange(k.shape[1]) < lengths[:, None])[:, None, None])

    takes = ["q", "k", "v", "key_lengths", "q_segments", "k_segments"]
    check(packed, spec({"lengths": True, "segments": True}), takes=takes, framework="torch", cases=10)
