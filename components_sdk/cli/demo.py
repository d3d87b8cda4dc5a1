"""Serve the example components, each in its own sandbox.

For example:

    component demo
"""

from __future__ import annotations

import argparse

from . import INTERRUPTED
from .run import add_port


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_port(parser)


def run(args: argparse.Namespace) -> int:
    from example_components.demo import app

    from ..servers.serve import serve

    serve(app, port=args.port)  # until Ctrl-C
    return INTERRUPTED
