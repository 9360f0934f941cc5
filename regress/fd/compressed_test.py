#!/usr/bin/env python3
"""regress/fd/compressed_test.py - every compression that a client writes, read by a reader that
shares no code with it (regress/peers/volume.py), and restored."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fd_test  # noqa: E402


@unittest.skipIf(os.geteuid() != 0, 'devices, owners and capabilities need root')
class Compressed(fd_test.FileDaemon):
    round = fd_test.Everything.round

    def test_gzip(self):
        self.round('S4AXZ6')

    def test_gzip_sparse(self):
        self.round('S4AXZ6s')

    def test_lzo(self):
        self.round('S4AXZos')

    def test_lzfast(self):
        self.round('S4AXZffs')

    def test_lz4(self):
        self.round('S4AXZf4s')

    def test_lz4hc(self):
        self.round('S4AXZfhs')


if __name__ == '__main__':
    unittest.main(verbosity=1)
