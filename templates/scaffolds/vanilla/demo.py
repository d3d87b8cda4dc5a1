"""Shows the component: component run demo.py"""

from components_sdk import App, Page

from {{ package }} import {{ class_name }}

app = App("{{ title }}")


@app.page("/")
def home(page: Page) -> None:
    page.heading("{{ title }}", level=1)
    counter = page.add({{ class_name }}(label="Glasses of water today", goal=8), key="water")
    status = page.text("Press + in the component.")

    @counter.on_value
    def counted(count: int) -> None:
        status.text = f"Python got the value {count}."

    @counter.on_event("reached")
    def reached(count: int) -> None:
        counter.label = f"{count} glasses. Well done!"
