"""A component's frontend: the author's module, style, markup and further files, as bytes.

The folder is read once, when the class is declared. What the server may serve is a closed table
of names made here; a request never becomes a path on the disk, so there is nothing to traverse.

    frontend/
      main.js       the module with ``export default function …``   (required)
      style.css     put into the frame document
      body.html     put into the frame document's body
      …             any further file of a known type, at the same relative URL
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from .errors import DeclarationError

MAX_BYTES = 32 * 2**20  # of all files of a frontend together
MAX_FILES = 1_000

CONTENT_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

ENTRY_FILES = ("main.js", "style.css", "body.html")


class Inline(msgspec.Struct, frozen=True):
    """A frontend given as Python strings, under the same policy as a folder.

    An inline component has no ``component.toml`` and so may ask for no permission.
    """

    js: str
    css: str = ""
    html: str = ""


class Frontend(msgspec.Struct, frozen=True):
    """What a frame document is made of.

    Attributes:
        module: The author's module, changed so that it hands its default export to the runtime.
        files: Further files by relative URL: ``{"icons/star.svg": b"…"}``.
    """

    module: str
    style: str
    body: str
    files: dict[str, bytes]

    def has(self, *suffixes: str) -> bool:
        """Whether there is a further file with one of these suffixes."""
        return any(name.lower().endswith(suffixes) for name in self.files)


def from_inline(inline: Inline, where: str) -> Frontend:
    """Make a frontend of Python strings.

    Raises:
        DeclarationError: No default export, or text that would end its own block.
    """
    return _frontend(inline.js, inline.css, inline.html, {}, where)


def from_folder(folder: Path) -> Frontend:
    """Read a frontend.

    Raises:
        DeclarationError: The folder or ``main.js`` is missing, a link leads out of the folder,
            a file is of an unknown type, or there is too much of it.
    """
    if not folder.is_dir():
        raise DeclarationError(
            "Expected a folder with the component's frontend",
            code="frontend-missing",
            where=str(folder),
            hint='Make it, or name another one in component.toml: frontend = "dist"',
        )
    files = _read(folder)
    if "main.js" not in files:
        raise DeclarationError(
            "Expected main.js, the module with the component's default export",
            code="frontend-entry",
            where=str(folder),
            hint="Write main.js: export default function ({ root, args }) { … }",
        )
    js, css, html = (_text(files.pop(name, b""), folder / name) for name in ENTRY_FILES)
    return _frontend(js, css, html, files, str(folder / "main.js"))


def _read(folder: Path) -> dict[str, bytes]:
    root = folder.resolve()
    files: dict[str, bytes] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if any(part.startswith(".") for part in Path(name).parts) or path.is_dir():
            continue  # editors' and version control's files are nobody's asset
        if not path.resolve().is_relative_to(root):
            raise DeclarationError(
                "Expected files inside the frontend folder, got a link that leads out of it",
                code="frontend-outside",
                where=str(path),
                hint="Copy the file into the folder.",
            )
        if path.suffix.lower() not in CONTENT_TYPES and name not in ENTRY_FILES:
            raise DeclarationError(
                f"Expected one of {', '.join(CONTENT_TYPES)}, got {path.suffix or path.name!r}",
                code="frontend-type",
                where=str(path),
                hint="Move what is not served out of the frontend folder.",
            )
        size += path.stat().st_size
        if size > MAX_BYTES or len(files) >= MAX_FILES:
            raise DeclarationError(
                f"Expected at most {MAX_FILES} files of {MAX_BYTES} bytes together",
                code="frontend-size",
                where=str(path),
            )
        files[name] = path.read_bytes()
    return files


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise DeclarationError(
            f"Expected UTF-8 text, got byte {data[error.start]:#04x} at offset {error.start}",
            code="frontend-encoding",
            where=str(path),
        ) from None


def _frontend(js: str, css: str, html: str, files: dict[str, bytes], where: str) -> Frontend:
    for text in (js, css, html):
        if "\0" in text:
            raise DeclarationError(
                "Expected text, got a NUL character, which no browser keeps",
                code="frontend-encoding",
                where=where,
                hint="Write it as an escape, \\0, or save the file as UTF-8.",
            )
    # The HTML parser turns every line end into a line feed before it hashes a block.
    js, css = (text.replace("\r\n", "\n").replace("\r", "\n") for text in (js, css))
    for text, block in ((js, "script"), (css, "style")):
        # The frame document holds both as inline blocks; HTML ends a block at its end tag
        # wherever that stands, even in a string, and "<!--<script" changes how it ends.
        if found := re.search(rf"</{block}|<!--", text, re.IGNORECASE):
            raise DeclarationError(
                f"Expected no {found[0]!r} in the {block}",
                code="frontend-markup",
                where=f"{where}, line {text.count(chr(10), 0, found.start()) + 1}",
                hint=f"Write it in two parts, for example '<' + '{found[0][1:]}'.",
            )
    return Frontend(module=hand_over(js, where), style=css, body=html, files=files)


# the default export ----------------------------------------------------------------------------

# The frame document holds the module inline, because sub-resources of an opaque frame are never
# cached. Nothing can import an inline module, so the module itself hands its default export over.
DEFINE = "__components_sdk_define"

_SKIPPED = r"""
      //[^\n]* | /\*.*?\*/                                        # comments
    | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'                    # strings
    | `(?:[^`\\]|\\.)*`                                           # templates
    | (?<=[(,=:\[!&|?{};\n])[ ]*/(?![*/])(?:[^\\/\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/   # patterns
"""
_EXPORT = re.compile(
    rf"""{_SKIPPED}
    | (?<![\w$.])export\s+default\b\s*
    | (?<![\w$.])export\s*\{{(?P<list>[^}}]*)\}}(?P<elsewhere>\s*from\b)?\s*;?
    """,
    re.VERBOSE | re.DOTALL,
)
_DECLARATION = re.compile(
    r"(?:(?:async\s+)?function\b(?:\s*\*)?|class\b)(?P<name>\s*(?!extends\b)[\w$]+)?"
)
_AS_DEFAULT = re.compile(r"([\w$]+)\s+as\s+default\b")


def hand_over(js: str, where: str) -> str:
    """Rewrite the one default export of a module into a call of the runtime.

    ``export default function f() {}`` becomes ``function f() {}`` and a last line that hands
    ``f`` over; line numbers stay as they are.

    Raises:
        DeclarationError: There is none, or more than one.
    """
    found = [match for match in _EXPORT.finditer(js) if _is_default(match)]
    if len(found) != 1:
        raise DeclarationError(
            f"Expected one default export, got {len(found)}",
            code="frontend-export",
            where=where,
            hint="Write it at the top level: export default function ({ root, args }) { … }",
        )
    export = found[0]
    if export["elsewhere"]:
        raise DeclarationError(
            "Expected a default export of this module's own, got one from another module",
            code="frontend-export",
            where=where,
            hint='Write: import f from "./f.js"; export default f;',
        )
    start, end = export.span()
    lines = "\n" * export[0].count("\n")
    if export["list"] is not None:
        name, code = _AS_DEFAULT.search(export["list"])[1], ""  # type: ignore[index]
    elif not (declaration := _DECLARATION.match(js, end)):
        name, code = "$component", "const $component = "
    elif declaration["name"]:
        name, code = declaration["name"].strip(), ""
    else:
        name, code, end = "$component", f"{declaration[0]} $component ", declaration.end()
    return f"{js[:start]}{lines}{code}{js[end:]}\n;globalThis.{DEFINE}({name});\n"


def _is_default(match: re.Match[str]) -> bool:
    if match["list"] is not None:
        return _AS_DEFAULT.search(match["list"]) is not None
    return match[0].startswith("export")
