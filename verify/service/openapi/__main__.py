"""`python -m verify.service.openapi FILE` writes the document."""

import sys
from pathlib import Path

from verify.service.openapi.document import document

Path(sys.argv[1]).write_text(document())
