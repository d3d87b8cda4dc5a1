"""Take the pictures of the documents: the demo in both themes.

python scripts/screenshots.py            writes docs/demo.png and docs/demo-dark.png
"""

from __future__ import annotations

from pathlib import Path

from components_sdk.testing.engines import launch
from components_sdk.testing.running import RunningApp
from example_components.demo import app

DOCS = Path(__file__).resolve().parent.parent / "docs"
READY = """() => {
  const frames = [...document.querySelectorAll("iframe")];
  return frames.length === 4 && frames.every((frame) => frame.style.height);
}"""


def main() -> None:
    with RunningApp(app) as running, launch("chromium") as engine:
        for theme, name in (("light", "demo.png"), ("dark", "demo-dark.png")):
            tab = engine.new_tab()
            tab.set_viewport(1200, 1500)
            tab.emulate_theme("dark" if theme == "dark" else "light")
            tab.goto(running.url)
            tab.wait_for(READY)
            tab.screenshot(DOCS / name)
            tab.close()


if __name__ == "__main__":
    main()
