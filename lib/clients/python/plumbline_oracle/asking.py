"""A function of the user's as what Plumbline asks: tensors of his framework in, gradients by its own differentiation,
and a look at what became of the tensors that he was given.
"""

import ml_dtypes  # noqa: F401  numpy knows bfloat16 by it
import numpy as np
from plumbline_client import Request

from .tensors import array, same_bits


class Misuse(Exception):
    """What the function did with its tensors that no implementation may do."""


class Function:
    """`function` as an implementation (see plumbline_client).

    It is called with the request, whose tensors are of the framework, or, given `takes`, with these tensors in that
    order; the name of an output there is a tensor for it, full of NaN. It returns y; or a tuple, the outputs of the part
    in their order; or a dict of these by name, which may hold gradients. `in_place`: outputs that are left in the tensor
    of an input: {"y": "x"}."""

    def __init__(self, function, framework, takes=None, in_place=None):
        self.function, self.framework = function, framework
        self.takes, self.in_place = takes, dict(in_place or {})

    def __call__(self, request: Request):
        given = {name: value for name, value in request.tensors.items() if not name.startswith("grad.")}
        tensors = {name: self.framework.tensor(value) for name, value in given.items()}
        if request.wants_gradients:
            call = lambda tensors: self._call(request, tensors)  # noqa: E731
            outputs = self.framework.differentiate(call, tensors, self._cotangents(request))
        else:
            outputs = self._call(request, tensors)
        answer = {name: array(value) for name, value in outputs.items()}
        self._check_inputs(given, tensors, outputs)
        return answer

    def _call(self, request, tensors):
        """Outputs by name."""
        buffers = self._buffers(request) if self.takes else {}
        if self.takes:
            missing = [name for name in self.takes if name not in tensors and name not in buffers]
            if missing:
                raise Misuse(f"takes: expected one of {', '.join([*tensors, *buffers])}, found {missing[0]}")
            given = [tensors[name] if name in tensors else buffers[name] for name in self.takes]
            try:
                found = self.function(*given)
            except (AttributeError, TypeError) as why:
                if "numpy.ndarray" not in str(why):
                    raise
                raise type(why)(f"{why}; framework= says whose tensors the function takes") from why
        else:
            found = self.function(Asked(request, {**tensors, **self._cotangents(request)}))
        outputs = self._named(request, found)
        for name, holder in {**{name: name for name in buffers if name in self.takes}, **self.in_place}.items():
            outputs.setdefault(name, buffers[holder] if holder in buffers else tensors[holder])
        return outputs

    def _cotangents(self, request):
        return {name: self.framework.tensor(value) for name, value in request.tensors.items() if name.startswith("grad.")}

    def _buffers(self, request):
        return {name: self.framework.filled(request.x, np.nan) for name in request.outputs}

    def _named(self, request, found):
        names = request.outputs
        if found is None:
            return {}
        if isinstance(found, dict):
            return dict(found)
        if not isinstance(found, (tuple, list)):
            return {names[0]: found}
        if len(found) != len(names):
            raise Misuse(f"expected {len(names)} output{'s' if len(names) > 1 else ''}, {', '.join(names)}; found {len(found)}")
        return dict(zip(names, found))

    def _check_inputs(self, given, tensors, outputs):
        """Raises Misuse where an input was changed, or an output is an input's own memory."""
        for name, value in tensors.items():
            if name in self.in_place.values():
                continue
            if not same_bits(array(value), given[name]):
                raise Misuse(f"the input {name} was changed in place; in_place={{output: input}} says where one may be")
            for output, tensor in outputs.items():
                if self.framework.shares_memory(tensor, value):
                    raise Misuse(f"{output} is the memory of the input {name}; expected memory of its own")


class Asked(Request):
    """The request with tensors of the user's framework."""

    def __init__(self, request, tensors):
        self.__dict__.update(request.__dict__)
        self.tensors = tensors
