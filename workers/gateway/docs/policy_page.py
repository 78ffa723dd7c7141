"""`docs/policy.md`: every field of a policy and every rule, made from the structs.

`python -m workers.gateway.docs.policy_page` writes the page to standard output; a test compares the file.
"""

import inspect
from typing import Any, Final

import msgspec

from core.domain.policy_fields import NOT_IMPLEMENTED
from core.domain.rules.registry import RULES
from core.domain.rules.rule import Rule
from core.policy import FORMER_DEFAULTS, HELD_BEFORE, OVERRIDABLE, Policy
from workers.gateway.docs.policy_texts import FIELDS, RULE_EXAMPLES

_INTRODUCTION: Final = """\
# Policy

The rules that a publication sets for its discussions. A site is opened with a policy, admins change it by
`PATCH /v1/sites/{site}/policy`, and moderators override the fields marked *thread* in one thread by
`PUT …/threads/{thread}/policy`. Each change is an event: a decision names the version that judged (`by_policy`), and
`GET …/policy?at=` reads it. A policy that was stored before a field or a default was there keeps what held then, in
brackets below.
"""
_RULES: Final = """
## Rules

`rules` is a list of objects, each with its `kind` and settings. Rules that reject are asked first, then the standing of
the member, then `premoderation`, then rules that hold; the first match decides. What a rule knew beyond the text is in
the event, so a replay asks nothing again. Staff are exempt; a trusted member passes rules that hold. A rule that a
version does not know holds every text.

Every rule has `action` (`hold`, or `reject`: the text is rejected at once) and `tells`, words for the author by
language.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "".join((_INTRODUCTION, _fields(), _RULES, *map(_rule, RULES)))


def _fields() -> str:
    rows = ["| field | meaning | default | of | cost | example |", "| --- | --- | --- | --- | --- | --- |"]
    default = Policy()
    for name in Policy.__struct_fields__:
        text = FIELDS[name]
        before = HELD_BEFORE | FORMER_DEFAULTS
        held = f" [{_code(before[name])}]" if name in before else ""
        usual = "as listed in the OpenAPI document" if name.endswith("reasons") else _code(getattr(default, name))
        meaning = f"{text.meaning} This version takes only the default." if name in NOT_IMPLEMENTED else text.meaning
        place = "thread" if name in OVERRIDABLE else "site"
        rows.append(f"| `{name}` | {meaning} | {usual}{held} | {place} | {text.cost} | {_code(text.example)} |")
    return "\n" + "\n".join(rows) + "\n"


def _rule(rule: type[Rule]) -> str:
    kind = str(rule.__struct_config__.tag)
    rows = [f"\n### `{kind}`\n", inspect.cleandoc(rule.__doc__ or ""), ""]
    schema = msgspec.json.schema(rule)
    settings = schema["$defs"][rule.__name__] if "$defs" in schema and rule.__name__ in schema["$defs"] else schema
    names = [field for field in rule.__struct_encode_fields__ if field not in Rule.__struct_encode_fields__]
    if names:
        rows += ["| setting | values | default |", "| --- | --- | --- |"]
        needed = settings.get("required", [])
        for field in names:
            shape = settings["properties"][field]
            usual = "required" if field in needed else _code(shape.get("default"))
            rows.append(f"| `{field}` | {_values(shape)} | {usual} |")
        rows.append("")
    rows.append(f"Example: {_code(RULE_EXAMPLES[kind])}")
    return "\n".join(rows) + "\n"


def _values(shape: dict[str, Any]) -> str:
    """The values that a setting takes, in words."""
    if "anyOf" in shape:
        return " or ".join(_values(one) for one in shape["anyOf"])
    if "enum" in shape:
        return ", ".join(f"`{one}`" for one in shape["enum"])
    words = str(shape.get("type", "object"))
    if words == "array":
        words = f"list of {_values(shape.get('items', {}))}"
    bounds = [f"{low} {shape[key]}" for key, low in _BOUNDS.items() if key in shape]
    return f"{words}, {' '.join(bounds)}" if bounds else words


_BOUNDS: Final = {
    "minimum": "from",
    "maximum": "to",
    "minItems": "at least",
    "maxItems": "at most",
    "maxLength": "at most characters",
}


def _code(value: object) -> str:
    return f"`{msgspec.json.encode(value).decode()}`"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the output of this module
