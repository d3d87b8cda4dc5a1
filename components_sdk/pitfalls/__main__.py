"""``docs/pitfalls.md``, made from the rules.

python -m components_sdk.pitfalls > docs/pitfalls.md
"""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Rule, Severity
from ..surface import GOOD, Surface
from . import GROUPS, RULES

_HEAD = """# Pitfalls

Configurations that look safe and are not, in any spelling that a browser reads. An **error**
refuses to serve; a **warning** goes to the log under its name. What this SDK decides by itself
breaks no error. The rules look at what the browser will be told in the end, whoever wrote it, so
they also serve for what a proxy or another server makes of it. Each example says what differs from
the default.

Made from `components_sdk/pitfalls/` by `python -m components_sdk.pitfalls`; do not edit.
"""


def markdown() -> str:
    """All rules, as the document."""
    errors = sum(rule.severity is Severity.ERROR for rule in RULES)
    parts = [_HEAD, f"{len(RULES)} rules: {errors} errors, {len(RULES) - errors} warnings.\n"]
    for title, rules in GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [_section(rule) for rule in rules]
    return "\n".join(parts)


def _section(rule: Rule[Surface]) -> str:
    """One rule; the example is what its bad subject has and the default has not."""
    examples = "".join(f"    {line}\n" for line in differences(rule.bad, GOOD))
    return (
        f"### {rule.id}\n\n"
        f"**{rule.severity.value.capitalize()}.** {rule.sentence}\n\n"
        f"{examples}\n"
        f"{rule.remedy} <sub>Source: {rule.source}.</sub>\n"
    )


def differences(subject: Surface, other: Surface) -> Iterator[str]:
    """What one surface says otherwise than another, a line each."""
    fields = ("app_origin", "component_origin", "sandbox", "allow")
    for name in (*fields, "shared_origin", "shares_app", "cookies"):
        value = getattr(subject, name)
        if value != getattr(other, name):
            label = name.replace("_", " ")
            yield f"no {label}" if value is None else f"{label}: {_plain(value)}"
    moved = {other.component_origin: subject.component_origin, other.app_origin: subject.app_origin}
    for label, mine, theirs in (
        ("Content-Security-Policy", subject.csp, other.csp),
        ("the page's Content-Security-Policy", subject.host, other.host),
    ):
        for directive in dict.fromkeys((*mine, *theirs)):
            if directive not in mine:
                yield f"{label}: no {directive}"
            elif mine[directive] != _moved(theirs.get(directive), moved):
                yield f"{label}: {' '.join((directive, *mine[directive]))}"
    for header in dict.fromkeys((*subject.headers, *other.headers)):
        value = subject.headers.get(header)
        if header != "Content-Security-Policy" and value != other.headers.get(header):
            yield f"no {header}" if value is None else f"{header}: {value}"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _moved(sources: tuple[str, ...] | None, origins: dict[str, str]) -> tuple[str, ...] | None:
    """The sources of one surface as they would stand on the origins of another."""
    for old, new in origins.items():
        sources = sources and tuple(source.replace(old, new) for source in sources)
    return sources


if __name__ == "__main__":
    print(markdown(), end="")
