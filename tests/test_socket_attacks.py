"""Attacks on the WebSocket by a client that is no browser, beside an honest page."""

from __future__ import annotations

import logging
import queue
import time
import zlib
from collections.abc import Iterator

import msgspec
import pytest

from components_sdk import App, Limits, Page
from components_sdk.servers.bounds import Bounds
from components_sdk.testing.rawsocket import frame
from components_sdk.testing.running import RunningApp
from components_sdk.wire import Element, Mount, Press, SetValue

from .kinds import Dial, received, sent
from .wires import BINARY, CLOSE, PING, PONG, TEXT, Answer, Wire
from .wires import Page as OpenedPage

LIMITS = Limits(
    message_bytes=100_000,
    messages_per_second=10,  # few come back while a slow machine connects again
    message_burst=100,
    bytes_per_second=100_000,
    byte_burst=100_000,
    connection_factor=2,
)
BOUNDS = Bounds(linger_seconds=0.2, unread_seconds=1.0, unsent_bytes=50_000)
IMPATIENT = Bounds(ping_seconds=0.5, linger_seconds=0.2)
FRAME_MOST = 100 + 10 * 2  # messages of one frame at once, with what a stalled network holds back
MOST = 2 * FRAME_MOST  # of a connection


class Served:
    """A running app whose page has two dials; each value of any page lands in ``values``."""

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self.app = App("Target", limits=LIMITS)
        self.values: queue.Queue[int] = queue.Queue()
        self.app.page("/")(self.home)
        self.running = RunningApp(self.app, bounds=bounds)

    def home(self, page: Page) -> None:
        for key in ("one", "two"):
            dial = page.add(Dial(label="x", marks=[]), key=key)
            dial.on_value(self.values.put)
        big = page.add(Dial(label="", marks=[]), key="big")
        page.button("fill").on_click(lambda: setattr(big, "label", "y" * 4_000_000))

    def open(self) -> OpenedPage:
        return OpenedPage(self.running)

    def breaches(self) -> list[str]:
        return [row.what for row in self.app.ledger.rows() if row.what.startswith("over")]


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    with served.running:
        yield served


@pytest.fixture
def impatient() -> Iterator[Served]:
    served = Served(IMPATIENT)
    with served.running:
        yield served


class Client:
    """An honest page, by hand: it knows its frames and sends values."""

    def __init__(self, page: OpenedPage, wire: Wire) -> None:
        self.page, self.wire = page, wire
        opcode, data = wire.next_frame()
        assert opcode == BINARY
        self.seen = 1
        messages = received(data)
        self.frames = [each.id for each in messages if isinstance(each, Mount)]
        (self.button,) = (
            each.id for each in messages if isinstance(each, Element) and each.kind == "button"
        )

    def value(self, number: int, frame: int = 0) -> bytes:
        message = SetValue(frame=self.frames[frame], value=msgspec.Raw(b"%d" % number))
        return sent(message)

    def give(self, number: int) -> None:
        self.wire.frame(BINARY, self.value(number))


def flood(wire: Wire, data: bytes, times: int = 2_000) -> int | None:
    """Send the same many times; answers the code with which the server closed."""
    wire.send_until_closed(data * times)
    return wire.close_code()


def honest_goes_on(served: Served, honest: Client, number: int) -> bool:
    """Whether a value of the honest page arrives now; what a flood left behind is skipped."""
    honest.give(number)
    while (got := served.values.get(timeout=10)) != number:
        assert got < 1_000_000
    return True


# floods ----------------------------------------------------------------------------------------


def test_a_client_that_floods_loses_its_connection_and_nobody_else_theirs(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = served.open(), served.open()
    with one.connect() as bad, two.connect() as good:
        flooder, honest = Client(one, bad), Client(two, good)
        code = flood(bad, frame(BINARY, flooder.value(5)))

        assert code == 4429
        assert honest_goes_on(served, honest, 1_000_000)
    assert served.breaches() == ["over the limit: message-rate"]
    assert "is over the limit message-rate; the connection is closed" in caplog.text
    assert one.token not in caplog.text


def test_below_the_limits_nobody_is_cut_off(served: Served) -> None:
    """The control: as many messages as are allowed at once, and all of them arrive."""
    page = served.open()
    with page.connect() as wire:
        client = Client(page, wire)
        wire.send(b"".join(frame(BINARY, client.value(n)) for n in range(FRAME_MOST - 10)))
        got = [served.values.get(timeout=10) for _ in range(FRAME_MOST - 10)]

    assert got == list(range(FRAME_MOST - 10))
    assert served.breaches() == []


def test_a_flooder_that_comes_back_at_once_finds_its_bucket_empty(served: Served) -> None:
    page = served.open()
    with page.connect() as wire:
        client = Client(page, wire)
        assert flood(wire, frame(BINARY, client.value(5))) == 4429
    arrived = served.values.qsize()
    began = time.monotonic()
    with page.connect(seen=client.seen) as wire:
        assert flood(wire, frame(BINARY, client.value(6))) == 4429
    waited = time.monotonic() - began
    again = served.values.qsize() - arrived

    # What came back meanwhile, of the connection's rate; not another burst.
    assert again <= waited * LIMITS.messages_per_second * LIMITS.connection_factor + 1
    assert again < FRAME_MOST / 2


@pytest.mark.parametrize("again", ["pings", "another frame's values"])
def test_nothing_else_is_left_to_a_flooder_that_comes_back(served: Served, again: str) -> None:
    """As many as any fresh connection may send at once, and they end this one."""
    page, fresh = served.open(), served.open()
    with page.connect() as wire:
        client = Client(page, wire)
        ping = again == "pings"
        assert flood(wire, frame(PING) if ping else frame(BINARY, client.value(5))) == 4429
    with page.connect(seen=client.seen) as wire:
        more = frame(PING) if ping else frame(BINARY, client.value(6, 1))
        assert flood(wire, more, FRAME_MOST - 10) == 4429
    with fresh.connect() as wire:  # the control
        honest = Client(fresh, wire)
        wire.send(more * (FRAME_MOST - 20))
        assert honest_goes_on(served, honest, 1_000_000)


def test_the_page_may_come_back_and_has_lost_nothing(served: Served) -> None:
    page = served.open()
    with page.connect() as wire:
        client = Client(page, wire)
        assert flood(wire, frame(BINARY, client.value(5))) == 4429
    time.sleep(0.2)  # the user's next click: tokens come back with time alone
    with page.connect(seen=client.seen) as wire:
        wire.frame(BINARY, client.value(77))
        while served.values.get(timeout=10) != 77:
            pass


def test_two_frames_cannot_share_out_a_flood_over_the_connections_limit(served: Served) -> None:
    page = served.open()
    with page.connect() as wire:
        client = Client(page, wire)
        both = b"".join(frame(BINARY, client.value(n, n % 3)) for n in range(3))
        assert flood(wire, both, FRAME_MOST) == 4429
    assert served.values.qsize() <= MOST + 10


def test_many_bytes_are_a_flood_as_well(served: Served) -> None:
    page = served.open()
    with page.connect() as wire:
        Client(page, wire)
        assert flood(wire, frame(BINARY, bytes(90_000)), 20) == 4429
    assert served.breaches() == ["over the limit: byte-rate"]


def test_bytes_are_counted_over_all_frames_of_a_connection(served: Served) -> None:
    page = served.open()
    with page.connect() as wire:
        client = Client(page, wire)
        text = msgspec.Raw(b'"' + bytes([120]) * 50_000 + b'"')
        each = [frame(BINARY, sent(SetValue(frame=id, value=text))) for id in client.frames]
        assert flood(wire, b"".join(each), 5) == 4429  # no frame has sent more than it may
    assert [row.component for row in served.app.ledger.rows() if row.what.startswith("over")] == [
        "page"
    ]


@pytest.mark.parametrize(
    "data",
    [frame(PING, b"x"), frame(PONG), frame(BINARY, b"nonsense")],
    ids=["pings", "pongs", "nonsense"],
)
def test_whatever_is_sent_too_often_ends_the_connection(served: Served, data: bytes) -> None:
    one, two = served.open(), served.open()
    with one.connect() as bad, two.connect() as good:
        Client(one, bad)
        assert flood(bad, data) == 4429
        assert honest_goes_on(served, Client(two, good), 1_000_000)


def test_a_flood_of_empty_fragments_ends_the_connection(served: Served) -> None:
    page = served.open()
    with page.connect() as wire:
        Client(page, wire)
        wire.frame(BINARY, b"", last=False)
        assert flood(wire, frame(0, b"", last=False)) == 4429


def test_fragments_of_one_message_are_put_together(served: Served) -> None:
    """The control: a message in pieces is a message."""
    page = served.open()
    with page.connect() as wire:
        client = Client(page, wire)
        whole = client.value(42)
        wire.send(frame(BINARY, whole[:9], last=False) + frame(PING, b"between"))
        wire.send(frame(0, whole[9:20], last=False) + frame(0, whole[20:]))
        assert served.values.get(timeout=10) == 42
        assert wire.next_frame() == (PONG, b"between")


def test_who_has_no_session_may_not_flood_either(served: Served) -> None:
    page = served.open()
    page.token = "x" * 32
    with page.connect() as wire:
        codes = []
        wire.send_until_closed(frame(PING) * 10_000)
        codes.append(wire.close_code())
    assert codes == [4404]
    assert served.breaches() == []


# what a WebSocket must not carry -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (frame(TEXT, b"hello"), {1003}),
        (frame(TEXT, b"\xff\xfe"), {None}),
        (frame(3), {None}),
        (frame(7, b"x"), {None}),
        (frame(11), {None}),
        (frame(15, b"x"), {None}),
        (frame(0, b"continues nothing"), {None}),
        (frame(BINARY, b"x", last=False) + frame(BINARY, b"y"), {None}),
        (frame(PING, b"x", last=False), {None}),
        (frame(PING, bytes(126)), {None}),
        (frame(BINARY, b"x", flags=0x40), {None}),
        (frame(BINARY, b"x", flags=0x20), {None}),
        (frame(BINARY, b"x", flags=0x10), {None}),
        (b"\x82\xff" + (2**63).to_bytes(8) + bytes(4), {1009, None}),
        (b"\x82\xff" + (100_001).to_bytes(8) + bytes(4), {1009, None}),
        (frame(BINARY, bytes(60_000), last=False) + frame(0, bytes(60_000)), {1009, None}),
    ],
    ids=[
        "text", "text-not-utf8", "opcode-3", "opcode-7", "opcode-11", "opcode-15",
        "continuation-first", "message-in-message", "ping-in-pieces", "ping-too-long",
        "rsv1", "rsv2", "rsv3", "length-2-to-63", "one-too-long", "too-long-in-pieces",
    ],
)  # fmt: skip
def test_what_is_no_message_ends_its_connection_at_once(
    served: Served, data: bytes, codes: set[int | None]
) -> None:
    one, two = served.open(), served.open()
    with one.connect() as bad, two.connect() as good:
        Client(one, bad)
        bad.send(data)
        assert bad.close_code() in codes
        assert honest_goes_on(served, Client(two, good), 1_000_000)


def test_a_length_over_the_limit_is_refused_before_the_bytes_come(served: Served) -> None:
    page = served.open()
    with page.connect() as wire:
        Client(page, wire)
        began = time.monotonic()
        wire.send(b"\x82\xff" + (2**40).to_bytes(8) + bytes(4))  # and then nothing
        wire.close_code()
        assert time.monotonic() - began < BOUNDS.ping_seconds / 2


def test_compression_is_never_agreed_on_so_no_bomb_can_unfold(served: Served) -> None:
    page = served.open()
    bomb = zlib.compress(bytes(50_000_000))
    with Wire(served.running.port) as wire:
        answer = wire.ask(
            page.handshake(
                {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
            )
        )
        assert answer.status == 101
        assert "sec-websocket-extensions" not in answer.headers
        Client(page, wire)
        wire.frame(BINARY, bomb, flags=0x40)
        assert wire.close_code() is None


# slow and silent ---------------------------------------------------------------------------------


def test_a_client_that_stays_silent_is_closed(impatient: Served) -> None:
    page = impatient.open()
    with page.connect() as wire:
        client = Client(page, wire)
        began = time.monotonic()
        opcode, _ = wire.next_frame()
        assert opcode == PING
        assert wire.close_code() == 1000  # "ping timed out"
        assert time.monotonic() - began < 10
    with page.connect(seen=client.seen) as wire:  # the page itself may come back
        wire.frame(BINARY, client.value(3))
        assert impatient.values.get(timeout=10) == 3


def test_a_client_that_answers_pings_stays(impatient: Served) -> None:
    """The control: three pings are answered, and the connection is there."""
    page = impatient.open()
    with page.connect() as wire:
        client = Client(page, wire)
        for _ in range(3):
            opcode, data = wire.next_frame()
            assert opcode == PING
            wire.frame(PONG, data)
        client.give(4)
        assert impatient.values.get(timeout=10) == 4


def test_a_client_that_never_reads_is_cut_off_although_it_sends_pongs(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = served.open(), served.open()
    with one.connect(receive_buffer=4096) as bad, two.connect() as good:
        client, honest = Client(one, bad), Client(two, good)
        bad.frame(BINARY, sent(Press(element=client.button)))
        began = time.monotonic()
        while "does not read is cut off" not in caplog.text:
            assert time.monotonic() - began < 10
            bad.send_until_closed(frame(PONG))
            good.send(frame(PONG))
            time.sleep(0.1)
        assert honest_goes_on(served, honest, 1_000_000)


# the door ----------------------------------------------------------------------------------------


def ask(served: Served, request: bytes) -> Answer:
    with Wire(served.running.port) as wire:
        return wire.ask(request, has_body=False)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 101),
        ({"Origin": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost"}, 403),
        ({"Origin": "https://{host}"}, 403),
        ({"Origin": "http://{host}.evil.example"}, 403),
        ({"Origin": "http://{host}/"}, 403),
        ({"Origin": "HTTP://{host}"}, 403),
        ({"Origin": "http://x@{host}"}, 403),
        ({"Origin": "http://{host}, http://evil.example"}, 403),
        ({"Origin": "http://dial.{host}"}, 403),
        ({"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
        ({"Cookie": ""}, 403),
        ({"Cookie": "components_visitor="}, 403),
        ({"Cookie": "other=" + "x" * 43}, 403),
        ({"Sec-WebSocket-Protocol": ""}, 400),
        ({"Sec-WebSocket-Protocol": "components.2"}, 400),
        ({"Sec-WebSocket-Protocol": "components.10"}, 400),
        ({"Sec-WebSocket-Protocol": "COMPONENTS.1"}, 400),
        ({"Sec-WebSocket-Protocol": "soap, components.1"}, 101),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Version": ""}, 426),
        ({"Sec-WebSocket-Key": ""}, 400),
        ({"Upgrade": ""}, 400),
        ({"Upgrade": "h2c"}, 400),
        ({"Connection": "keep-alive"}, 400),
    ],
)
def test_the_door_opens_to_our_own_page_only(
    served: Served, headers: dict[str, str], status: int
) -> None:
    page = served.open()
    host = served.running.origins.app_host
    filled = {name: value.replace("{host}", host) for name, value in headers.items()}

    answer = ask(served, page.handshake(filled))

    assert answer.status == status
    assert "server" not in answer.headers
    assert "set-cookie" not in answer.headers
    if status != 101:
        assert "sandbox" in answer.header("content-security-policy")
        assert answer.header("content-type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS", "TRACE", "FOO"])
def test_the_door_knows_no_other_method(served: Served, method: str) -> None:
    request = served.open().handshake().replace(b"GET", method.encode(), 1)

    answer = ask(served, request)

    assert answer.status == 405
    assert "sandbox" in answer.header("content-security-policy")


def test_a_token_is_nothing_without_the_cookie_it_was_made_for(served: Served) -> None:
    victim, attacker = served.open(), served.open()
    attacker.token = victim.token
    with attacker.connect() as wire:
        assert wire.close_code() == 4404


def test_a_cookie_is_nothing_without_a_token(served: Served) -> None:
    page = served.open()
    page.token = ""
    with page.connect() as wire:
        assert wire.close_code() == 4404


@pytest.mark.parametrize("query", ["", "?token=%ff%00&seen=0", "?token[]=1", "?seen=0&seen=1"])
def test_a_query_that_is_none_opens_nothing(served: Served, query: str) -> None:
    page = served.open()
    with Wire(served.running.port) as wire:
        assert wire.ask(page.handshake(path=f"/_components/socket{query}")).status == 101
        assert wire.close_code() == 4404


def test_the_doors_refusals_hold_no_secret(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    page = served.open()
    with caplog.at_level(logging.DEBUG):
        for headers in ({"Origin": "null"}, {"Upgrade": ""}, {"Sec-WebSocket-Key": ""}):
            ask(served, page.handshake(headers))

    assert page.token not in caplog.text
    assert page.cookie.partition("=")[2] not in caplog.text


def test_hanging_up_in_the_middle_of_a_message_is_nobodys_problem(served: Served) -> None:
    one, two = served.open(), served.open()
    with two.connect() as good:
        honest = Client(two, good)
        for cut in (1, 2, 5, 20):
            with one.connect(seen=0 if cut == 1 else 1) as bad:
                if cut == 1:
                    client = Client(one, bad)
                bad.send(frame(BINARY, client.value(1))[:cut])
        assert honest_goes_on(served, honest, 1_000_000)


def test_closing_codes_of_any_kind_are_survived(served: Served) -> None:
    page = served.open()
    seen = 0
    for payload in (b"", b"\x03\xe8", b"\x00\x00", b"\xff\xff", b"\x03\xe8\xff\xfe", b"\x03"):
        with page.connect(seen=seen) as wire:
            if seen == 0:
                wire.next_frame()
            wire.frame(CLOSE, payload)
            wire.close_code()
        seen = 1
    with page.connect(seen=1) as wire:
        wire.frame(PING, b"still")
        assert wire.next_frame() == (PONG, b"still")
