from __future__ import annotations

import importlib.util
import itertools
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from components_sdk import Component, Event, Inline, Value
from components_sdk.errors import AppError, ComponentsError, DeclarationError, ValueRefused

from .kinds import DRAWS_NOTHING, Dial, Point

MANIFEST = """
[component]
name = "gauge"
version = "1.0.0"
title = "Gauge"
description = "Shows a number."
{more}
[data]
receives = "A number."
returns = "Nothing."
stores = "Nothing."
"""
CLASS = """
from components_sdk import Component
class Gauge(Component):
    label: str
"""
_count = itertools.count()


def package(
    root: Path, *, code: str = CLASS, manifest: str | None = MANIFEST, frontend: bool = True
) -> Path:
    if manifest is not None:
        (root / "component.toml").write_text(manifest.replace("{more}", ""))
    if frontend:
        (root / "frontend").mkdir()
        (root / "frontend" / "main.js").write_text(DRAWS_NOTHING)
    (root / "gauge.py").write_text(code)
    return root / "gauge.py"


def load(path: Path) -> ModuleType:
    name = f"gauge_{next(_count)}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_a_class_beside_its_files_is_a_component(tmp_path: Path) -> None:
    gauge = load(package(tmp_path)).Gauge

    assert gauge.declaration.name == "gauge"
    assert list(gauge.declaration.contract.fields) == ["label"]


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"component\.toml"):
        load(package(tmp_path, manifest=None))


def test_a_missing_frontend_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="Expected a folder with the component's frontend"):
        load(package(tmp_path, frontend=False))


@pytest.mark.parametrize("outside", ["..", ".", "../elsewhere", "/tmp"])
def test_a_frontend_outside_its_folder_is_refused(tmp_path: Path, outside: str) -> None:
    manifest = MANIFEST.replace("{more}", f'frontend = "{outside}"')

    with pytest.raises(DeclarationError) as error:
        load(package(tmp_path, manifest=manifest))

    assert "frontend" in error.value.where


def test_an_inline_component_has_a_name_of_its_class_and_no_permissions() -> None:
    declaration = Dial.declaration

    assert declaration.name == "dial"
    assert declaration.manifest.requests == ()


def test_arguments_value_and_events_are_told_apart() -> None:
    contract = Dial.declaration.contract

    assert list(contract.fields) == ["label", "marks", "step", "value"]
    assert list(contract.events) == ["turned"]


def test_defaults_and_arguments_fill_an_instance() -> None:
    dial = Dial(label="Volume", marks=[1], value=3)

    assert (dial.label, dial.marks, dial.step, dial.value) == ("Volume", [1], 0.5, 3)


@pytest.mark.parametrize(
    ("args", "error", "says"),
    [
        ({"marks": []}, AppError, "Dial needs label"),
        ({"label": "a", "marks": [], "colour": 1}, AppError, "Dial has no argument 'colour'"),
        ({"label": 1, "marks": []}, ValueRefused, r"Expected str, got int - at Dial\.label"),
        ({"label": "a", "marks": ["b"]}, ValueRefused, r"got str - at Dial\.marks\[0\]"),
    ],
)
def test_wrong_arguments_are_refused(
    args: dict[str, Any], error: type[ComponentsError], says: str
) -> None:
    with pytest.raises(error, match=says):
        Dial(**args)


def declare(annotations: dict[str, Any], **attributes: Any) -> type[Component]:
    body = {
        "__annotations__": annotations,
        "__module__": __name__,
        "frontend": Inline(js=DRAWS_NOTHING),
        **attributes,
    }
    return type("Odd", (Component,), body)


@dataclass
class Mutable:
    x: int = 0


@pytest.mark.parametrize(
    ("annotations", "attributes", "code", "where"),
    [
        ({"x": complex}, {}, "declaration-type", "Odd.x"),
        ({"x": list[Any]}, {}, "declaration-type", "Odd.x[]"),
        ({"x": list[int]}, {"x": []}, "mutable-default", "Odd.x"),
        ({"x": Mutable}, {"x": Mutable()}, "mutable-default", "Odd.x"),
        ({"x": int}, {"x": "five"}, "default-type", "Odd.x"),
        ({"on_value": int}, {}, "name-clash", "Odd.on_value"),
        ({"frontend": str}, {}, "name-clash", "Odd.frontend"),
        ({"_hidden": int}, {}, "name-clash", "Odd._hidden"),
        ({"value": int}, {}, "value-name", "Odd.value"),
        ({"result": Value[int]}, {}, "value-name", "Odd.result"),
        ({"picked": Event[complex]}, {}, "declaration-type", "Odd.picked"),
        ({"x": "Nowhere"}, {}, "unknown-type", "Odd"),
    ],
)
def test_a_class_with_a_mistake_fails_when_it_is_declared(
    annotations: dict[str, Any], attributes: dict[str, Any], code: str, where: str
) -> None:
    with pytest.raises(DeclarationError) as error:
        declare(annotations, **attributes)

    assert error.value.code == code
    assert error.value.where == where
    assert error.value.hint


def test_a_default_factory_makes_a_new_default_for_each_instance() -> None:
    class Listing(Component):
        rows: list[int] = field(default_factory=list)
        frontend = Inline(js=DRAWS_NOTHING)

    first = Listing()
    first.rows = [1]

    assert Listing().rows == []


def test_a_frozen_dataclass_may_be_a_default() -> None:
    class Plot(Component):
        origin: Point = Point(0, 0)
        frontend = Inline(js=DRAWS_NOTHING)

    assert Plot().origin == Point(0, 0)


def test_class_variables_are_the_authors_own() -> None:
    class Counter(Component):
        made: ClassVar[int] = 0
        frontend = Inline(js=DRAWS_NOTHING)

    assert Counter.declaration.contract.fields == {}


def test_a_component_inherits_fields_and_defaults() -> None:
    class Knob(Dial):
        colour: str = "red"
        frontend = Inline(js=DRAWS_NOTHING)

    knob = Knob(label="Tone", marks=[])

    assert (knob.step, knob.colour) == (0.5, "red")


def test_callbacks_for_what_is_not_declared_are_refused() -> None:
    dial = Dial(label="a", marks=[])

    with pytest.raises(AppError, match="Dial has no event 'clicked'"):
        dial.on_event("clicked")


def test_an_inline_script_is_checked_like_a_file() -> None:
    with pytest.raises(DeclarationError, match="Expected one default export, got 0"):
        declare({}, frontend=Inline(js="let a;"))
