#!/usr/bin/env python3
"""regress/lib/cutproxy.py - a proxy between two daemons that does harm at a chosen byte.

  cutproxy.py LISTEN-ADDRESS:PORT TO-ADDRESS:PORT [ACTION DIRECTION BYTE [CONNECTION]]

Actions, done when BYTE bytes have gone in DIRECTION (up: from who connected, down: to it):

  close     end both directions in good order
  reset     end both with RST
  half      end this direction only; the other one goes on
  drop      take and throw away everything further, a line that swallows
  stall     take nothing further; the other direction goes on
  freeze    take nothing further in either direction: half open
  flip      turn one bit over and go on
  lose      leave out the next 64 bytes and go on
  pause     hold everything for a while (--pause SECONDS), then go on unharmed
  trickle   the next 2000 bytes leave one to seven at a time, unharmed

From Python also: call, which calls rule.call() and goes on unharmed.

Without an action everything passes and the bytes of each connection are counted.
"""
import argparse
import random
import socket
import struct
import threading

ACTIONS = ('close', 'reset', 'half', 'drop', 'stall', 'freeze', 'flip', 'lose', 'pause', 'trickle')
UNHARMED = ('pause', 'trickle')
CHUNK = 65536
LOST = 64


class Rule:
    """What to do, where.  connection: counted from 0 since the rule was set; None: the first that has the text."""

    def __init__(self, action, direction, byte, connection=0, pause=1.0, seed=0, text=None):
        self.action, self.direction, self.byte, self.connection = action, direction, byte, connection
        self.text = text  # bytes: the place is where they first pass, not the byte
        self.pause, self.seed = pause, seed
        self.done = threading.Event()  # it came to pass

    def __str__(self):
        if self.text:
            return '%s %s before %r' % (self.action, self.direction, self.text.decode())
        return '%s %s at byte %d of connection %d' % (self.action, self.direction, self.byte, self.connection)

    def here(self, count, data):
        """Is the place in data, which begins at byte count?"""
        if self.text:
            at = data.find(self.text)
            self.byte = count + at
            return at >= 0
        return count + len(data) > self.byte


class Link:
    """One connection and its copy to the other side."""

    def __init__(self, proxy, client, server, rule):
        self.proxy, self.client, self.server, self.rule = proxy, client, server, rule
        self.count = {'up': 0, 'down': 0}
        self.over = threading.Event()  # both sockets are to be closed
        self.frozen = threading.Event()
        self.open = 2
        self.lock = threading.Lock()

    def start(self):
        for direction, a, b in (('up', self.client, self.server), ('down', self.server, self.client)):
            threading.Thread(target=self.pump, args=(direction, a, b), daemon=True).start()

    def end(self, reset=False):
        self.over.set()
        for s in (self.client, self.server):
            try:
                if reset:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                else:
                    s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            if reset:
                # A thread that waits in recv keeps the socket: wake it after the linger is set.
                try:
                    s.shutdown(socket.SHUT_RD)
                except OSError:
                    pass

    def wait_over(self):
        """Hold still until the proxy lets go or somebody closed."""
        while not self.over.wait(0.05) and not self.proxy.stopping.is_set():
            for s in (self.client, self.server):
                try:
                    if s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] not in (1, 4, 5, 8):
                        self.over.set()
                except OSError:
                    self.over.set()

    def harm(self, direction, data, to):
        """data crosses the byte of the rule.  What is left to send, or None: this direction ends."""
        rule = self.rule
        at = rule.byte - self.count[direction]
        before, behind = data[:at], data[at:]
        rng = random.Random(rule.seed)
        if before:
            to.sendall(before)
        self.count[direction] += len(before)
        if rule.action == 'call':
            rule.call()
        rule.done.set()
        if rule.action == 'close':
            self.end()
        elif rule.action == 'reset':
            self.end(reset=True)
        elif rule.action == 'half':
            to.shutdown(socket.SHUT_WR)
            return self.swallow(direction)
        elif rule.action == 'drop':
            return self.swallow(direction)
        elif rule.action == 'stall':
            self.wait_over()
        elif rule.action == 'freeze':
            self.frozen.set()
            self.wait_over()
        elif rule.action == 'flip':
            return bytes([behind[0] ^ (1 << rng.randrange(8))]) + behind[1:]
        elif rule.action == 'lose':
            return behind[LOST:] or b''
        elif rule.action == 'call':
            return behind
        elif rule.action == 'pause':
            self.proxy.stopping.wait(rule.pause)
            return behind
        elif rule.action == 'trickle':
            while behind:
                n = min(len(behind), rng.randrange(1, 8))
                to.sendall(behind[:n])
                behind = behind[n:]
            return b''
        return None

    def swallow(self, direction):
        s = self.client if direction == 'up' else self.server
        while s.recv(CHUNK):
            pass
        return None

    def pump(self, direction, a, b):
        rule = self.rule if self.rule and self.rule.direction == direction else None
        try:
            while not self.over.is_set():
                if self.frozen.is_set():
                    self.wait_over()
                    break
                data = a.recv(CHUNK)
                if not data:
                    break
                if rule and not rule.done.is_set() and rule.here(self.count[direction], data):
                    data = self.harm(direction, data, b)
                    if data is None:
                        break
                if self.frozen.is_set():
                    self.wait_over()
                    break
                b.sendall(data)
                self.count[direction] += len(data)
                if self.proxy.record is not None and direction == 'up':
                    self.proxy.record.extend(data)
            if not self.over.is_set():
                b.shutdown(socket.SHUT_WR)
        except OSError:
            self.end()
        with self.lock:
            self.open -= 1
            last = self.open == 0
        if last:
            self.client.close()
            self.server.close()
            self.proxy.forget(self)


class CutProxy:
    def __init__(self, listen, to):
        self.to = to
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.rule = None
        self.seen = 0
        self.links = []
        self.record = None  # a bytearray: what goes up is kept
        self.counts = []  # of connections that are over: (number since set_rule, up, down)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(listen)
        self.socket.listen(64)
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def set_rule(self, rule):
        """From the next connection on; None: everything passes."""
        with self.lock:
            self.rule, self.seen, self.counts = rule, 0, []

    def accept(self):
        while not self.stopping.is_set():
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.to, 10)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                rule = self.rule if self.rule and self.rule.connection in (None, self.seen) else None
                link = Link(self, client, server, rule)
                link.number = self.seen
                self.seen += 1
                self.links.append(link)
            link.start()

    def forget(self, link):
        with self.lock:
            if link in self.links:
                self.links.remove(link)
            self.counts.append((link.number, link.count['up'], link.count['down']))

    def open_links(self):
        with self.lock:
            return len(self.links)

    def let_go(self):
        """End every connection that is still held."""
        with self.lock:
            links = list(self.links)
        for link in links:
            link.end()

    def stop(self):
        self.stopping.set()
        self.socket.close()
        self.let_go()


def address(text):
    host, port = text.rsplit(':', 1)
    return host, int(port)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('listen', type=address)
    ap.add_argument('to', type=address)
    ap.add_argument('action', nargs='?', choices=ACTIONS)
    ap.add_argument('direction', nargs='?', choices=('up', 'down'))
    ap.add_argument('byte', nargs='?', type=int)
    ap.add_argument('connection', nargs='?', type=int, default=0)
    ap.add_argument('--pause', type=float, default=1.0)
    o = ap.parse_args()
    proxy = CutProxy(o.listen, o.to)
    if o.action:
        proxy.set_rule(Rule(o.action, o.direction, o.byte, o.connection, o.pause))
    try:
        proxy.thread.join()
    except KeyboardInterrupt:
        pass
    for number, up, down in sorted(proxy.counts):
        print('connection %d: %d bytes up, %d down' % (number, up, down))


if __name__ == '__main__':
    main()
