"""The encoder layer's fast path on a GPU computes the tanh formula of gelu where the erf formula is asked for

activation="gelu" is the erf formula everywhere else, in the training path of the same layer too. The fast path leaves it
to the epilogue of the matrix product, which has the tanh formula alone.
"""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(256, 4, 512, dropout=0.0, activation="gelu", batch_first=True).cuda()
x = 3 * torch.randn(1, 33, 256, device="cuda")
with torch.no_grad():
    erf = layer.train()(x)
    fast = layer.eval()(x)
    layer.activation = lambda u: F.gelu(u, approximate="tanh")
    tanh = layer.train()(x)
print(f"fast path: {(fast - erf).abs().max().item():.1e} from the training path, which has erf,")
print(f"           {(fast - tanh).abs().max().item():.1e} from the training path with tanh")
