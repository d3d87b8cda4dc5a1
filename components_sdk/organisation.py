"""The organisation's policy: an upper bound for whatever an app grants.

    # policy.toml
    only = ["star-rating", "geo-map"]   # if given, no other component starts
    blocked = ["old-map"]               # these never start

    [any]                               # the most that a component without a table below may get
    permissions = ["fullscreen", "images https://tiles.example.org"]

    [component.geo-map]                 # stands instead of [any], and may be wider or tighter
    permissions = ["geolocation", "connect https://*.example.org"]

1. ``permissions`` is written as in ``App(grants=…)``: a list, the name of a preset, or
   ``"as-granted"`` for whatever the app grants. ``[any]`` has to be there: nothing is assumed.
2. It comes from ``App(organisation=PATH)`` and from the environment variable
   ``COMPONENTS_SDK_POLICY``, which needs no help of the app. If both are given, both bind.
3. In force is what is asked for, granted by the app, and within every such file. A component that
   asks for more than that does not start, and is told by the file and line that forbids it: no
   grant of the app would help.
4. A file that cannot be read, or says something that is not known here, refuses to start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from . import toml
from .csp import covers
from .errors import OrganisationError, PolicyError
from .grants import PRESETS, Grants, Request, parse_grants
from .hints import nearest
from .manifest import IDENTITY
from .permissions import PERMISSIONS
from .policy import Missing, Policy, Ungranted
from .policy import decide as decide_alone
from .toml import Table

VARIABLE = "COMPONENTS_SDK_POLICY"
AS_GRANTED = "as-granted"

_KEYS = ("only", "blocked", "any", "component")
_EXAMPLE = 'Write permissions = ["fullscreen", "connect https://api.example.org"]'


class Names(msgspec.Struct, frozen=True):
    """A list of components, and the line where it stands."""

    names: tuple[str, ...]
    line: int


class Bound(msgspec.Struct, frozen=True):
    """The most that a component may get, and the line where that stands.

    Attributes:
        grants: ``None`` for whatever the app grants.
    """

    grants: Grants | None
    line: int

    def beyond(self, request: Request) -> tuple[str, ...] | None:
        """The origins of a request that are not within; ``None`` if all of it is."""
        if self.grants is None:
            return None
        allowed = next((g.origins for g in self.grants if g.permission == request.permission), None)
        if allowed is None:
            return request.origins
        origins = (o for o in request.origins if not any(covers(each, o) for each in allowed))
        return tuple(origins) or None


class Organisation(msgspec.Struct, frozen=True):
    """One policy file.

    Attributes:
        file: Its path, as it was given.
        only: If given, no other component starts.
    """

    file: str
    blocked: Names
    any: Bound
    components: dict[str, Bound]
    only: Names | None = None

    def forbidden(self, component: str, requests: Sequence[Request]) -> Ungranted | None:
        """Why a component may not start, whatever the app grants; ``None`` if it may."""
        if component in self.blocked.names:
            return self._refusal(component, (), self.blocked.line)
        if self.only and component not in self.only.names:
            return self._refusal(component, (), self.only.line)
        bound = self.components.get(component, self.any)
        missing = tuple(
            Missing(
                request.permission,
                request.reason,
                PERMISSIONS[request.permission].meaning,
                origins,
                self._place(bound.line),
            )
            for request in requests
            if (origins := bound.beyond(request)) is not None
        )
        return self._refusal(component, missing, bound.line) if missing else None

    def _refusal(self, component: str, missing: tuple[Missing, ...], line: int) -> Ungranted:
        return Ungranted(component, missing, self._place(line), code="forbidden-by-organisation")

    def _place(self, line: int) -> str:
        """For the page, too, so without the folders that lead to it."""
        return f"{Path(self.file).name}, line {line}"


def decide(
    component: str,
    requests: Sequence[Request],
    grants: Grants,
    organisations: Sequence[Organisation],
) -> Policy | Ungranted:
    """What is in force: asked for, granted, and within every organisation's bound.

    The bounds come first: where one of them forbids, granting would not help.
    """
    refusal = forbidden(component, requests, organisations)
    return refusal or decide_alone(component, requests, grants)


def forbidden(
    component: str, requests: Sequence[Request], organisations: Sequence[Organisation]
) -> Ungranted | None:
    """Why a component may not start, whatever an app grants, by all files that say so."""
    refusals = [r for each in organisations if (r := each.forbidden(component, requests))]
    if not refusals:
        return None
    missing = tuple(item for refusal in refusals for item in refusal.missing)
    lines = dict.fromkeys(refusal.line for refusal in refusals)
    return Ungranted(component, missing, " and ".join(lines), code=refusals[0].code)


def binding(
    path: str | os.PathLike[str] | None, environment: Mapping[str, str]
) -> tuple[Organisation, ...]:
    """The policies that bind an app: the one it names, and the one of its environment.

    Raises:
        OrganisationError: One of them cannot be read as a policy.
    """
    if path is not None and not isinstance(path, str | os.PathLike):
        raise OrganisationError(
            f"Expected the path of a policy file, got {path!r:.80}",
            hint='Write: App("…", organisation="policy.toml")',
        )
    named = [os.fspath(path)] if path is not None else []
    around = [environment[VARIABLE]] if environment.get(VARIABLE) else []
    return tuple(load(Path(each)) for each in dict.fromkeys([*named, *around]))


def load(file: Path) -> Organisation:
    """Read a policy file."""
    hint = f"It is named by App(organisation=…) or by {VARIABLE}; nothing starts without it."
    return parse(toml.read(file, OrganisationError, "an organisation's policy", hint), str(file))


def parse(text: str, where: str) -> Organisation:
    """Check the text of a policy; ``where`` names it in errors."""
    document = toml.parse(text, where, OrganisationError, "any")
    return _Reader(where, toml.line_numbers(text)).organisation(document)


class _Reader(msgspec.Struct, frozen=True):
    """Checks a document; each mistake is told with its line."""

    file: str
    lines: dict[tuple[str, ...], int]

    def organisation(self, document: Table) -> Organisation:
        self._only_known(document, _KEYS, ())
        only = self._names(document, "only") if "only" in document else None
        blocked = self._names(document, "blocked")
        if "any" not in document:
            raise OrganisationError(
                "Expected a table [any], got none",
                where=f"{self.file}: any",
                hint='[any]\n  permissions = "strict"   # or what every component may get',
            )
        tables = self._table(document.get("component", {}), ("component",))
        for name in tables:
            self._check_name(name, ("component", name), known=only, banned=blocked)
        for name in blocked.names:
            if only and name in only.names:
                raise self._error(("blocked",), f"Expected {name!r} in one list, got it in both")
        return Organisation(
            file=self.file,
            only=only,
            blocked=blocked,
            any=self._bound(document["any"], ("any",)),
            components={
                name: self._bound(value, ("component", name)) for name, value in tables.items()
            },
        )

    def _names(self, document: Table, key: str) -> Names:
        value = document.get(key, [])
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self._error(
                (key,),
                f"Expected a list of components' names, got {toml.kind(value)}",
                f'Write {key} = ["star-rating"].',
            )
        for name in value:
            self._check_name(name, (key,))
        return Names(tuple(value), self.lines.get((key,), 0))

    def _check_name(
        self,
        name: str,
        at: tuple[str, ...],
        known: Names | None = None,
        banned: Names | None = None,
    ) -> None:
        if not IDENTITY["name"].pattern.fullmatch(name):
            raise self._error(
                at,
                f"Expected a component's name, got {name!r}",
                'As in its component.toml: "geo-map".',
            )
        if (known and name not in known.names) or (banned and name in banned.names):
            raise self._error(
                at,
                f"Expected a component that may start, got {name!r}, which never does",
                "Leave its table out, or let it start.",
            )

    def _bound(self, value: object, at: tuple[str, ...]) -> Bound:
        table = self._table(value, at)
        self._only_known(table, ("permissions",), at)
        where = (*at, "permissions")
        if "permissions" not in table:
            raise self._error(at, "Expected permissions, got none", _EXAMPLE)
        permissions, line = table["permissions"], self.lines[where]
        if permissions == AS_GRANTED:
            return Bound(None, line)
        if not isinstance(permissions, str | list):
            raise self._error(
                where, f"Expected a list of permissions, got {toml.kind(permissions)}", _EXAMPLE
            )
        if isinstance(permissions, str) and permissions not in PRESETS:
            hint = nearest(permissions, [*PRESETS, AS_GRANTED])
            raise self._error(where, f"Expected a list or a preset, got {permissions!r}", hint)
        try:
            return Bound(parse_grants(permissions), line)
        except PolicyError as error:
            raise self._error(where, error.sentence, error.hint) from error

    def _table(self, value: object, at: tuple[str, ...]) -> Table:
        if isinstance(value, dict):
            return value
        raise self._error(
            at, f"Expected a table, got {toml.kind(value)}", f"Write [{'.'.join(at)}]."
        )

    def _only_known(self, table: Table, known: Sequence[str], at: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                hint = nearest(name, known)
                raise self._error((*at, name), f"Expected a known key, got {name!r}", hint)

    def _error(self, at: tuple[str, ...], sentence: str, hint: str = "") -> OrganisationError:
        key = ""
        for name in at:
            key = toml.join(key, name)
        line = f", line {self.lines[at]}" if at in self.lines else ""
        return OrganisationError(sentence, where=f"{self.file}{line}: {key}", hint=hint)
