"""Page: what an app's page function puts on the screen.

@app.page("/")
def home(page: Page) -> None:
    page.heading("Ratings")
    left, right = page.columns(2)
    rating = left.add(StarRating(label="How was it?"), key="rating")
    status = right.text("Nothing yet.")

    @rating.on_value
    def _(stars: int) -> None:
        status.text = f"{stars} stars"
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import msgspec

from .component import Component
from .errors import AppError, ValueRefused
from .markup import Source
from .policy import Ungranted
from .sanitisers import Sanitiser
from .session import Callback, Session
from .values import codec_for
from .wire import Denied, Element, ElementKind, Kind, MissingGrant

logger = logging.getLogger("components_sdk")

C = TypeVar("C", bound=Component)
F = TypeVar("F", bound=Callable[..., object])

_TEXT = codec_for(str, "text")


class Spot(msgspec.Struct, frozen=True):
    """Where the frame of one component comes from.

    Attributes:
        instance: Counts the components of this kind on the page where each has its own origin.
    """

    kind: Kind
    url: str
    instance: int


class Spots(Protocol):
    """Knows where the frames of a page may come from; the page's policy names them all."""

    def find(self, component: type[Component]) -> Spot | Ungranted:
        """A spot that is free, for a component of this class.

        Raises:
            AppError: The page's policy names no more of them.
        """

    def take(self, id: str, spot: Spot) -> None:
        """It is taken by this part of the page."""

    def leave(self, id: str) -> None:
        """This part was removed from the page."""


class Part:
    """A plain part of the page, as an app holds it.

    Attributes:
        id: Unique on its page.
    """

    def __init__(self, page: Page, id: str) -> None:
        self.id = id
        self._page = page
        self._session = page.session
        page.parts[id] = self


class Text(Part):
    """A paragraph or heading; assign ``text`` to change it."""

    def __init__(self, page: Page, id: str, text: str) -> None:
        super().__init__(page, id)
        self._text = text

    @property
    def text(self) -> str:
        """What it shows."""
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        self._text = _TEXT.check(text, "text")
        self._session.change(self.id, self._text)


class Markup(Part):
    """Cleaned Markdown or HTML; assign ``source`` to change it."""

    def __init__(self, page: Page, id: str, source: Source) -> None:
        super().__init__(page, id)
        self._source = source
        if not source.is_small():
            self._session.clean_later(id, source)

    @property
    def source(self) -> str:
        """The Markdown or HTML as it was given."""
        return self._source.text

    @source.setter
    def source(self, source: str) -> None:
        self._source = _checked(msgspec.structs.replace(self._source, text=source))
        if self._source.is_small():
            self._session.change(self.id, self._source.clean())
        else:
            self._session.clean_later(self.id, self._source)


class Button(Part):
    """A button of the page itself."""

    def __init__(self, page: Page, id: str, callbacks: list[Callback]) -> None:
        super().__init__(page, id)
        self._callbacks = callbacks

    def on_click(self, function: F) -> F:
        """Register a callback (sync or async) without arguments. A decorator."""
        self._callbacks.append(function)
        return function


class Container(Part):
    """Something that parts and components can be put into, in order."""

    def text(self, text: str) -> Text:
        """A paragraph of plain text."""
        return Text(self._page, self._put("text", text), text)

    def heading(self, text: str, level: int = 2) -> Text:
        """A heading; ``level`` 1 to 6.

        Raises:
            AppError: Another level.
        """
        if level not in range(1, 7):
            raise AppError(
                f"Expected a heading level from 1 to 6, got {level}",
                code="heading-level",
                hint="The page's title has level 1.",
            )
        return Text(self._page, self._put("heading", text, level), text)

    def markdown(self, source: str) -> Markup:
        """CommonMark with tables; cleaned, so that users' text may be in it.

        Raises:
            ValueRefused: Too long.
        """
        return self._markup(Source(source, "markdown", self._page.sanitiser))

    def html(self, source: str) -> Markup:
        """HTML; cleaned, so that users' text may be in it. Only simple text markup is left.

        Raises:
            ValueRefused: Too long.
        """
        return self._markup(Source(source, "html", self._page.sanitiser))

    def button(self, label: str, on_click: Callback | None = None) -> Button:
        """A button with a callback."""
        id = self._put("button", label)
        button = Button(self._page, id, self._session.add_button(id))
        if on_click:
            button.on_click(on_click)
        return button

    def columns(self, count: int) -> Columns:
        """Columns of equal width side by side; below each other on a narrow screen.

        Raises:
            AppError: Not 1 to 12.
        """
        if not 1 <= count <= 12:
            raise AppError(
                f"Expected 1 to 12 columns, got {count}",
                code="columns",
                hint="Write: left, right = page.columns(2)",
            )
        return Columns(self._page, self._put("columns"), count)

    def ledger(self) -> Part:
        """A table of what data crossed between this session and its components."""
        self._session.shows_ledger = True
        return Part(self._page, self._put("ledger"))

    def add(self, component: C, *, key: str) -> C:
        """Put a component here.

        Args:
            key: Names it on this page.

        Raises:
            AppError: The key is taken, the instance is on a page already, or the page was opened
                without this kind of component (see ``App.page``).
        """
        self._page.place(component, key, self.id)
        return component

    def _markup(self, source: Source) -> Markup:
        # A large one stands there empty until the server had it cleaned: nothing waits for it.
        html = source.clean() if _checked(source).is_small() else ""
        return Markup(self._page, self._put("html", html), source)

    def _put(self, kind: ElementKind, text: str = "", level: int = 0) -> str:
        checked = _TEXT.check(text, "text")
        id = self._session.new_id("e", self.id)
        self._session.send(Element(id=id, parent=self.id, kind=kind, text=checked, level=level))
        return id


class Columns(Container):
    """A row of columns; unpack it: ``left, right = page.columns(2)``."""

    def __init__(self, page: Page, id: str, count: int) -> None:
        super().__init__(page, id)
        self._columns = [Container(page, self._put("column")) for _ in range(count)]

    def __iter__(self) -> Iterator[Container]:
        return iter(self._columns)

    def __getitem__(self, index: int) -> Container:
        return self._columns[index]


class Page(Container):
    """The page of one session; the page function gets it.

    Attributes:
        parts: Everything on the page that can be removed, by id.
        sanitiser: What cleans its Markdown and HTML.
    """

    def __init__(self, session: Session, spots: Spots, sanitiser: Sanitiser = "bleach") -> None:
        self.session = session
        self.sanitiser = sanitiser
        self.parts: dict[str, Part | Component] = {}
        super().__init__(self, "")
        del self.parts[""]  # the page itself stays
        self._spots = spots
        self._keys: dict[str, str] = {}  # by id

    def place(self, component: Component, key: str, parent: str) -> None:
        """See ``Container.add``."""
        if key in self._keys.values():
            raise AppError(
                f"The key {key!r} is taken on this page",
                code="key-taken",
                hint="Give each component a key of its own.",
            )
        if not isinstance(component, Component):
            raise AppError(
                f"Expected an instance of a component, got {component!r:.80}",
                code="no-component",
                hint='Write: page.add(StarRating(label="…"), key="rating")',
            )
        spot = self._spots.find(type(component))
        id = self.session.new_id("f", parent)
        slot = component.attach(self.session, id, key)
        self._keys[id] = key
        self.parts[id] = component
        if isinstance(spot, Ungranted):
            logger.warning("%s was not started: %s: %s", slot.kind, spot.code, spot.line)
            self.session.send(_denied(spot, type(component), id, parent))
        else:
            self._spots.take(id, spot)
            self.session.mount(slot, spot.kind, spot.url, parent)

    def remove(self, part: Component | Part) -> None:
        """Take a component or a part, and all that is in it, off the page.

        Raises:
            AppError: It is not on this page.
        """
        id = next((id for id, known in self.parts.items() if known is part), None)
        if id is None:
            raise AppError(
                f"This {type(part).__name__} is not on this page",
                code="not-on-page",
                hint="Remove what page.add, page.text and the like answered, once.",
            )
        for gone in self.session.remove(id):
            self._keys.pop(gone, None)
            removed = self.parts.pop(gone)
            if isinstance(removed, Component):
                removed.detach()
                self._spots.leave(gone)


def _checked(source: Source) -> Source:
    _TEXT.check(source.text, "source")
    try:
        source.check()
    except ValueError as error:
        raise ValueRefused(str(error), code="markup-size", where="source") from None
    return source


def _denied(ungranted: Ungranted, component: type[Component], id: str, parent: str) -> Denied:
    return Denied(
        id=id,
        parent=parent,
        code=ungranted.code,
        title=component.declaration.manifest.title,
        missing=[
            MissingGrant(
                permission=item.permission,
                meaning=item.meaning,
                reason=item.reason,
                origins=list(item.origins),
            )
            for item in ungranted.missing
        ],
        line=ungranted.line,
    )
