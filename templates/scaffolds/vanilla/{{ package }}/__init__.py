"""{{ title }}: counts towards a goal."""

from components_sdk import Component, Event, Value


class {{ class_name }}(Component):
    """A counter with a goal. The value is the count."""

    label: str
    goal: int = 10
    value: Value[int] = 0
    reached: Event[int]
