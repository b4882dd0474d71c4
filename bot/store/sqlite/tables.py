"""sqlite-utils, without numpy: it would load that wherever it is installed, for kinds of values that nobody here stores.

It is installed for the process that draws; loading it here too would cost every start a tenth of a second.
"""

import sys

_is_loaded = "numpy" in sys.modules
if not _is_loaded:
    sys.modules["numpy"] = None  # type: ignore[assignment] # so that importing it fails, as if it were not there

from sqlite_utils import Database, Migrations  # noqa: E402

if not _is_loaded:
    del sys.modules["numpy"]

__all__ = ["Database", "Migrations"]
