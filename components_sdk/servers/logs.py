"""Logs: Tornado quotes what it could not read, and that may be a cookie.

    Malformed HTTP message from 127.0.0.1: Invalid header value 'components_visitor=…'

The page's token never comes here: ``SocketHandler.log_exception`` sees to that.
"""

from __future__ import annotations

import logging

_MALFORMED = "Malformed HTTP message from %s: %s"


def _unquoted(record: logging.LogRecord) -> bool:
    if record.msg == _MALFORMED and isinstance(record.args, tuple):
        record.args = (record.args[0], "what it was is not logged")
    return True


def keep_secrets_out() -> None:
    """Take quotes out of Tornado's log; as often as you like."""
    logging.getLogger("tornado.general").addFilter(_unquoted)
