"""regress/lib/ports.py - three neighbouring ports that nobody else of the tests has

As a program: ports.py OWNER prints the first of them; they are taken for as long as process OWNER
lives, or until /tmp/tercet-farm-ports/PORT is removed.
"""
import atexit
import os
import random
import shutil
import socket
import sys

TAKEN = '/tmp/tercet-farm-ports'


def give_back(base):
    shutil.rmtree('%s/%d' % (TAKEN, base), ignore_errors=True)


def _forget_if_orphaned(base):
    try:
        os.kill(int(os.readlink('%s/%d/owner' % (TAKEN, base))), 0)
    except ProcessLookupError:
        give_back(base)
    except (OSError, ValueError):
        pass


def _nobody_listens(base):
    try:
        for port in range(base, base + 3):
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(('127.0.0.1', port))
    except OSError:
        return False
    return True


def take(owner):
    """Below the range the kernel takes for outgoing connections."""
    os.makedirs(TAKEN, mode=0o1777, exist_ok=True)
    for _ in range(1000):
        base = random.randrange(12000, 31000, 3)
        try:
            os.mkdir('%s/%d' % (TAKEN, base))
        except FileExistsError:
            _forget_if_orphaned(base)
            continue
        if _nobody_listens(base):
            os.symlink(str(owner), '%s/%d/owner' % (TAKEN, base))
            return base
        give_back(base)
    raise RuntimeError('no three free ports between 12000 and 31000')


def take_here():
    """For as long as this process runs."""
    base = take(os.getpid())
    atexit.register(give_back, base)
    return base


if __name__ == '__main__':
    print(take(int(sys.argv[1])))
