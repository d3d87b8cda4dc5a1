"""What tests of components stand on: three real browsers, a canary, and later the pytest plug-in.

    engines.py            the interface: find(), launch(), Engine, Tab, FrameHandle
    playwright_engine.py  Chromium (and Playwright's own Firefox)
    firefox_engine.py     stock Firefox by WebDriver BiDi
    webkit_engine.py      WebKitGTK under an Xvfb of its own
    canary.py             records whatever reaches it: HTTP, TCP, UDP

Architecture invariant: nothing here imports a browser driver before a browser is asked for.
"""
