"""Custom UI components for Python apps that cannot harm the app they live in.

    from components_sdk import App, Component, Event, Page, Value, serve

Names are imported when they are first used: ``component --help`` needs none of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import App
    from .component import Component
    from .declaration import Event, Value
    from .errors import ComponentsError
    from .framing import Limits
    from .frontend import Inline
    from .layout import Container, Page
    from .ledger import Ledger
    from .origins import Origins
    from .policy import Policy
    from .servers.serve import rules, serve

__version__ = "0.1.0"

_HOMES = {
    "App": "app",
    "Component": "component",
    "ComponentsError": "errors",
    "Container": "layout",
    "Event": "declaration",
    "Inline": "frontend",
    "Ledger": "ledger",
    "Limits": "framing",
    "Origins": "origins",
    "Page": "layout",
    "Policy": "policy",
    "Value": "declaration",
    "rules": "servers.serve",
    "serve": "servers.serve",
}

__all__ = [
    "App",
    "Component",
    "ComponentsError",
    "Container",
    "Event",
    "Inline",
    "Ledger",
    "Limits",
    "Origins",
    "Page",
    "Policy",
    "Value",
    "rules",
    "serve",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = found
    return found
