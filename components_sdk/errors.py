"""Every error of the SDK, as one tree.

    ComponentsError
    ├── DeclarationError      a component class that could never work
    │   └── ManifestError     a component.toml that says too little, too much or nonsense
    ├── PolicyError           a permission, grant or origin that must not be
    │   ├── PitfallError      a known unsafe combination (see pitfalls)
    │   └── OrganisationError an organisation's policy file that cannot be read as one
    ├── Refused               what the gate turns away: an answer, never a crash
    │   ├── MessageRefused    not a message of the protocol, or not now, or too big
    │   └── ValueRefused      a value that is not of the declared type
    ├── AppError              the app's own Python used the SDK wrongly
    ├── ServeError            the server cannot start, or would start unsafely
    ├── UsageError            the command line was used wrongly
    └── TestingError          of the tests' kit, which declares its own below it: a browser that
                              fails, a mistake in an attack, a guard or a file of results

Each has a stable ``code`` (a slug to search for), a sentence that says what was expected and what
came, ``where`` it was found, and a ``hint`` that says what to do:

    >>> str(ValueRefused("Expected int, got str", where="$.points[3].x"))
    'Expected int, got str - at $.points[3].x'
"""

from __future__ import annotations


class ComponentsError(Exception):
    """Base of all errors of the SDK.

    Args:
        sentence: What was expected and what came, in one sentence.
        code: Stable slug; each class has one of its own as default.
        where: A JSON path (``$.points[3].x``), a file and key, or a line.
        hint: What to do about it, in one sentence.
    """

    code: str = "error"

    def __init__(
        self, sentence: str, *, code: str | None = None, where: str = "", hint: str = ""
    ) -> None:
        self.sentence = sentence
        self.code = code or type(self).code
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.sentence} - at {self.where}" if self.where else self.sentence
        return f"{text}\n  {self.hint}" if self.hint else text


class DeclarationError(ComponentsError):
    """A component class has a mistake; raised when the class is declared."""

    code = "declaration"


class ManifestError(DeclarationError):
    """``component.toml`` has a mistake; ``where`` is ``FILE: key``."""

    code = "manifest"


class PolicyError(ComponentsError):
    """A permission, a grant or an origin that must not be."""

    code = "policy"


class PitfallError(PolicyError):
    """A known unsafe combination; ``code`` is the rule's id."""

    code = "pitfall"


class OrganisationError(PolicyError):
    """An organisation's policy file cannot be read as one; ``where`` is ``FILE, line N: key``."""

    code = "organisation"


class Refused(ComponentsError):  # noqa: N818 - an answer, not a failure
    """What the gate turns away. It becomes an answer to the author's console."""

    code = "refused"


class MessageRefused(Refused):
    """Not a message of the protocol, not allowed now, or over a limit."""

    code = "message"


class ValueRefused(Refused):
    """A value that is not of its declared type; ``where`` is its path."""

    code = "value-type"


class AppError(ComponentsError):
    """The app's Python used the SDK wrongly (a key twice, a component that is not on the page)."""

    code = "app"


class ServeError(ComponentsError):
    """The server cannot start, or would start unsafely."""

    code = "serve"


class UsageError(ComponentsError):
    """The command line was used wrongly; ends in one message and exit code 2."""

    code = "usage"


class TestingError(ComponentsError):
    """Base of the errors of ``components_sdk.testing``, each declared where it is raised."""

    __test__ = False  # pytest: not a test, though its name begins like one
    code = "testing"
