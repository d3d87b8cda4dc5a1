import queue

from components_sdk import App, Page
from components_sdk.testing.engines import launch
from components_sdk.testing.running import RunningApp

from {{ package }} import {{ class_name }}


def test_a_click_counts_one_more_and_python_gets_the_value() -> None:
    app = App("Test")
    values: queue.Queue[int] = queue.Queue()

    @app.page("/")
    def home(page: Page) -> None:
        page.add({{ class_name }}(label="Cups", goal=3), key="cups").on_value(values.put)

    with RunningApp(app) as running, launch("chromium") as browser:
        tab = browser.new_tab()
        tab.goto(running.url)
        frame = tab.frame("iframe")
        frame.click("[data-step='1']")
        assert values.get(timeout=10) == 1
        assert frame.text("output") == "1 / 3"
