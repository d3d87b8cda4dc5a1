"""Names of keys, as Playwright and ``KeyboardEvent.key`` have them, in WebDriver's code points.

>>> chord("Shift+Tab")
['\\ue008', '\\ue004']
>>> chord("+")
['+']
"""

from __future__ import annotations

from components_sdk.testing.engines import EngineError


def chord(key: str) -> list[str]:
    """The keys to hold down in turn, modifiers first."""
    names = key.split("+") if len(key) > 1 else [key]
    return [_code_point(name) for name in names]


def _code_point(name: str) -> str:
    if value := _KEYS.get(name):
        return value
    if len(name) == 1:
        return name
    raise EngineError(f"Expected one character or one of {', '.join(_KEYS)}; got {name!r}")


# https://www.w3.org/TR/webdriver2/#keyboard-actions; Enter is the one of the main block
_KEYS = {
    "Alt": "\ue00a",
    "ArrowDown": "\ue015",
    "ArrowLeft": "\ue012",
    "ArrowRight": "\ue014",
    "ArrowUp": "\ue013",
    "Backspace": "\ue003",
    "Control": "\ue009",
    "Delete": "\ue017",
    "End": "\ue010",
    "Enter": "\ue006",
    "\n": "\ue006",
    "Escape": "\ue00c",
    "Home": "\ue011",
    "Meta": "\ue03d",
    "PageDown": "\ue00f",
    "PageUp": "\ue00e",
    "Shift": "\ue008",
    "Space": " ",
    "Tab": "\ue004",
    **{f"F{n}": chr(0xE030 + n) for n in range(1, 13)},
}
