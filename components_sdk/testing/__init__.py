"""What tests of components stand on: three real browsers, a canary, and the attack stage.

    engines.py            the interface: find(), launch(), Engine, Tab, FrameHandle
    playwright_engine.py  Chromium (and Playwright's own Firefox)
    firefox_engine.py     stock Firefox, over bidi.py
    webkit_engine.py      WebKitGTK under an Xvfb of its own
    keys.py               names of keys for the last two
    canary.py             records whatever reaches it: HTTP, TCP, UDP
    running.py            an app behind a real server, in a thread

    attacks.py            attacks, gaps and outcomes as data, from TOML files
    guards.py             an app without one of its guards, for controls
    scene.py              one run of one attack; payload.js is what its payload runs in
    judges.py             who decides if it succeeded
    stage.py              plays an attack twice, in a browser
    alterations.py        what was tampered with, and raw configurations, as the stage serves them
    configuring.py        does the SDK refuse a configuration?
    raid.py, raiding.py   attacks by bytes on a socket, without a browser
    rawsocket.py          a WebSocket as such bytes
    verdicts.py           two runs make a verdict
    results.py            outcomes, counted; sarif.py and matrix.py tell them
    inspection.py         a running app, looked at from outside; by rule_checks.py, page_checks.py
                          and frame_checks.py, whose form is in checks.py

Architecture invariant: nothing here imports a browser driver before a browser is asked for.
"""
