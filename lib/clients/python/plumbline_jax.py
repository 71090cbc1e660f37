"""Answers with JAX: the forward pass is yours, gradients come from jax.vjp; both are compiled by jax.jit.

    main(vjp(lambda request, tensors: {"y": my_norm(tensors["x"], tensors["norm.weight"])}))
"""

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)  # else float64 would silently become float32


def vjp(forward):
    """The implementation whose outputs are forward(request, tensors): named arrays in, named arrays out."""

    def implementation(request):
        tensors = {name: value for name, value in request.tensors.items() if not name.startswith("grad.")}
        data = {name: tensors.pop(name) for name in list(tensors) if name not in request.differentiable}
        outputs_of = lambda tensors: forward(request, {**tensors, **data})  # noqa: E731
        if not request.wants_gradients:
            return numpy_of(jax.jit(outputs_of)(tensors))

        @jax.jit
        def both(tensors, cotangents):
            outputs, pull_back = jax.vjp(outputs_of, tensors)
            return outputs, pull_back(cotangents)[0]

        cotangents = {name[5:]: value for name, value in request.tensors.items() if name.startswith("grad.")}
        outputs, gradients = both(tensors, cotangents)
        return numpy_of(outputs) | numpy_of({"grad." + name: value for name, value in gradients.items()})

    return implementation


def numpy_of(arrays):
    return {name: np.asarray(value) for name, value in arrays.items()}
