"""What a component asks for and what the app grants, as values that cannot be malformed.

>>> parse_grants("capture")
(Grant(permission='camera', origins=()), Grant(permission='microphone', origins=()))
>>> str(parse_grants(["connect https://a.example", "connect https://b.example"])[0])
'connect https://a.example https://b.example'
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from .csp import granted_origin
from .errors import PolicyError
from .hints import nearest
from .permissions import PERMISSIONS, Permission


class Request(msgspec.Struct, frozen=True):
    """One thing that a component asks for. It cannot exist with a bad name or origin."""

    permission: str
    reason: str
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_permission(self.permission, self.origins)


class Grant(msgspec.Struct, frozen=True):
    """One thing that the app grants; ``str(grant)`` is what an app author writes."""

    permission: str
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_permission(self.permission, self.origins)

    def __str__(self) -> str:
        return " ".join((self.permission, *self.origins))


Grants = tuple[Grant, ...]


class Preset(msgspec.Struct, frozen=True):
    """A named set of grants, none of which takes origins: those are always written out."""

    name: str
    sentence: str
    grants: tuple[str, ...] = ()


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            Preset("strict", "Scripts and nothing else; the default."),
            Preset(
                "drawing",
                "Computes and draws: WebAssembly, workers, full screen, pointer lock.",
                ("wasm", "workers", "fullscreen", "pointer-lock"),
            ),
            Preset(
                "editor",
                "Edits text: forms, dialogs, inline styles, writing to the clipboard.",
                ("forms", "modals", "inline-styles", "clipboard-write"),
            ),
            Preset(
                "player",
                "Plays sound and video by itself, and on the full screen.",
                ("autoplay", "fullscreen"),
            ),
            Preset(
                "capture",
                "Asks for camera and microphone (Chromium and Firefox refuse opaque origins).",
                ("camera", "microphone"),
            ),
        )
    }
)


def parse_grants(value: str | Sequence[str]) -> Grants:
    """Read what an app author wrote: the name of a preset, or a list of grants.

    >>> parse_grants(["camera", "connect https://api.example.org"])[1].origins
    ('https://api.example.org',)
    """
    if isinstance(value, str):
        if value not in PRESETS:
            hint = nearest(value, PRESETS)
            if value.split(" ")[0] in PERMISSIONS:
                hint = f"A single permission is written as a list: [{json.dumps(value)}]."
            raise PolicyError(f"Expected a preset, got {value!r}", code="unknown-preset", hint=hint)
        value = PRESETS[value].grants
    grants: list[Grant] = []
    for text in value:
        if not isinstance(text, str) or not text.strip():
            raise PolicyError(
                f'Expected a grant such as "camera" or "connect https://…", got {text!r}',
                code="bad-grant",
            )
        name, *origins = text.split()
        grants.append(Grant(name, tuple(origins)))
    return merge_grants(grants)


def check_permission(name: str, origins: Sequence[str]) -> Permission:
    """The permission of that name, if it exists and these origins are what it takes."""
    permission = PERMISSIONS.get(name)
    if permission is None:
        raise PolicyError(
            f"Expected a permission, got {name!r}",
            code="unknown-permission",
            hint=nearest(name, PERMISSIONS),
        )
    if origins and not permission.takes_origins:
        raise PolicyError(
            f'Expected "{name}" alone, got origins too: {list(origins)}',
            code="unexpected-origins",
            hint="It is not limited to servers; leave the origins out.",
        )
    if permission.takes_origins and not origins:
        raise PolicyError(
            f'Expected "{name}" with the origins it is for, got none',
            code="missing-origins",
            hint=f'List them: "{name} https://api.example.org".',
        )
    for origin in origins:
        granted_origin(origin, wildcard=permission.takes_wildcards)
    return permission


def merge_grants(grants: Iterable[Grant]) -> Grants:
    """One grant per permission, with the origins of all."""
    origins: dict[str, tuple[str, ...]] = {}
    for grant in grants:
        origins[grant.permission] = unique(origins.get(grant.permission, ()) + grant.origins)
    return tuple(Grant(name, each) for name, each in origins.items())


def unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
