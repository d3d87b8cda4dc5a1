"""Known unsafe combinations, as rules over what the browser will be told.

A policy made by ``decide`` breaks none of them. The rules are for what surrounds it and may be
configured, replaced or rewritten on the way: origins, proxies, other frameworks' frames.
``docs/pitfalls.md`` lists them all.

1. A rule is a function from a ``Surface`` to details, with an example that breaks it and one that
   does not. Tests, docs and the audit are made from ``RULES``.
2. ``refuse`` stops on an ERROR; warnings are said and go on.

    >>> check(GOOD)
    []
    >>> [finding.rule for finding in check(good_but(sandbox="Allow-Scripts ALLOW-TOP-NAVIGATION"))]
    ['top-navigation']
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from ..errors import PitfallError
from ..findings import Finding, Rule, Severity
from ..surface import GOOD, Surface, good_but
from . import headers, network, origins, page, policies, sandbox, scripts

__all__ = ["GOOD", "GROUPS", "RULES", "Surface", "check", "good_but", "refuse"]

logger = logging.getLogger("components_sdk")

GROUPS: Mapping[str, Sequence[Rule[Surface]]] = {
    "The sandbox": sandbox.RULES,
    "Origins, sites and cookies": origins.RULES,
    "The component's policy as a whole": policies.RULES,
    "What a component may run": scripts.RULES,
    "Where a component may load from and send to": network.RULES,
    "Other headers of the component": headers.RULES,
    "The app's page": page.RULES,
}
RULES: tuple[Rule[Surface], ...] = tuple(rule for group in GROUPS.values() for rule in group)


def check(subject: Surface, rules: Sequence[Rule[Surface]] | None = None) -> list[Finding]:
    """Everything that is wrong, in the order of the rules."""
    return [
        Finding(rule.id, rule.severity, rule.sentence, rule.remedy, detail)
        for rule in (RULES if rules is None else rules)
        for detail in rule.check(subject)
    ]


def refuse(subject: Surface, told: Collection[str] = ()) -> None:
    """Log what breaks a rule, and refuse what breaks one of severity ERROR.

    Args:
        told: Ids of warnings that somebody has given already.

    Raises:
        PitfallError: Its code is the rule's id.
    """
    findings = check(subject)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    for finding in findings:
        if finding not in errors and finding.rule not in told:
            logger.warning(
                "%s: %s: %s Found: %s %s",
                subject.component_origin, finding.rule, finding.sentence, finding.detail,
                finding.remedy,
            )  # fmt: skip
    if errors:
        first, *rest = errors
        more = f" (and {', '.join(finding.rule for finding in rest)})" if rest else ""
        raise PitfallError(
            f"{first.sentence} Found: {first.detail}{more}",
            code=first.rule,
            where=subject.component_origin,
            hint=first.remedy,
        )
