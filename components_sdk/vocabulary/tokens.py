"""All sandbox tokens. Each takes a part of the sandbox away; all that is not listed is forbidden.

Whether an engine knows a token is what its own ``iframe.sandbox.supports(token)`` answers. That the
sandbox holds without the token is shown by the attack catalogue and ``tests/test_enforcement.py``.
"""

from __future__ import annotations

from .words import KNOWN, Engines, Limit, Word

_SOURCE = "HTML, sandboxing flag set: "


def _token(
    name: str,
    meaning: str,
    source: str,
    *,
    engines: Engines = KNOWN,
    never: str = "",
    limit: Limit = Limit(),  # noqa: B008 - frozen
) -> Word:
    return Word("token", name, meaning, _SOURCE + source, engines, never, limit)


TOKENS = (
    _token("allow-scripts", "Runs scripts; always there.", "scripts"),
    _token(
        "allow-same-origin",
        "Keeps the origin that it was served from, with the memory that belongs to it.",
        "origin",
    ),
    _token("allow-forms", "Submits forms.", "forms"),
    _token("allow-popups", "Opens windows.", "auxiliary navigation"),
    _token("allow-modals", "Opens dialogs that block the page.", "modals"),
    _token("allow-downloads", "Saves files.", "downloads"),
    _token("allow-pointer-lock", "Captures the mouse pointer.", "pointer lock"),
    _token(
        "allow-orientation-lock",
        "Keeps the screen from turning.",
        "orientation lock",
        engines=Engines("known", "known", "ignored"),
    ),
    _token(
        "allow-presentation",
        "Shows something on another screen.",
        "presentation",
        engines=Engines("known", "known", "ignored"),
    ),
    _token(
        "allow-popups-to-escape-sandbox",
        "Opens windows without a sandbox.",
        "propagates to auxiliary browsing contexts",
        never="A window without the sandbox has its component's real origin, and may send its "
        "opener and itself anywhere.",
    ),
    _token(
        "allow-top-navigation",
        "Sends the whole tab elsewhere.",
        "top-level navigation without user activation",
        never="The tab could go to a copy of the app that asks for a password, or carry data to "
        "any server. The app navigates itself, on a typed event.",
    ),
    _token(
        "allow-top-navigation-by-user-activation",
        "Sends the whole tab elsewhere after a click in the frame.",
        "top-level navigation with user activation",
        never="A click is all that a hostile component needs.",
    ),
    _token(
        "allow-top-navigation-to-custom-protocols",
        "Opens other programs by addresses such as mailto:.",
        "custom protocols navigation",
        engines=Engines("ignored", "known", "known"),
        never="Text of the component's choosing would reach programs outside of the browser.",
        limit=Limit(chromium="does not know the token"),
    ),
    _token(
        "allow-storage-access-by-user-activation",
        "Asks for the cookies and the memory that its site has in a tab of its own.",
        "Storage Access API, storage access by user activation",
        never="What one app's user did would be known in every app with the same component; "
        "permission storage keeps apps apart.",
    ),
    _token(
        "allow-same-site-none-cookies",
        "Sends cookies marked SameSite=None, although its origin is opaque.",
        "in Chromium only",
        engines=Engines("known", "ignored", "ignored"),
        never="No component's server sets a cookie, and those of others are not its business.",
    ),
)
