"""Altered: an app that is served with a component that was tampered with, or a raw configuration.

The bytes change after the deployment has decided and computed its hashes, as they would on a disk,
in a cache or in a proxy. Without alterations it serves what the product serves.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ..app import App, Served
from ..component import Component
from ..frontend import from_folder
from ..origins import Origins, authority
from ..pages import Site, component_site
from ..policy import Ungranted
from .attacks import Configured
from .guards import CSP, GUARDS, GuardError, Unguarded, with_headers
from .scene import Payload


class Altered(Unguarded):
    """An app at its origins, without some guards, and altered."""

    def __init__(
        self,
        app: App,
        origins: Origins,
        *,
        off: Sequence[str] = (),
        configured: Configured | None = None,
    ) -> None:
        guards = [GUARDS[name] for name in off]
        self._configured = configured if any(g.raw_configuration for g in guards) else None
        self._reads_again = any(guard.reads_again for guard in guards)
        self._kinds: dict[str, type[Payload]] = {}  # by Host
        self._final: dict[tuple[str, int], Served] = {}  # by component name and instance
        super().__init__(app, origins, guards)

    def served(self, component: type[Component], instance: int = 0) -> Served | Ungranted:
        """What the product serves, altered."""
        found = super().served(component, instance)
        if isinstance(found, Ungranted) or not issubclass(component, Payload):
            return found
        key = found.kind.name, instance
        if key not in self._final:
            self._kinds[authority(found.site.origin)] = component
            self._final[key] = self._tampered(self._configured_raw(found), component)
            self._altered[key] = self._final[key]
        return self._final[key]

    def site(self, host: str, path: str) -> Site | None:
        """What the component's origin serves; read anew where the guard against that is off."""
        site = super().site(host, path)
        component = self._kinds.get(host)
        if not (site and component and self._reads_again):
            return site
        folder, policy = component.tampered.folder, self.app.policy(component)
        if folder is None or isinstance(policy, Ungranted):
            return site
        now = component_site(
            from_folder(folder), policy, site.origin, self.origins.app, "Tampered with"
        )
        table = {**now.table, site.document_path: now.table[now.document_path]}
        return msgspec.structs.replace(now, document_path=site.document_path, table=table)

    def _tampered(self, served: Served, component: type[Payload]) -> Served:
        tampered = component.tampered
        if tampered.folder or not tampered.module:
            return served
        site = served.site
        document = site.table[site.document_path]
        old = component.declaration.frontend.module.encode()
        if document.body.count(old) != 1:
            raise GuardError("Expected the module in the frame document", where=site.origin)
        body = document.body.replace(old, tampered.module.encode())
        table = {**site.table, site.document_path: msgspec.structs.replace(document, body=body)}
        return msgspec.structs.replace(served, site=msgspec.structs.replace(site, table=table))

    def _configured_raw(self, served: Served) -> Served:
        configured = self._configured
        if configured is None or configured.way == "origins":
            return served
        raw = configured.raw or configured.text
        into = configured.into

        def written(headers: dict[str, str]) -> dict[str, str]:
            directives = [each.strip() for each in headers[CSP].split(";")]
            names = [each.split(" ")[0] for each in directives]
            if into not in names:
                raise GuardError(f"Expected one of {', '.join(names)}, got {into!r}")
            directives[names.index(into)] += f" {raw}"
            # A source list with 'none' and more is taken without the 'none'.
            csp = "; ".join(each.replace("'none' ", "") for each in directives)
            return {**headers, CSP: csp}

        kind = served.kind
        if into == "sandbox":
            kind = msgspec.structs.replace(kind, sandbox=f"{kind.sandbox} {raw}")
        return msgspec.structs.replace(served, kind=kind, site=with_headers(served.site, written))
