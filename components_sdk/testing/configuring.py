"""Configurations: does the SDK refuse one, before anything is served?"""

from __future__ import annotations

import msgspec

from .. import manifest, pitfalls
from ..app import App, Deployment
from ..errors import ComponentsError
from ..grants import Grant
from ..origins import Origins
from ..policy import Policy
from ..surface import surface
from .attacks import Attack

PORT = 8501
NAME = "attack"

MANIFEST = """
[component]
name = "attack"
version = "1.0.0"
title = "An attack"
description = "What asks for more than it says."

[data]
receives = "Nothing."
returns = "Nothing."
stores = "Nothing."

"""


def refusal(attack: Attack) -> str:
    """What the SDK says to the configuration of an attack; "" if it accepts it."""
    configured = attack.configured
    if configured is None:
        return ""
    origins = Origins.local(PORT, b"a secret of 16 bytes")
    try:
        match configured.way:
            case "grants":
                App("Configured", grants={NAME: [configured.text]}, environment={})
            case "toml":
                asked = manifest.parse(MANIFEST + configured.text, "component.toml")
                grants = [str(Grant(each.permission, each.origins)) for each in asked.requests]
                App("Configured", grants={asked.name: grants}, environment={})
                _refuse(Policy(asked.name, asked.requests), origins)
            case "origins":
                pattern = configured.text.replace("{port}", str(PORT))
                Deployment(
                    App("Configured", environment={}),
                    msgspec.structs.replace(origins, components=pattern),
                )
            case "sandbox":
                _refuse(Policy(NAME), origins, sandbox=configured.text)
            case "csp":
                _refuse(Policy(NAME), origins, csp=configured.text)
    except ComponentsError as error:
        return f"{error.code}: {error.sentence}"
    return ""


def _refuse(policy: Policy, origins: Origins, *, sandbox: str = "", csp: str = "") -> None:
    origin = origins.component(policy.component, "")
    deployment = Deployment(App("Configured", environment={}), origins)
    told = surface(policy, origins.app, origin, deployment.host_csp([f"{origin}/frame"]))
    if sandbox:
        told = msgspec.structs.replace(told, sandbox=sandbox)
    if csp:
        headers = {**told.headers, "Content-Security-Policy": csp}
        told = msgspec.structs.replace(told, headers=headers)
    pitfalls.refuse(told)
