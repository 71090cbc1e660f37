"""Tensors on a GPU, judged where they are: an RMSNorm in PyTorch on CUDA, with gradients, and one in JAX on its default device.

python gpu.py
"""

from plumbline_oracle import check

NORM = {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}


def by_torch():
    try:
        import torch
    except ImportError:
        return "torch: not here"
    if not torch.cuda.is_available():
        return "torch: no CUDA here"

    def rms_norm(x, weight):
        assert x.is_cuda
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6) * weight.float()).to(x.dtype)

    for profile in ("float32", "bfloat16-mixed"):
        found = check(rms_norm, NORM, takes=["x", "norm.weight"], framework="torch", device="cuda", profile=profile)
    return f"torch on {torch.cuda.get_device_name()}: {found.verdict}"


def by_jax():
    import jax
    import jax.numpy as jnp

    @jax.jit
    def rms_norm(x, weight):
        wide = x.astype(jnp.float32)
        y = wide * jax.lax.rsqrt((wide * wide).mean(-1, keepdims=True) + 1e-6) * weight.astype(jnp.float32)
        return y.astype(x.dtype)

    for profile in ("float32", "bfloat16-mixed"):
        found = check(rms_norm, NORM, takes=["x", "norm.weight"], framework="jax", profile=profile, cases=20)
    return f"jax on {jax.devices()[0].device_kind}: {found.verdict}"


if __name__ == "__main__":
    print(by_torch())
    print(by_jax())
