"""Tiny checkpoints of models of transformers, as `plumbline judge --hf` reads them: checkpoints.py --plumbline COMMAND
[--gradients] [--stack] [--dtype TYPE,...] [--attention NAME,...] [--record FILE] [--keep FOLDER] [MODEL...] makes them with
random parameters, gains and biases too, and has every layer judged with the spec and the parameters that the command finds
in the folder; --gradients has those of the input and of all parameters judged too, which a second checkpoint holds in place
of the parameters; --stack has three like layers judged as one stack besides. A row a model says what came of it; the exit
status is 1 where a layer does not agree. --record keeps it in a file, and asks again only what is not in it.

    python3 -m venv /tmp/frameworks && /tmp/frameworks/bin/pip install -r reports/conformance/requirements-transformers.txt
    /tmp/frameworks/bin/python reports/conformance/checkpoints.py --plumbline build/bin/plumbline"""

import argparse
import pathlib
import re
import sys
import tempfile

import torch
import transformers
from equality.asked import PROFILES, Asked, Refused, rule_of
from equality.models import MODELS
from equality.record import Record, found


NOT_THERE = ("its layers are not alike", "its class has no such attention")  # no verdict, and no fault of anybody


def is_without(attention, why):
    """Whether transformers says that a class does not have that attention."""
    return attention == "sdpa" and isinstance(why, ValueError) and "scaled_dot_product_attention" in str(why)


def asked(name, options, dtype, attention, stack):
    """A row of the record."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.keep or temporary)
        try:
            model = Asked(name, folder, options.plumbline, dtype, attention, stack)
            return {"class": model.layer, "gradients": options.gradients} | found(model.judged(options.gradients))
        except Refused as why:
            line = re.sub(r"\S*/(config\.json|model\S*\.safetensors)", r"\1", str(why)).removeprefix("plumbline: ")
            return {"class": "", "gradients": options.gradients, "verdict": "refused", "said": line}
        except Exception as why:  # of transformers, in the words of its own
            if is_without(attention, why):
                return {"class": "", "gradients": options.gradients, "verdict": "refused", "said": NOT_THERE[1]}
            return {"class": "", "gradients": options.gradients, "verdict": "not judged",
                    "said": f"{type(why).__name__}: {str(why).strip().splitlines()[0] if str(why).strip() else ''}"}


def text_of(row):
    change = f" ({row['change']:.1e} at {row['place']})" if row.get("change") else ""
    return row["verdict"] + (f": {row['said']}" if row.get("said") else change)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("--plumbline", required=True)
    parser.add_argument("--gradients", action="store_true", help="judge gradients too")
    parser.add_argument("--stack", action="store_true", help="judge three like layers as one stack too")
    parser.add_argument("--dtype", default="float32", help="of " + ", ".join(PROFILES))
    parser.add_argument("--attention", default="eager", help="eager, sdpa")
    parser.add_argument("--record", type=pathlib.Path, help="where to keep it")
    parser.add_argument("--keep", help="where to leave the checkpoints")
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    record, rule = options.record and Record(options.record), rule_of(options.plumbline)
    failed = set()
    for name in options.models or MODELS:
        for dtype in options.dtype.split(","):
            for attention in options.attention.split(","):
                for stack in (False, True)[: 1 + options.stack]:
                    key = {"model": name, "layers": "stack" if stack else "each", "dtype": dtype, "attention": attention}
                    if record and record.has(key, rule):
                        continue
                    row = asked(name, options, dtype, attention, stack)
                    if record:
                        record.put(key, rule, row)
                    if row["verdict"] != "agrees" and row.get("said") not in NOT_THERE:
                        failed.add(name)
                    print(" | ".join([name, key["layers"], dtype, attention, text_of(row)]), flush=True)
    print(f"transformers {transformers.__version__}, torch {torch.__version__}: {len(failed)} of "
          f"{len(options.models or MODELS)} do not agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
