"""All Permissions-Policy features. Each is off unless the permission of the same name is granted.

Whether an engine knows a feature is what its own ``document.featurePolicy.features()`` answers.
WebKitGTK has no such list and ignores the header; there a feature is off for a frame of another
origin unless the iframe's ``allow`` hands it over, and what that changes is measured by trying.

``default_on`` are those that Firefox has on in every frame: since it reads no header either, the
iframe's ``allow`` denies them by name.

A permission's meaning is what the app's user is told, so it speaks to them.
"""

from __future__ import annotations

from .words import Engines, Limit, State, Word

_ACCESS = "Permissions Policy integration"
_HINT = (
    "It is a header of requests to servers that ask for it. A component's own server is the app's, "
    "and others need not know the device."
)
_OPAQUE_CAPTURE = "refuses it to an opaque origin, even when granted"


def _feature(
    name: str,
    meaning: str,
    source: str,
    *,
    chromium: State = "known",
    firefox: State = "ignored",
    webkitgtk: State = "unmeasured",
    limit: Limit = Limit(),  # noqa: B008 - frozen
    default_on: bool = False,
) -> Word:
    engines = Engines(chromium, firefox, webkitgtk)
    return Word("feature", name, meaning, f"{source}, {_ACCESS}", engines, "", limit, default_on)


def _hint(name: str, what: str) -> Word:
    return Word(
        "feature",
        name,
        f"Tells servers that ask {what}.",
        "Client Hints Infrastructure, policy-controlled features",
        Engines("known", "ignored", "unmeasured"),
        _HINT,
    )


FEATURES = (
    _feature(
        "fullscreen",
        "Fill the whole screen.",
        "Fullscreen API",
        chromium="enforced",
        firefox="enforced",
        webkitgtk="enforced",
    ),
    _feature(
        "camera",
        "See through your camera, after the browser has asked you.",
        "Media Capture and Streams",
        limit=Limit(chromium=_OPAQUE_CAPTURE, firefox=_OPAQUE_CAPTURE),
        firefox="enforced",
        webkitgtk="enforced",
    ),
    _feature(
        "microphone",
        "Hear through your microphone, after the browser has asked you.",
        "Media Capture and Streams",
        limit=Limit(chromium=_OPAQUE_CAPTURE, firefox=_OPAQUE_CAPTURE),
        firefox="enforced",
        webkitgtk="enforced",
    ),
    _feature(
        "geolocation",
        "Know where you are, after the browser has asked you.",
        "Geolocation API",
        limit=Limit(firefox="gave an opaque origin no answer"),
        chromium="enforced",
        firefox="enforced",
        webkitgtk="enforced",
    ),
    _feature("clipboard-read", "Read what you have copied.", "Clipboard API"),
    _feature("clipboard-write", "Put something on your clipboard.", "Clipboard API"),
    _feature("autoplay", "Play sound and video without a click.", "HTML"),
    # the device: its senses, its load, what is plugged in
    _feature("accelerometer", "Feel how your device is moved.", "Accelerometer"),
    _feature("compute-pressure", "Know how busy your processor is.", "Compute Pressure API"),
    _feature(
        "gamepad",
        "Read your game controllers.",
        "Gamepad",
        chromium="enforced",
        firefox="enforced",
        webkitgtk="enforced",
        default_on=True,
    ),
    _feature("gyroscope", "Feel how your device is turned.", "Gyroscope"),
    _feature("hid", "Talk to input devices that you choose.", "WebHID API"),
    _feature("idle-detection", "Know when you are away.", "Idle Detection API"),
    _feature("keyboard-map", "Know how your keyboard is laid out.", "Keyboard Map"),
    _feature(
        "local-fonts", "List your fonts, by which you can be recognised.", "Local Font Access"
    ),
    _feature("magnetometer", "Feel the magnetic field around your device.", "Magnetometer"),
    _feature("midi", "Talk to musical instruments, once you agree.", "Web MIDI API"),
    _feature(
        "screen-wake-lock",
        "Keep your screen from switching off.",
        "Screen Wake Lock API",
        chromium="enforced",
        firefox="enforced",
        webkitgtk="enforced",
    ),
    _feature(
        "serial",
        "Talk to devices on a serial port that you choose.",
        "Web Serial API",
        firefox="known",
    ),
    _feature("usb", "Talk to USB devices that you choose.", "WebUSB API"),
    _feature("window-management", "Know your screens and fill any of them.", "Window Management"),
    _feature(
        "xr-spatial-tracking",
        "Follow how your head and hands move in a headset.",
        "WebXR Device API",
    ),
    # sound and picture
    _feature(
        "captured-surface-control",
        "Scroll and zoom a tab that you share with it.",
        "Captured Surface Control",
    ),
    _feature(
        "display-capture",
        "See your screen or a window, once you have chosen which.",
        "Screen Capture",
        firefox="known",
    ),
    _feature(
        "encrypted-media",
        "Play copy-protected media, by which your device can be recognised.",
        "Encrypted Media Extensions",
        limit=Limit(firefox="says which systems it has to any frame, even one that is denied it"),
    ),
    _feature(
        "media-playback-while-not-visible",
        "Go on playing while it cannot be seen.",
        "HTML Media Playback While Not Visible",
    ),
    _feature(
        "picture-in-picture",
        "Float a video above all windows.",
        "Picture-in-Picture",
        firefox="known",
        default_on=True,
    ),
    _feature(
        "speaker-selection",
        "Choose the loudspeaker it plays on.",
        "Audio Output Devices API",
        firefox="known",
    ),
    _feature(
        "on-device-speech-recognition",
        "Turn speech into text on your device.",
        "Web Speech API",
    ),
    _feature(
        "aria-notify",
        "Let your screen reader speak its messages.",
        "WAI-ARIA, ariaNotify()",
        firefox="known",
        default_on=True,
    ),
    # who you are, and what you pay
    _feature(
        "browsing-topics",
        "Know what your browser takes you to be interested in.",
        "Topics API",
    ),
    _feature(
        "interest-cohort",
        "Know which group of users your browser puts you in.",
        "Federated Learning of Cohorts",
    ),
    _feature(
        "ch-ua-high-entropy-values",
        "Ask for your browser's exact version and your device's model.",
        "User-Agent Client Hints",
    ),
    _feature(
        "digital-credentials-create",
        "Put an identity document into your wallet, once you agree.",
        "Digital Credentials",
        firefox="known",
    ),
    _feature(
        "digital-credentials-get",
        "Ask for an identity document from your wallet.",
        "Digital Credentials",
        firefox="known",
    ),
    _feature(
        "identity-credentials-get",
        "Ask you to sign in with an account that you have elsewhere.",
        "Federated Credential Management API",
    ),
    _feature("otp-credentials", "Read a one-time code sent to your phone.", "WebOTP API"),
    _feature("payment", "Ask you for a payment.", "Payment Request API"),
    _feature(
        "private-state-token-issuance",
        "Leave a token in your browser that says you are trusted.",
        "Private State Token API",
    ),
    _feature(
        "private-state-token-redemption",
        "Show a token that another site has left in your browser.",
        "Private State Token API",
    ),
    _feature(
        "publickey-credentials-create",
        "Make a passkey, once you agree.",
        "Web Authentication",
        firefox="known",
    ),
    _feature(
        "publickey-credentials-get",
        "Ask you to sign in with a passkey.",
        "Web Authentication",
        firefox="known",
    ),
    _feature(
        "storage-access",
        "Ask for what its site keeps of your visits elsewhere.",
        "Storage Access API",
        firefox="known",
        default_on=True,
    ),
    _feature(
        "web-share",
        "Open your system's dialog for sharing.",
        "Web Share API",
        chromium="ignored",
        firefox="known",
    ),
    # the browser's own models
    _feature(
        "language-detector", "Let your browser tell the language of a text.", "Translator API"
    ),
    _feature("language-model", "Put questions to your browser's language model.", "Prompt API"),
    _feature("summarizer", "Let your browser summarise a text.", "Writing Assistance APIs"),
    _feature("translator", "Let your browser translate a text.", "Translator API"),
    # how it runs and what it reaches
    _feature(
        "cross-origin-isolated",
        "Use exact clocks and shared memory, with which other pages can be spied on.",
        "HTML",
    ),
    _feature("deferred-fetch", "Send a request after you have left.", "Fetch, fetchLater()"),
    _feature(
        "deferred-fetch-minimal", "Send a small request after you have left.", "Fetch, fetchLater()"
    ),
    _feature(
        "local-network",
        "Connect to devices in your own network.",
        "Local Network Access",
        firefox="known",
    ),
    _feature(
        "loopback-network",
        "Connect to programs on your own device.",
        "Local Network Access",
        firefox="known",
    ),
    _feature(
        "sync-xhr",
        "Freeze while it waits for a server.",
        "XMLHttpRequest",
        chromium="enforced",
        webkitgtk="enforced",
    ),
    _feature("unload", "Run code while you leave.", "HTML"),
    Word(
        "feature",
        "local-network-access",
        "The older name of local-network and loopback-network.",
        f"Local Network Access, {_ACCESS}",
        Engines("known", "ignored", "unmeasured"),
        "In one header with the newer names it would overrule them, in the order of the header.",
    ),
    # client hints
    _hint("ch-device-memory", "how much memory the device has"),
    _hint("ch-downlink", "how fast the connection is"),
    _hint("ch-dpr", "how dense the screen's pixels are"),
    _hint("ch-ect", "what kind of connection it seems to be"),
    _hint("ch-prefers-color-scheme", "whether the user prefers dark or light"),
    _hint("ch-prefers-reduced-motion", "whether the user prefers less motion"),
    _hint("ch-prefers-reduced-transparency", "whether the user prefers less transparency"),
    _hint("ch-rtt", "how long a round trip takes"),
    _hint("ch-save-data", "whether the user wants to save data"),
    _hint("ch-ua", "the browser's name"),
    _hint("ch-ua-arch", "the processor's kind"),
    _hint("ch-ua-bitness", "the processor's word size"),
    _hint("ch-ua-form-factors", "what kind of device it is"),
    _hint("ch-ua-full-version", "the browser's exact version"),
    _hint("ch-ua-full-version-list", "the exact versions of the browser's parts"),
    _hint("ch-ua-mobile", "whether it is a mobile device"),
    _hint("ch-ua-model", "the device's model"),
    _hint("ch-ua-platform", "the operating system"),
    _hint("ch-ua-platform-version", "the operating system's version"),
    _hint("ch-ua-wow64", "whether a 32-bit browser runs on 64-bit Windows"),
    _hint("ch-viewport-height", "how high the window is"),
    _hint("ch-viewport-width", "how wide the window is"),
    _hint("ch-width", "how wide an image will be shown"),
)
