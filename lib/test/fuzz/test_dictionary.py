"""The dictionary that specs are fuzzed with has the words of a spec: its keys and enumerators, as the published schema has
them, which is generated from the knobs."""

import json
import pathlib
import re

FUZZ = pathlib.Path(__file__).resolve().parent
SCHEMA = FUZZ.parents[2] / "reports" / "published" / "spec.schema.json"


def words_of(schema):
    """Every key and enumerator of the schema and of what stands in it; `properties` holds schemas by key."""
    yield from (value for value in schema.get("enum", []) if isinstance(value, str))
    for key, below in schema.get("properties", {}).items():
        yield key
        yield from words_of(below)
    for below in schema.get("anyOf", []):
        yield from words_of(below)


def test_it_has_the_words_of_a_spec_in_order():
    words = re.findall(r'^"\\"(.+)\\""$', (FUZZ / "dictionaries" / "spec.dict").read_text(), re.M)
    assert words == sorted({*words_of(json.loads(SCHEMA.read_text()))})
