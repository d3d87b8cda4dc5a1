from __future__ import annotations

from pathlib import Path

import pytest

from components_sdk.errors import DeclarationError
from components_sdk.frontend import DEFINE, Inline, from_folder, from_inline, hand_over

MODULE = "export default function () {}\n"


def folder(tmp_path: Path, **files: str) -> Path:
    root = tmp_path / "frontend"
    root.mkdir()
    for name, text in files.items():
        (root / name.replace("_", ".")).write_text(text)
    return root


@pytest.mark.parametrize(
    ("module", "rewritten", "name"),
    [
        ("export default function star() {}", "function star() {}", "star"),
        ("export default async function* star() {}", "async function* star() {}", "star"),
        ("export default function () {}", "function $component  () {}", "$component"),
        ("export default class Star {}", "class Star {}", "Star"),
        ("export default class extends Star {}", "class $component  extends Star {}", "$component"),
        ("export default () => 1;", "const $component = () => 1;", "$component"),
        ("export default functional", "const $component = functional", "$component"),
        ("const f = 1;export{f as default,g};", "const f = 1;", "f"),
        ("r = /['`]/;\nexport default f", "r = /['`]/;\nconst $component = f", "$component"),
    ],
)  # fmt: skip
def test_the_default_export_is_handed_over(module: str, rewritten: str, name: str) -> None:
    assert hand_over(module, "main.js") == f"{rewritten}\n;globalThis.{DEFINE}({name});\n"


def test_line_numbers_stay_as_they_are() -> None:
    module = "// one\nexport\ndefault\nfunction star() {\n}\nlast();"

    assert hand_over(module, "main.js").splitlines()[5] == "last();"


@pytest.mark.parametrize(
    "module",
    [
        "",
        "export function star() {}",
        "// export default 1\n/* export default 2 */",
        "const text = 'export default 1', other = `\nexport default 2`;",
        "export default 1;\nexport default 2;",
    ],
)
def test_a_module_without_exactly_one_default_export_is_refused(module: str) -> None:
    with pytest.raises(DeclarationError, match="Expected one default export") as error:
        hand_over(module, "main.js")

    assert "export default function" in error.value.hint


def test_a_folder_gives_module_style_body_and_further_files(tmp_path: Path) -> None:
    root = folder(tmp_path, main_js=MODULE, style_css="p {}", body_html="<p>", star_svg="<svg/>")

    frontend = from_folder(root)

    assert (frontend.style, frontend.body) == ("p {}", "<p>")
    assert frontend.files == {"star.svg": b"<svg/>"}


def test_hidden_files_are_nobodys_asset(tmp_path: Path) -> None:
    root = folder(tmp_path, main_js=MODULE)
    (root / ".env").write_text("SECRET=1")
    (root / ".git").mkdir()
    (root / ".git" / "config.json").write_text("{}")

    assert from_folder(root).files == {}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, "frontend-entry"),
        ({"main_js": MODULE, "server_py": "print()"}, "frontend-type"),
        ({"main_js": "const a = '</script>';\n" + MODULE}, "frontend-markup"),
        ({"main_js": MODULE, "style_css": "/* </STYLE */"}, "frontend-markup"),
        ({"main_js": "const a = '<!--';\n" + MODULE}, "frontend-markup"),
    ],
)
def test_a_frontend_that_cannot_be_served_is_refused(
    tmp_path: Path, files: dict[str, str], code: str
) -> None:
    with pytest.raises(DeclarationError) as error:
        from_folder(folder(tmp_path, **files))

    assert error.value.code == code
    assert str(tmp_path) in error.value.where


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"Expected a folder .* at .*nowhere"):
        from_folder(tmp_path / "nowhere")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    root = folder(tmp_path, main_js=MODULE)
    (root / "notes.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(DeclarationError, match="a link that leads out of it"):
        from_folder(root)


def test_text_that_is_not_utf8_is_refused_with_its_offset(tmp_path: Path) -> None:
    root = folder(tmp_path, main_js=MODULE)
    (root / "style.css").write_bytes(b"p {}\xff")

    with pytest.raises(DeclarationError, match="got byte 0xff at offset 4"):
        from_folder(root)


def test_line_ends_are_what_the_browser_will_hash() -> None:
    frontend = from_inline(Inline(js="export default 1;\r\nlast();\r", css="a{}\r\nb{}"), "x")

    assert "\r" not in frontend.module + frontend.style
