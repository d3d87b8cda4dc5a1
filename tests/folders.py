"""A component in a folder of its own, with secrets beside it that nobody may ever be served."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from components_sdk import Component

SENTINEL = "SENTINEL-4f1c"  # stands in every file that is nobody's business

MANIFEST = f"""
[component]
name = "card"
version = "1.0.0"
title = "Card"
description = "A card. {SENTINEL}"

[data]
receives = "Nothing."
returns = "Nothing."
stores = "Nothing."
"""
SOURCE = f'''"""A card. {SENTINEL}"""
from components_sdk import Component

class Card(Component):
    """A card."""
'''


def card(parent: Path) -> type[Component]:
    """Write ``parent/card`` and declare it; what comes into the folder after that is a secret."""
    folder = parent / "card"
    files = {
        "component.toml": MANIFEST,
        "__init__.py": SOURCE,
        ".env": f"PASSWORD={SENTINEL}",
        ".git/config": SENTINEL,
        "secret.txt": SENTINEL,
        "data/users.csv": SENTINEL,
        "frontend/main.js": "export default function () {}",
        "frontend/style.css": ".card { color: red }",
        "frontend/icons/star.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "frontend/table.csv": "a,b\n1,2\n",
        "frontend/.hidden.txt": SENTINEL,
        "../outside.txt": SENTINEL,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = importlib.util.spec_from_file_location("attacked_card", folder / "__init__.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["attacked_card"] = module
    try:
        found.loader.exec_module(module)
    finally:
        del sys.modules["attacked_card"]
    (folder / "frontend" / "late.txt").write_text(SENTINEL)
    (folder / "frontend" / "link.txt").symlink_to(folder / "secret.txt")
    (folder / "frontend" / "up").symlink_to(folder, target_is_directory=True)
    declared: type[Component] = module.Card
    return declared
