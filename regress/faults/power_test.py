#!/usr/bin/env python3
"""Family power of the seeded faults; regress/faults/run --family power --seeds N has more."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from matrix import main  # noqa: E402

sys.exit(main(["--family", "power"]))
