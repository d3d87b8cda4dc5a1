"""What tests of components stand on: three real browsers, a canary, and the attack stage.

    engines.py            the interface: find(), launch(), Engine, Tab, FrameHandle
    playwright_engine.py  Chromium (and Playwright's own Firefox)
    firefox_engine.py     stock Firefox, over bidi.py
    webkit_engine.py      WebKitGTK under an Xvfb of its own
    keys.py               names of keys for the last two
    canary.py             records whatever reaches it: HTTP, TCP, UDP

Architecture invariant: nothing here imports a browser driver before a browser is asked for.
"""
