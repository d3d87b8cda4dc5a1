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

from collections.abc import Callable
from typing import TypeVar

from .component import Component
from .errors import AppError
from .markup import CleanHtml, markdown
from .policy import Ungranted
from .session import Callback, Session
from .wire import Change, Denied, Element, ElementKind, Kind, MissingGrant

C = TypeVar("C", bound=Component)
F = TypeVar("F", bound=Callable[..., object])

KindOf = Callable[[type[Component]], Kind | Ungranted]


class Part:
    """A plain part of the page, as an app holds it."""

    def __init__(self, session: Session, id: str) -> None:
        self._session = session
        self.id = id


class Text(Part):
    """A paragraph or heading; assign ``text`` to change it."""

    def __init__(self, session: Session, id: str, text: str) -> None:
        super().__init__(session, id)
        self._text = text

    @property
    def text(self) -> str:
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        self._text = str(text)
        self._session.send(Change(element=self.id, text=self._text))


class Markdown(Part):
    """Rendered Markdown; assign ``source`` to change it."""

    def __init__(self, session: Session, id: str, source: str) -> None:
        super().__init__(session, id)
        self._source = source

    @property
    def source(self) -> str:
        return self._source

    @source.setter
    def source(self, source: str) -> None:
        self._source = source
        self._session.send(Change(element=self.id, text=markdown(source)))


class Button(Part):
    """A button of the page itself."""

    def __init__(self, session: Session, id: str, callbacks: list[Callback]) -> None:
        super().__init__(session, id)
        self._callbacks = callbacks

    def on_click(self, function: F) -> F:
        """Register a callback (sync or async) without arguments. A decorator."""
        self._callbacks.append(function)
        return function


class Container(Part):
    """Something that parts and components can be put into, in order."""

    def __init__(self, session: Session, id: str, page: Page) -> None:
        super().__init__(session, id)
        self._page = page

    def text(self, text: str) -> Text:
        """A paragraph of plain text."""
        return Text(self._session, self._put("text", text), text)

    def heading(self, text: str, level: int = 2) -> Text:
        """A heading; ``level`` 1 to 6.

        Raises:
            AppError: Another level.
        """
        if level not in range(1, 7):
            raise AppError(f"Expected a heading level from 1 to 6, got {level}")
        return Text(self._session, self._put("heading", text, level), text)

    def markdown(self, source: str) -> Markdown:
        """CommonMark with tables; cleaned, so that users' text may be in it."""
        return Markdown(self._session, self._put_html(markdown(source)), source)

    def button(self, label: str, on_click: Callback | None = None) -> Button:
        """A button with a callback."""
        id = self._put("button", label)
        button = Button(self._session, id, self._session.add_button(id))
        if on_click:
            button.on_click(on_click)
        return button

    def columns(self, count: int) -> list[Container]:
        """Columns of equal width side by side; below each other on a narrow screen."""
        if not 1 <= count <= 12:
            raise AppError(f"Expected 1 to 12 columns, got {count}")
        row = Container(self._session, self._put("columns"), self._page)
        return [Container(self._session, row._put("column"), self._page) for _ in range(count)]

    def ledger(self) -> Part:
        """A table of what data crossed between this session and its components."""
        self._session.shows_ledger = True
        return Part(self._session, self._put("ledger"))

    def add(self, component: C, *, key: str) -> C:
        """Put a component here.

        Args:
            key: Names it on this page; values are kept by it.

        Raises:
            AppError: The key is taken, the instance is on a page already, or the page was opened
                without this kind of component (see ``App.page``).
        """
        self._page.place(component, key, self.id)
        return component

    def _put_html(self, html: CleanHtml) -> str:
        return self._put("html", html)

    def _put(self, kind: ElementKind, text: str = "", level: int = 0) -> str:
        id = self._session.new_id("e", self.id)
        self._session.send(Element(id=id, parent=self.id, kind=kind, text=text, level=level))
        return id


class Page(Container):
    """The page of one session; the page function gets it."""

    def __init__(self, session: Session, kind_of: KindOf) -> None:
        super().__init__(session, "", self)
        self._kind_of = kind_of
        self._ids: dict[str, str] = {}  # id by key

    def place(self, component: Component, key: str, parent: str) -> None:
        """See ``Container.add``."""
        if key in self._ids:
            raise AppError(
                f"The key {key!r} is taken on this page",
                code="key-taken",
                hint="Give each component a key of its own.",
            )
        kind = self._kind_of(type(component))
        id = self._session.new_id("f", parent)
        slot = component.attach(self._session, id, key)
        self._ids[key] = id
        if isinstance(kind, Ungranted):
            self._session.send(_denied(kind, type(component), id, parent))
        else:
            self._session.mount(slot, kind, parent)

    def remove(self, part: Component | Part) -> None:
        """Take a component or a part off the page.

        Raises:
            AppError: It is not on this page.
        """
        id = part.id if isinstance(part, Part) else part.detach()
        gone = self._session.remove(id)
        self._ids = {key: taken for key, taken in self._ids.items() if taken not in gone}


def _denied(ungranted: Ungranted, component: type[Component], id: str, parent: str) -> Denied:
    return Denied(
        id=id,
        parent=parent,
        title=component.declaration.manifest.title,
        missing=[
            MissingGrant(permission=item.permission, meaning=item.meaning, reason=item.reason)
            for item in ungranted.missing
        ],
        line=ungranted.missing[0].line,
    )
