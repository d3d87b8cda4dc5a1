"""Serve the example components, each in its own sandbox.

For example:

    component demo
"""

from __future__ import annotations

import argparse

from . import INTERRUPTED
from .run import add_serving


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_serving(parser)


def run(args: argparse.Namespace) -> int:
    from example_components.demo import app

    from ..servers.serve import serve

    serve(app, port=args.port, origins=args.origins)  # until Ctrl-C
    return INTERRUPTED
