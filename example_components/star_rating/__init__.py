"""Five stars; the user picks how many."""

from components_sdk import Component, Event, Value


class StarRating(Component):
    """A row of stars. The value is how many the user picked, 0 before that."""

    label: str
    max_stars: int = 5
    value: Value[int] = 0
    picked: Event[int]
