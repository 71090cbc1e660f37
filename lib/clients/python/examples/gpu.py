"""Tensors judged on the device where they are: an RMSNorm with gradients, in PyTorch, JAX and CuPy.

    python gpu.py            on the GPU where the framework finds one, else on the CPU; says which
    python gpu.py --gpu      fails where none of them finds one: for the machine that is to show it

It needs plumbline_oracle and of these what is to be tried, built for the GPU at hand: `pip install torch`,
`pip install "jax[cuda12]"`, `pip install cupy-cuda12x`. A framework that is not here is left out, and it says so.
"""

import sys

from plumbline_oracle import check

NORM = {"part": "norm", "norm": {"kind": "rms_norm", "eps": 1e-6}}
TAKES = ["x", "norm.weight"]
PROFILES = ("float32", "bfloat16-mixed")


def by_torch():
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"

    def rms_norm(x, weight):
        assert x.device.type == device
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6) * weight.float()).to(x.dtype)

    for profile in PROFILES:
        check(rms_norm, NORM, takes=TAKES, framework="torch", device=device, profile=profile)
    return torch.cuda.get_device_name() if device == "cuda" else None


def by_jax():
    import jax
    import jax.numpy as jnp

    @jax.jit
    def rms_norm(x, weight):
        wide = x.astype(jnp.float32)
        y = wide * jax.lax.rsqrt((wide * wide).mean(-1, keepdims=True) + 1e-6) * weight.astype(jnp.float32)
        return y.astype(x.dtype)

    for profile in PROFILES:
        check(rms_norm, NORM, takes=TAKES, framework="jax", profile=profile, cases=20)  # each shape is compiled
    (device, *_) = jax.devices()
    return device.device_kind if device.platform != "cpu" else None


def by_cupy():
    import cupy

    def rms_norm(x, weight):
        return x / cupy.sqrt((x * x).mean(-1, keepdims=True) + cupy.float32(1e-6)) * weight

    if not cupy.cuda.is_available():
        raise ImportError("it computes on GPUs alone, and finds none")
    check(rms_norm, NORM, takes=TAKES, framework="cupy", grads=False)  # which differentiates nothing
    return cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()


def main(needs_gpu):
    found = False
    for name, ask in {"torch": by_torch, "jax": by_jax, "cupy": by_cupy}.items():
        try:
            gpu = ask()
        except ImportError as why:
            print(f"{name}: not tried: {why}")
            continue
        found = found or gpu is not None
        print(f"{name} on {gpu or 'the CPU, for it finds no GPU'}: agrees")
    if needs_gpu and not found:
        sys.exit("gpu.py --gpu: expected a GPU that one of them finds, found none")


if __name__ == "__main__":
    main("--gpu" in sys.argv[1:])
