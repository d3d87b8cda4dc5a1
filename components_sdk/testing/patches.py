"""Patches: the page's runtime without one of its checks on what a frame sends.

A patch is one exact piece of a runtime's source, and what stands there without the guard. Where the
source was rewritten it no longer fits, and whoever applies it says so (see guards.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Patch(msgspec.Struct, frozen=True):
    """One exact piece of a runtime's source, and what stands there without the guard."""

    file: str
    source: str
    instead: str


_UNASKED = 'return this.end("protocol", "an answer that nobody asked for");'
_BY_WINDOW = "\n    if (event.data?.type"  # which tells this check from the port's

# By the guard that is off.
PATCHES: Mapping[str, tuple[Patch, ...]] = {
    # how much
    "message-rate": (Patch("firewall.js", "if (!this.#messages.take(1)) {", "if (false) {"),),
    "byte-rate": (
        Patch(
            "firewall.js", "this.#bytes.take(bytes) ? undefined : this.#byteBreach()", "undefined"
        ),
    ),
    "window-limits": (
        Patch(
            "channel.js",
            f"if (this.#breaks(event, WINDOW_NODES)) return undefined;{_BY_WINDOW}",
            _BY_WINDOW,
        ),
    ),
    "inner-limits": (
        Patch(
            "channel.js",
            'if (!this.#breaks(event, WINDOW_NODES)) this.#drop("inner")',
            'this.#drop("inner")',
        ),
    ),
    "message-bytes": (
        Patch("measure.js", "if (bytes > messageBytes) return", "if (false) return"),
    ),
    "message-depth": (
        Patch("measure.js", 'if (depth >= maxDepth) return { bytes, over: "message-depth" };', ""),
    ),
    "message-parts": (
        Patch(
            "measure.js",
            "if (sizeOf(value) > maxNodes - nodes - values.length) return",
            "if (false) return",
        ),
        Patch("measure.js", "if (nodes + values.length > maxNodes) return", "if (false) return"),
    ),
    "event-queue": (
        Patch("outbox.js", "if (frame && after.count > queue) return", "if (0) return"),
    ),
    # what counts
    "buffer-bytes": (
        Patch("measure.js", "bytes += reserved(buffer);", "bytes += value.byteLength;"),
    ),
    "bigint-bytes": (Patch("measure.js", "bytes += bigintBytes(value)", "bytes += OBJECT_BYTES"),),
    "named-parts": (Patch("measure.js", "visit(Reflect.get(value, keys[at]));", ""),),
    "error-bytes": (
        Patch(
            "measure.js",
            "for (const part of [value.message, value.stack, value.cause, file]) visit(part);",
            ";",
        ),
    ),
    "known-kinds": (
        Patch("measure.js", "if (!KINDS.has(Object.getPrototypeOf(value)))", "if (false)"),
    ),
    "no-ports": (Patch("firewall.js", "if (event.ports?.length) return", "if (false) return"),),
    # what is said
    "finite-height": (
        Patch("host.js", "if (!Number.isFinite(message.height)) return", "if (false) return"),
    ),
    "event-names": (
        Patch("host.js", 'if (typeof event !== "string" || event.length > 100)', "if (false)"),
    ),
    "author-failures": (
        Patch(
            "channel.js",
            "AUTHOR_FAILURES.find((known) => known === message.code)",
            "message.code",
        ),
    ),
    "failure-text": (
        Patch("channel.js", 'if (!code || typeof message.message !== "string")', "if (!code)"),
    ),
    "asked-for-answers": (
        Patch("channel.js", f"if (!this.#pulse.answer()) {_UNASKED}", "this.#pulse.answer();"),
    ),
    "closed-protocol": (
        Patch(
            "host.js",
            'return this.broke("an unknown message");',
            "return void socket.send(message, []);",
        ),
    ),
    # how long
    "hang-limit": (
        Patch("channel.js", "if (this.#pulse.missing * PING_SECONDS >= hangSeconds)", "if (false)"),
    ),
    "restart-limit": (Patch("host.js", "this.#restarts < config.restarts", "true"),),
}
