"""Well-known hosts that a grant should not name lightly, each with the reason.

Upload hosts take data into an account that the sender picks, by a key, a bucket or a path: the
name of the host does not say who receives it. Code hosts answer with JavaScript of the asker's
choice: by JSONP (a ``callback`` in the address), or as packages that anybody may publish.

A table cannot be complete; it holds what a reviewer would stumble over most. Matching is by
suffix, as anybody may have a name below these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

UPLOAD: Mapping[str, str] = {
    "amazonaws.com": "anybody may rent a bucket or a function there",
    "cloudfront.net": "anybody may rent a name there that passes everything on",
    "googleapis.com": "the key in the request picks the bucket, table or project",
    "google-analytics.com": "the id in the request picks who reads it",
    "analytics.google.com": "the id in the request picks who reads it",
    "script.google.com": "anybody may run a script there",
    "docs.google.com": "anybody may put a form there",
    "firebaseio.com": "anybody may have a database there",
    "cloudfunctions.net": "anybody may run a function there",
    "run.app": "anybody may run a server there",
    "appspot.com": "anybody may run a server there",
    "windows.net": "anybody may rent a storage account there",
    "azurewebsites.net": "anybody may run a server there",
    "azurefd.net": "anybody may rent a name there that passes everything on",
    "workers.dev": "anybody may run a function there",
    "vercel.app": "anybody may run a function there",
    "netlify.app": "anybody may run a function there, and forms are kept",
    "herokuapp.com": "anybody may run a server there",
    "onrender.com": "anybody may run a server there",
    "fly.dev": "anybody may run a server there",
    "supabase.co": "anybody may have a database there",
    "api.github.com": "the token in the request picks the account; gists take any text",
    "uploads.github.com": "the token in the request picks the account",
    "gitlab.com": "the token in the request picks the account",
    "slack.com": "the address of a web hook picks who reads it",
    "discord.com": "the address of a web hook picks who reads it",
    "api.telegram.org": "the token in the address picks who reads it",
    "sentry.io": "the key in the request picks who reads it",
    "dropboxapi.com": "the token in the request picks the account",
    "cloudinary.com": "the name in the address picks the account",
    "api.openai.com": "the key in the request picks the account, which may hold files",
    "api.anthropic.com": "the key in the request picks the account, which may hold files",
    "pastebin.com": "takes any text",
    "webhook.site": "takes anything, for anybody",
    "pipedream.net": "takes anything, for anybody",
    "ngrok.io": "leads to anybody's machine",
    "ngrok-free.app": "leads to anybody's machine",
    "trycloudflare.com": "leads to anybody's machine",
}

CODE: Mapping[str, str] = {
    "accounts.google.com": "JSONP",
    "maps.google.com": "JSONP",
    "translate.google.com": "JSONP",
    "www.google.com": "JSONP",
    "googleapis.com": "JSONP, and libraries that evaluate attributes",
    "googletagmanager.com": "scripts that the owner of any id writes",
    "google-analytics.com": "JSONP",
    "doubleclick.net": "JSONP",
    "youtube.com": "JSONP",
    "graph.facebook.com": "JSONP",
    "api.facebook.com": "JSONP",
    "syndication.twitter.com": "JSONP",
    "api.vk.com": "JSONP",
    "vimeo.com": "JSONP",
    "yandex.ru": "JSONP",
    "api.github.com": "JSONP",
    "api.flickr.com": "JSONP",
    "wikipedia.org": "JSONP",
    "amazonaws.com": "scripts that anybody puts there",
    "cloudfront.net": "scripts that anybody puts there",
    "raw.githubusercontent.com": "files that anybody publishes",
    "github.io": "scripts that anybody publishes",
    "jsdelivr.net": "packages that anybody publishes",
    "unpkg.com": "packages that anybody publishes",
    "esm.sh": "packages that anybody publishes",
    "skypack.dev": "packages that anybody publishes",
    "cdnjs.cloudflare.com": "libraries that evaluate attributes",
}


def known(table: Mapping[str, str], source: str) -> Iterator[str]:
    """Why a CSP source is in the table; nothing if it is not.

    A wildcard is in it as well if it reaches an entry.

    >>> list(known(UPLOAD, "https://mine.S3.amazonaws.com:8443/x"))
    ['mine.s3.amazonaws.com: anybody may rent a bucket or a function there']
    >>> list(known(CODE, "https://*.facebook.com"))[0]
    '*.facebook.com: JSONP (graph.facebook.com)'
    >>> list(known(UPLOAD, "https://notamazonaws.com"))
    []
    """
    host = source_host(source)
    base = host.removeprefix("*.")
    for suffix, reason in table.items():
        if base == suffix or base.endswith(f".{suffix}"):
            yield f"{host}: {reason}"
        elif host != base and suffix.endswith(f".{base}"):
            yield f"{host}: {reason} ({suffix})"


def source_host(source: str) -> str:
    """The host of a CSP source, in lower case, without scheme, port and path."""
    return source.lower().rpartition("://")[2].partition("/")[0].partition(":")[0]
