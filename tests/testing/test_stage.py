"""What the attack stage stands on: alterations, configurations, raids, verdicts. No browser."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from components_sdk.app import App, Deployment, Served
from components_sdk.csp import hash_source
from components_sdk.origins import Origins, authority
from components_sdk.testing.alterations import Altered
from components_sdk.testing.attacks import Attack, Configured
from components_sdk.testing.configuring import refusal
from components_sdk.testing.guards import CSP, GUARDS
from components_sdk.testing.raid import Raid, RaidError, handshake
from components_sdk.testing.scene import payload_class
from components_sdk.testing.verdicts import Run, decide

ORIGINS = Origins.local(8000, b"a secret of 16 bytes")


def attack(**fields: Any) -> Attack:
    given = {
        "id": "example",
        "category": "supply chain",
        "goal": "Do harm.....",
        "guard": "Something does.",
        "control": ["script-hashes"],
        "judge": "loot-given",
        "references": ["none"],
        "payload": 'emit("loot", "harm")',
        **fields,
    }
    return msgspec.convert(given, Attack)


def served(deployment: Deployment, example: Attack) -> Served:
    found = deployment.served(payload_class(example))
    assert isinstance(found, Served)
    return found


# tampering --------------------------------------------------------------------------------------


def test_code_that_was_put_in_where_it_is_served_does_not_have_the_hash_of_its_policy() -> None:
    site = served(Altered(App("Stage"), ORIGINS), attack(tamper="served")).site
    document = site.table[site.document_path]
    assert b'emit("loot", "harm")' in document.body
    scripts = document.body.split(b'<script type="module">')[1:]
    module = scripts[-1].partition(b"</script>")[0]
    assert b'emit("loot", "harm")' in module
    assert hash_source(module) not in site.headers[CSP]
    assert "'unsafe-inline'" not in site.headers[CSP]


def test_a_file_that_changes_on_the_disk_is_served_as_it_was_unless_it_is_read_again() -> None:
    for off, changed in (((), False), (("read-once",), True)):
        deployment = Altered(App("Stage"), ORIGINS, off=off)
        kind = payload_class(attack(tamper="disk"))
        found = deployment.served(kind)
        assert isinstance(found, Served)
        kind.tampered.strike()
        site = deployment.site(authority(found.site.origin), found.site.document_path)
        assert site is not None
        assert (b'"harm"' in site.table[found.site.document_path].body) == changed


def test_without_alterations_it_serves_what_the_product_serves() -> None:
    example = attack()
    product = served(Deployment(App("Stage"), ORIGINS), example)
    assert served(Altered(App("Stage"), ORIGINS), example).site == product.site


# configurations ---------------------------------------------------------------------------------


def configured(way: str, text: str, raw: str = "", into: str = "sandbox") -> Attack:
    return attack(configured={"way": way, "text": text, "raw": raw, "into": into})


@pytest.mark.parametrize(
    ("way", "text", "code"),
    [
        ("grants", "modals allow-same-origin", "unexpected-origins"),
        ("toml", '[permissions.allow-same-origin]\nreason = "Fun."', "manifest"),
        ("origins", "http://localhost:{port}", "origin-form"),
        ("sandbox", "allow-scripts allow-top-navigation", "top-navigation"),
        ("csp", "default-src 'none'", "no-sandbox-in-csp"),
    ],
)
def test_an_unsafe_configuration_is_refused_whatever_way_it_is_given(
    way: str, text: str, code: str
) -> None:
    assert refusal(configured(way, text)).startswith(f"{code}: ")


@pytest.mark.parametrize(
    ("way", "text"),
    [
        ("grants", "modals"),
        ("toml", '[permissions.modals]\nreason = "Asks before it deletes."'),
        ("origins", "http://{name}.localhost:{port}"),
        ("sandbox", "allow-scripts"),
    ],
)
def test_a_safe_configuration_is_accepted(way: str, text: str) -> None:
    assert refusal(configured(way, text)) == ""


def test_a_raw_configuration_is_written_into_attribute_and_header() -> None:
    given = Configured(way="grants", text="modals allow-same-origin", raw="allow-same-origin")
    loose = Altered(App("Stage"), ORIGINS, off=("configuration-checks",), configured=given)
    found = served(loose, attack())
    assert found.kind.sandbox == "allow-scripts allow-same-origin"
    assert found.site.headers[CSP].startswith("sandbox allow-scripts allow-same-origin;")
    given = Configured(way="grants", text="connect *", raw="*", into="connect-src")
    loose = Altered(App("Stage"), ORIGINS, off=("configuration-checks",), configured=given)
    assert "; connect-src *;" in served(loose, attack()).site.headers[CSP]


def test_what_is_written_has_to_be_a_part_of_what_was_given() -> None:
    with pytest.raises(msgspec.ValidationError, match="raw to be a part of text"):
        configured("grants", "modals", raw="allow-same-origin")


# raids ------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Callable[[bytes], int]]:
    """Starts servers that answer these bytes to whoever connects, and hang up; their port."""
    opened: list[socket.socket] = []

    def start(answer: bytes, *, silent: bool = False) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        opened.append(listening)

        def serve() -> None:
            connection, _ = listening.accept()
            connection.recv(65_536)
            connection.sendall(answer)
            connection.close()

        threading.Thread(target=serve, daemon=True).start()
        return int(listening.getsockname()[1])

    yield start
    for each in opened:
        each.close()


def test_every_answer_on_a_connection_is_counted(server: Callable[[bytes], int]) -> None:
    one = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nX-Kind: a\r\n\r\nno"
    raid = Raid(server(one + one), "secret", {"app": "localhost"})
    with raid.held:
        raid.read(raid.send("GET / HTTP/1.1\nHost: {app}", exact=False))
    (answer,) = raid.answers
    assert answer.statuses == [404, 404]
    assert answer.header("x-kind") == "a"
    assert raid.said("secret", "it") == ""


def test_messages_of_an_opened_socket_are_told_apart_from_its_handshake(
    server: Callable[[bytes], int],
) -> None:
    frames = b"\x82\x03one" + b"\x82\x7e\x00\x80" + b"x" * 128
    raid = Raid(server(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + frames), "one", {})
    with raid.held:
        raid.read(raid.send(f"GET / HTTP/1.1\n{handshake()}", exact=False))
    assert raid.received == [b"one", b"x" * 128]
    assert raid.said("one", "the secret") == "a message holds the secret"


def test_a_server_that_is_not_there_is_no_proof() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
    raid = Raid(port, "secret", {"app": "localhost", "page": "/"})
    with pytest.raises(RaidError, match="a visitor was not answered"):
        raid.visit()
    assert raid.ask_as_visitor().startswith("a visitor was not answered")


# verdicts ---------------------------------------------------------------------------------------


def verdict(control: Run, product: Run, **fields: Any) -> str:
    def play(off: tuple[str, ...], patience: float) -> Run:
        return control if off else product

    return decide(attack(**fields), "firefox", play, lambda probe: True)[0]


SKIPPED = [{"engine": "firefox", "reason": "Nothing comes of it."}]


SEEN = Run(end="seen", evidence="seen", seconds=0.1)
CLEAN = Run(end="through")
OPEN = Run(trouble="no end")


@pytest.mark.parametrize(
    ("control", "product", "expected"),
    [
        (SEEN, CLEAN, "guarded"),
        (SEEN, SEEN, "escaped"),
        (SEEN, OPEN, "inconclusive"),
        (CLEAN, CLEAN, "control-failed"),
        (OPEN, CLEAN, "control-failed"),
    ],
)
def test_nothing_is_guarded_without_a_control_and_an_end(
    control: Run, product: Run, expected: str
) -> None:
    assert verdict(control, product) == expected


def test_only_what_loosens_nothing_but_a_policy_may_share_a_page() -> None:
    sharing = {name for name, guard in GUARDS.items() if guard.is_only_csp}
    assert sharing >= {"connect-src", "img-src", "host-frame-src", "connection-allowlist"}
    assert not sharing & {"modals", "own-origin", "csp-sandbox", "one-hello", "socket-origin"}


@pytest.mark.parametrize(
    ("control", "product", "expected"),
    [
        (CLEAN, CLEAN, "not-applicable"),
        (CLEAN, SEEN, "escaped"),
        (SEEN, CLEAN, "control-failed"),
        (OPEN, CLEAN, "control-failed"),
    ],
)
def test_a_skip_is_an_engine_in_which_neither_side_shows_anything(
    control: Run, product: Run, expected: str
) -> None:
    assert verdict(control, product, skips=SKIPPED) == expected
