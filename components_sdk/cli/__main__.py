"""``python -m components_sdk.cli``, for where the ``component`` script is not on the path."""

import sys

from . import main

sys.exit(main())
