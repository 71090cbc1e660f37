"""What is kept of a run: a file that a further run goes on with."""

import json

import torch
import transformers

from record import processor

ORDER = ("agrees", "coarser", "broken", "wrong", "invalid", "not judged", "refused")


def found(reports):
    """Of several layers: the worst verdict, and the change that all of them would have shown."""
    worst = max(reports, key=lambda r: ORDER.index(r["verdict"]))
    out = {"verdict": worst["verdict"], "judged": len(reports)}
    if worst["verdict"] != "agrees":
        failure = (worst["failures"] or [{}])[0]
        results = [r for r in worst["results"] if r["outcome"] != "agrees"]
        out["said"] = failure.get("headline") or (results[0]["message"] if results else "")
    noticed = [r["noticed"] for r in reports if r.get("noticed")]
    if noticed:
        least = [min((n["smallest_relative_change_in_y"] or {"": None}).items(), key=lambda c: c[1] or 0) for n in noticed]
        place, change = max(least, key=lambda c: c[1] or 0)
        shown, all_of_them = (sum(len(n[key]) for n in noticed) for key in ("deviations", "not"))
        out |= {"change": change, "place": place, "shown": shown, "mistakes": shown + all_of_them}
    return out


class Record:
    """Rows by model, arithmetic, attention and layers; a row of other versions or another rule is asked again."""

    def __init__(self, path):
        self.path = path
        self.rows = json.loads(path.read_text())["rows"] if path.exists() else []

    @staticmethod
    def stamp(rule):
        return {"transformers": transformers.__version__, "torch": torch.__version__, "rule": rule, "machine": processor()}

    def has(self, key, rule):
        return any(all(row[k] == v for k, v in (key | self.stamp(rule)).items()) for row in self.rows)

    def put(self, key, rule, row):
        self.rows = [r for r in self.rows if not all(r[k] == v for k, v in key.items())]
        self.rows.append(key | row | self.stamp(rule))
        self.rows.sort(key=lambda r: (r["model"], r["layers"], r["dtype"], r["attention"]))
        text = "{\"rows\": [\n" + ",\n".join(json.dumps(row) for row in self.rows) + "\n]}\n"
        temporary = self.path.with_suffix(".part")
        temporary.write_text(text)
        temporary.replace(self.path)
