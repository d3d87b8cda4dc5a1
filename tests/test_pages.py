from __future__ import annotations

import base64
import hashlib
import re

from components_sdk.frontend import Inline, from_inline
from components_sdk.pages import Site, component_site, host_files
from components_sdk.policy import Policy
from components_sdk.resources import WEB
from components_sdk.typegen import declarations

ORIGIN, APP = "http://dial-1.localhost:8501", "http://localhost:8501"


def site(js: str = "export default 1", css: str = "p {}", title: str = "Dial") -> Site:
    frontend = from_inline(Inline(js=js, css=css, html="<p>body</p>"), "test")
    return component_site(frontend, Policy("dial", ()), ORIGIN, APP, title)


def document(made: Site) -> str:
    return made.table[made.document_path].body.decode()


def test_every_inline_block_is_allowed_by_its_hash_and_nothing_else_is() -> None:
    made = site()
    blocks = re.findall(r"<(script|style)[^>]*>(.*?)</\1>", document(made), re.DOTALL)
    digests = {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for _, text in blocks
    }
    directives = dict(
        part.split(" ", 1) for part in made.headers["Content-Security-Policy"].split("; ")
    )

    assert len(blocks) == 4
    assert set(directives["script-src"].split()) | set(directives["style-src"].split()) == digests
    assert document(made).index("<script>") < document(made).index('<script type="module"')


def test_one_changed_byte_changes_the_documents_url() -> None:
    assert site().document_path == site().document_path
    assert site().document_path != site(js="export default 2").document_path
    assert site().document_path != site(css="b {}").document_path


def test_the_document_is_immutable_and_an_error_is_never_kept() -> None:
    made = site()

    assert "immutable" in made.table[made.document_path].headers["Cache-Control"]
    assert made.refusal(404, "No.").headers["Cache-Control"] == "no-store"


def test_every_answer_of_a_component_carries_its_headers() -> None:
    made = site()

    for response in [*made.table.values(), made.refusal(404, "No."), made.refusal(405, "No.")]:
        assert made.headers.items() <= response.headers.items()
        assert "Set-Cookie" not in response.headers
        assert "Location" not in response.headers


def test_a_hostile_title_is_escaped() -> None:
    assert "<script>alert" not in document(site(title="</title><script>alert(1)</script>"))


def test_the_pages_runtime_is_under_a_path_that_names_its_content() -> None:
    files = host_files()

    assert f"{files.prefix}host.js" in files.table
    assert not any("component." in path for path in files.table)


def test_the_messages_that_the_runtimes_are_checked_against_are_the_real_ones() -> None:
    assert (WEB / "wire.d.ts").read_text() == declarations()
