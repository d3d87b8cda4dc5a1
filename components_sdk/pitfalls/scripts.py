"""What a component may run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..csp import ascii_lower
from ..findings import Severity
from ..surface import GOOD, Surface, good_but, is_local
from .registry import Rules

_NONCE = re.compile(r"'nonce-.*'", re.IGNORECASE)

RULES = Rules()


@RULES.add(
    Severity.ERROR,
    "foreign-script",
    "Scripts from a foreign server: what was reviewed is not what runs.",
    "Ship the script with the component.",
    source="CSP 3, script-src",
    bad=good_but(csp={"script-src": "https://cdn.example.org"}),
    good=good_but(csp={"script-src": f"{GOOD.component_origin}/lib/"}),
)
def _foreign_script(subject: Surface) -> Iterator[str]:
    yield from (each for each in subject.foreign_sources if each.startswith("script-src"))


@RULES.add(
    Severity.ERROR,
    "script-from-data",
    "data: or blob: in script-src turns any text into a script.",
    "Ship scripts as files or inline blocks with a hash.",
    source="CSP 3, script-src; Fetch, scheme fetch",
    bad=good_but(csp={"script-src-elem": "Blob:"}),
    good=good_but(csp={"worker-src": "blob:"}),
)
def _script_from_data(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        if name.startswith("script-src") and is_local(source):
            yield f"{name} {source}"


@RULES.add(
    Severity.ERROR,
    "inline-script",
    "'unsafe-inline' in script-src: any HTML that the component shows can hold a script.",
    "Allow each inline block by its hash.",
    source="CSP 3, 'unsafe-inline'",
    bad=good_but(csp={"script-src": "'unsafe-inline'"}),
    good=good_but(csp={"style-src": "'unsafe-inline'"}),
)
def _inline_script(subject: Surface) -> Iterator[str]:
    for name, source in subject.sources:
        if name.startswith("script-src") and ascii_lower(source) == "'unsafe-inline'":
            yield name


@RULES.add(
    Severity.ERROR,
    "strict-dynamic",
    "'strict-dynamic' switches the list of hosts off: each script that may run can load others "
    "from any server.",
    "Leave 'strict-dynamic' out and list what is shipped.",
    source="CSP 3, section 8.2 ('strict-dynamic')",
    bad=good_but(csp={"script-src": "'sha256-AAAA' 'Strict-Dynamic'"}),
    good=good_but(csp={"script-src": "'sha256-AAAA'"}),
)
def _strict_dynamic(subject: Surface) -> Iterator[str]:
    yield from (n for n, s in subject.sources if ascii_lower(s) == "'strict-dynamic'")


@RULES.add(
    Severity.WARNING,
    "fixed-nonce",
    "A nonce in headers that are the same for every answer: whoever has read one answer can write "
    "a script that runs in the next.",
    "Allow each inline block by its hash.",
    source="CSP 3, section 7.1 (nonce reuse)",
    bad=good_but(csp={"script-src": "'nonce-Zm9vYmFy'"}),
    good=good_but(csp={"script-src": "'sha256-AAAA'"}),
)
def _fixed_nonce(subject: Surface) -> Iterator[str]:
    yield from (f"{name} {s}" for name, s in subject.sources if _NONCE.fullmatch(s))


@RULES.add(
    Severity.WARNING,
    "eval-with-connect",
    "The component may turn text into code and reach other servers: it can fetch its next version "
    "past every review.",
    "Grant one of the two.",
    source="CSP 3, 'unsafe-eval'",
    bad=good_but(csp={"script-src": "'unsafe-eval'", "connect-src": "https://api.example.org"}),
    good=good_but(csp={"script-src": "'unsafe-eval'"}),
)
def _eval_with_connect(subject: Surface) -> Iterator[str]:
    evaluates = any(ascii_lower(source) == "'unsafe-eval'" for _, source in subject.sources)
    if evaluates and subject.foreign_sources:
        yield f"'unsafe-eval' with {', '.join(subject.foreign_sources)}"


@RULES.add(
    Severity.WARNING,
    "binary-with-connect",
    "The component may turn bytes into programs (WebAssembly, or a worker made of a blob) and "
    "reach other servers: it can fetch its next version past every review.",
    "Grant one of the two.",
    source="CSP 3, 'wasm-unsafe-eval' and worker-src",
    bad=good_but(csp={"worker-src": "blob:", "connect-src": "https://api.example.org"}),
    good=good_but(csp={"worker-src": "blob:", "script-src": "'wasm-unsafe-eval'"}),
)
def _binary_with_connect(subject: Surface) -> Iterator[str]:
    ways = [
        f"{name} {source}"
        for name, source in subject.sources
        if ascii_lower(source) == "'wasm-unsafe-eval'"
        or (name == "worker-src" and is_local(source))
    ]
    if ways and subject.foreign_sources:
        yield f"{', '.join(ways)} with {', '.join(subject.foreign_sources)}"


@RULES.add(
    Severity.ERROR,
    "plugins",
    "object-src is not 'none': <object> and <embed> load other documents into the component.",
    "Send object-src 'none'.",
    source="CSP 3, object-src",
    bad=good_but(csp={"object-src": GOOD.component_origin}),
    good=good_but(csp={"object-src": None}),  # falls back to default-src 'none'
)
def _plugins(subject: Surface) -> Iterator[str]:
    sources = subject.csp.get("object-src", subject.csp.get("default-src"))
    if sources is None:
        yield "no object-src"
    elif any(ascii_lower(source) != "'none'" for source in sources):
        yield f"object-src {' '.join(sources)}"


@RULES.add(
    Severity.WARNING,
    "no-nosniff",
    "Without nosniff a browser takes a data file of the component for a script or a style if its "
    "content looks like one.",
    "Send X-Content-Type-Options: nosniff.",
    source="Fetch, section 3.6 (X-Content-Type-Options)",
    bad=good_but(headers={"X-Content-Type-Options": None}),
    good=good_but(headers={"X-Content-Type-Options": "NoSniff"}),
)
def _no_nosniff(subject: Surface) -> Iterator[str]:
    value = subject.header("X-Content-Type-Options")
    if value is None or ascii_lower(value.split(",")[0].strip()) != "nosniff":
        yield "no header" if value is None else value


@RULES.add(
    Severity.ERROR,
    "service-worker",
    "Service-Worker-Allowed lets one script of a component with storage answer for all "
    "of its origin, without the headers that confine it.",
    "Never send Service-Worker-Allowed.",
    source="Service Workers, section 3.4 (Service-Worker-Allowed)",
    bad=good_but(headers={"Service-Worker-Allowed": "/"}),
)
def _service_worker(subject: Surface) -> Iterator[str]:
    if (value := subject.header("Service-Worker-Allowed")) is not None:
        yield value
