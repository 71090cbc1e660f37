"""Where the peers in Python stand. Whoever imports this can import them, and the client, too."""

import pathlib
import sys

PEERS = pathlib.Path(__file__).resolve().parents[1] / "test" / "peers"
TORCH_PEER = PEERS / "torch_peer.py"
sys.path[:0] = [str(PEERS), str(PEERS.parents[1] / "clients" / "python")]
