#!/usr/bin/env python3
"""regress/security/strangers.py PORT NUMBER [SOURCES] - connections that do not say who they are

Opens NUMBER connections to 127.0.0.1:PORT, from SOURCES addresses 127.0.1.x (1), of all kinds in
turn; one that is closed is opened again.  Prints "ready" when all were open once, goes on until
its standard input ends, then prints how many it opened.
"""
import os
import selectors
import socket
import struct
import sys
import time

HELLO = b'Hello Director nobody calling\n'
KINDS = {
    'nothing': b'',
    'garbage': b'GET / HTTP/1.0\r\n\r\n' * 20,
    'half-frame': struct.pack('>i', 31) + b'Hello Direc',
    'huge': struct.pack('>i', 0x7fffffff) + b'Hello Director x calling\n',
    'large': struct.pack('>i', 900000) + b'Hello ' + b'x' * 4000,
    'unknown': struct.pack('>i', len(HELLO)) + HELLO,
    'tls-half': bytes.fromhex('1603010200010001fc0303') + b'\x11' * 40,
    'tls-wrong': bytes.fromhex('160301000501000001ff') + b'\x22' * 80,
    'drip': b'\x00\x00\x00\x1e' + HELLO,
}
NAMES = list(KINDS)


class Stranger:
    def __init__(self, port, kind, source):
        self.kind = kind
        self.at = 0
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.bind((source, 0))
        try:
            self.sock.connect(('127.0.0.1', port))
        except BlockingIOError:
            pass
        self.next = time.monotonic()

    def say(self, now):
        data = KINDS[self.kind]
        if self.at >= len(data) or now < self.next:
            return
        n = 1 if self.kind == 'drip' else len(data)
        self.at += self.sock.send(data[self.at:self.at + n])
        self.next = now + 1


def main():
    port, number = int(sys.argv[1]), int(sys.argv[2])
    sources = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    sel = selectors.DefaultSelector()
    sel.register(0, selectors.EVENT_READ, None)
    opened = 0
    open_now = set()
    ready = False

    def add():
        nonlocal opened
        s = Stranger(port, NAMES[opened % len(NAMES)], '127.0.1.%d' % (1 + opened % sources))
        opened += 1
        open_now.add(s)
        sel.register(s.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, s)

    def drop(s):
        sel.unregister(s.sock)
        s.sock.close()
        open_now.discard(s)

    while True:
        while len(open_now) < number:
            add()
        if not ready and opened >= number:
            ready = True
            print('ready', flush=True)
        for key, events in sel.select(0.2):
            s = key.data
            if s is None:
                if not os.read(0, 100):
                    print(opened, flush=True)
                    return
                continue
            try:
                if events & selectors.EVENT_READ and not s.sock.recv(65536):
                    drop(s)
                    continue
                if events & selectors.EVENT_WRITE:
                    s.say(time.monotonic())
                    if s.kind != 'drip' or s.at >= len(KINDS['drip']):
                        sel.modify(s.sock, selectors.EVENT_READ, s)
            except OSError:
                drop(s)


if __name__ == '__main__':
    main()
