"""The canary writes down all that reaches it."""

from __future__ import annotations

import http.client
import json
import socket
import threading

from components_sdk.testing.canary import Canary, Hit


def test_a_request_is_noted_with_its_headers_and_body() -> None:
    with Canary() as canary:
        connection = http.client.HTTPConnection("127.0.0.1", canary.port)
        connection.request("POST", "/leak?secret=1", b"more", {"Origin": "null"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        hit = canary.wait(lambda hit: hit.kind == "http", timeout=5)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert hit is not None
    assert hit.detail == "POST /leak?secret=1"
    assert hit.headers["origin"] == "null"
    assert hit.body == b"more"


def test_each_request_of_a_kept_connection_is_noted() -> None:
    with Canary() as canary:
        connection = http.client.HTTPConnection("127.0.0.1", canary.port)
        for path in ("/one", "/two"):
            connection.request("GET", path)
            connection.getresponse().read()
        connection.close()
        assert [hit.detail for hit in canary.hits if hit.kind == "http"] == ["GET /one", "GET /two"]
        assert len([hit for hit in canary.hits if hit.kind == "tcp"]) == 1


def test_a_chunked_body_is_put_together() -> None:
    with Canary() as canary:
        connection = http.client.HTTPConnection("127.0.0.1", canary.port)
        connection.request("POST", "/", iter([b"in ", b"pieces"]), encode_chunked=True)
        connection.getresponse().read()
        connection.close()
        assert canary.hits[-1].body == b"in pieces"


def test_a_connection_without_a_word_is_noted() -> None:
    with Canary() as canary, socket.create_connection(("127.0.0.1", canary.port)):
        hit = canary.wait(lambda hit: hit.kind == "tcp", timeout=5)
        assert hit is not None
        assert [hit.kind for hit in canary.hits] == ["tcp"]


def test_what_is_not_http_is_noted_as_a_connection() -> None:
    with Canary() as canary:
        with socket.create_connection(("127.0.0.1", canary.port)) as connection:
            connection.sendall(b"\x16\x03\x01 a TLS hello\r\n\r\n")
            assert connection.recv(1) == b""
        assert [hit.kind for hit in canary.hits] == ["tcp"]


def test_a_packet_is_noted() -> None:
    with Canary() as canary, socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"stun", ("127.0.0.1", canary.udp_port))
        hit = canary.wait(lambda hit: hit.kind == "udp", timeout=5)
        assert hit is not None
        assert hit.body == b"stun"


def test_a_websocket_is_noted_and_opened() -> None:
    with Canary() as canary:
        connection = http.client.HTTPConnection("127.0.0.1", canary.port)
        key = "dGhlIHNhbXBsZSBub25jZQ=="  # the example of RFC 6455
        connection.request("GET", "/ws", headers={"Upgrade": "websocket", "Sec-WebSocket-Key": key})
        answer = connection.getresponse()
        connection.close()
        hit = canary.wait(lambda hit: "upgrade" in hit.headers, timeout=5)
    assert answer.status == 101
    assert answer.headers["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert hit is not None
    assert hit.detail == "GET /ws"


def test_a_page_is_served_where_a_test_put_it() -> None:
    with Canary() as canary:
        canary.pages["/evil.html"] = b"<title>evil</title>"
        connection = http.client.HTTPConnection("127.0.0.1", canary.port)
        connection.request("GET", "/evil.html?x")
        answer = connection.getresponse()
        assert answer.read() == b"<title>evil</title>"
        assert answer.headers["Content-Type"] == "text/html"
        connection.close()


def test_waiting_ends_with_a_later_hit_and_with_none() -> None:
    found: list[Hit | None] = []
    with Canary() as canary, socket.socket(type=socket.SOCK_DGRAM) as sender:
        waiting = threading.Thread(
            target=lambda: found.append(canary.wait(lambda hit: hit.body == b"2", timeout=5))
        )
        waiting.start()
        for word in (b"1", b"2"):
            sender.sendto(word, ("127.0.0.1", canary.udp_port))
        waiting.join()
        assert canary.wait(lambda hit: hit.body == b"3", timeout=0.05) is None
        canary.clear()
        assert canary.hits == []
    assert [json.loads(hit.body) for hit in found if hit] == [2]
