"""How a rule is written down: a function under a decorator that says all that there is to say.

@RULES.add(
    Severity.ERROR, "no-such-thing", "What is wrong.", "What to do.",
    source="Specification, section", bad=good_but(…),
)
def _no_such_thing(subject: Surface) -> Iterator[str]:
    yield "where it is wrong"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..findings import Rule, Severity
from ..surface import GOOD, Surface

Check = Callable[[Surface], Iterator[str]]


class Rules(list[Rule[Surface]]):
    """The rules of one file, in the order in which they stand there."""

    def add(
        self,
        severity: Severity,
        id: str,
        sentence: str,
        remedy: str,
        *,
        source: str,
        bad: Surface,
        good: Surface = GOOD,
    ) -> Callable[[Check], Check]:
        """A decorator; see ``Rule`` for the arguments."""

        def register(function: Check) -> Check:
            def details(subject: Surface) -> list[str]:
                return list(function(subject))

            self.append(Rule(id, severity, sentence, remedy, source, details, bad, good))
            return function

        return register
