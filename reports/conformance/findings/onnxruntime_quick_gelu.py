"""QuickGelu loses its digits where x is negative: the sigmoid is a half plus something that is nearly minus a half

The absolute error is small, the relative one is not. Exact values are computed in float64.
"""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

node = helper.make_node("QuickGelu", ["x"], ["y"], domain="com.microsoft")
x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in "xy")
graph = helper.make_graph([node], "graph", [x], [y])
opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
model = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

x = np.array([3, -3, -5, -7, -9, -10, -10.5], np.float32)
exact = x / (1 + np.exp(-1.702 * x.astype(np.float64)))
found = session.run(None, {"x": x})[0]
print("     x       found       exact  relative error")
for row in zip(x, found, exact, np.abs(found / exact - 1)):
    print("{:6.1f} {:11.4g} {:11.4g} {:15.1e}".format(*row))
