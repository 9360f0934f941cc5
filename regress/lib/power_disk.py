"""regress/lib/power_disk.py - what a disk may hold when the power goes, from the journal of power_layer.c

A Recording is what daemons asked of the files below some roots, in order, from a known state on.
Recording.disk(at, ...) is the state at one moment of it:
  what was synced before is there: a file's bytes by its own sync, names by that of their directory
  of the rest, any part may be: names and sizes up to some moment (file systems keep their order),
  bytes in any choice of 512-byte sectors
What a program said it synced can be taken for a lie, to see that a test would notice.
"""
import ctypes
import mmap
import os
import shutil
import stat
import struct
import subprocess

from farm import Broken

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'power_layer.c')
HEAD = struct.Struct('<QQQQ')
RECORD = struct.Struct('<IBcHQQQIIIIII')
SECTOR = 512
KINDS = (None, 'made', 'written', 'cut', 'grown', 'synced', 'synced-all', 'renamed', 'linked', 'removed', 'made-dir',
         'made-link', 'mark')
MAX = 1 << 30  # of a journal; a sparse file


def build(where):
    """The layer as a library in that directory."""
    path = where + '/power_layer.so'
    subprocess.run(['cc', '-shared', '-fPIC', '-O2', '-D_GNU_SOURCE', '-o', path, SOURCE], check=True)
    return path


class Record:
    __slots__ = ('at', 'kind', 'who', 'ino', 'off', 'n', 'data', 'mode', 'uid', 'gid', 'text')


class Node:
    """A file, directory or link: what it was in the base, and what was asked of it since."""
    __slots__ = ('base', 'mode', 'uid', 'gid', 'names', 'target', 'changes', 'synced')

    def __init__(self, mode, uid, gid, base=None):
        self.mode, self.uid, self.gid, self.base = mode, uid, gid, base
        self.names = {} if stat.S_ISDIR(mode) else None
        self.target = None
        self.changes = []  # of the bytes: records
        self.synced = 0    # what was written down before is on the disk


class Names:
    """One operation on names: it happened as a whole or not."""
    __slots__ = ('at', 'who', 'parts')

    def __init__(self, r, parts):
        self.at, self.who, self.parts = r.at, r.who, parts  # (directory, name, node or None)


class Choice:
    """What of the unsynced is there: nothing, all, or some."""

    def __init__(self, rng=None, at=0):
        self.name, self.rng, self.share = 'synced', rng, {}
        self.names_to = 0  # operations on names and sizes before are there
        if rng is None:
            return
        self.name = 'all' if rng.random() < 0.15 else 'some'
        self.names_to = at if self.name == 'all' else rng.choice((0, at, int(at * (1 - rng.random() ** 3))))

    def sectors(self, record):
        """Of a write that was not synced: False for none, True for all, or a coin for each."""
        if self.name != 'some':
            return self.name == 'all'
        if record.who not in self.share:  # a program's writes share a fate, as if each had a disk of its own
            self.share[record.who] = self.rng.choice((0, 0.5, 0.9, 1))
        share = self.share[record.who]
        if share in (0, 1):
            return share == 1
        if self.rng.random() < 0.4:
            return self.rng.random() < share
        return lambda: self.rng.random() < share


class Recording:
    def __init__(self, path, roots, base):
        """Take the state below the roots as the base; a copy is kept below base."""
        self.path, self.roots, self.base = path, roots, base
        self.records, self.size = [], 0
        if os.path.exists(path):
            os.unlink(path)  # one that was cut would be the end of whoever has it mapped
        with open(path, 'wb') as f:
            f.truncate(MAX)
            f.write(HEAD.pack(64, 0, MAX, 0))
        os.chmod(path, 0o666)
        shutil.rmtree(base, ignore_errors=True)
        os.makedirs(base)
        for n, root in enumerate(roots):
            subprocess.run(['cp', '-a', '--reflink=auto', root, '%s/%d' % (base, n)], check=True)
        self.inodes = {}  # number: path, of the base
        for root in roots:
            for top, _, files in os.walk(root):
                for p in [top] + [os.path.join(top, f) for f in files]:
                    self.inodes[os.lstat(p).st_ino] = p

    def environment(self, layer):
        return {'LD_PRELOAD': layer, 'POWER_JOURNAL': self.path, 'POWER_ROOTS': ':'.join(self.roots)}

    # ---- while it runs ----

    def attach(self, layer):
        """Marks can be made from here on."""
        os.environ.update(POWER_JOURNAL=self.path, POWER_ROOTS=':'.join(self.roots))
        self.library = ctypes.CDLL(layer)
        self.library.power_begin()
        for name in ('POWER_JOURNAL', 'POWER_ROOTS'):
            del os.environ[name]

    def mark(self, words):
        self.library.power_mark(words.encode())

    # ---- afterwards ----

    def read(self):
        self.file = open(self.path, 'rb')
        self.map = mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ)
        head, over, _, _ = HEAD.unpack_from(self.map)
        if over:
            raise Broken('the journal was too small')
        at, records = 64, []
        while at < head:
            length, kind, who, _, ino, off, n, payload, mode, uid, gid, ready, _ = RECORD.unpack_from(self.map, at)
            if length == 0 or not ready:
                break  # the end came while it was written down
            r = Record()
            r.at, r.kind, r.who, r.ino, r.off, r.n = at, KINDS[kind], who.decode(), ino, off, n
            r.mode, r.uid, r.gid, r.data = mode, uid, gid, (at + RECORD.size, payload)
            r.text = None
            if r.kind not in ('written', 'cut', 'grown', 'synced', 'synced-all'):
                r.text = os.fsdecode(self.map[at + RECORD.size:at + RECORD.size + payload])
            records.append(r)
            at += length
        self.records, self.size = records, at

    def marks(self, before):
        return [r.text for r in self.records if r.kind == 'mark' and r.at < before]

    def writes_to(self, path):
        """Records of a file that is in the base."""
        return [r for r in self.records if r.kind == 'written' and self.inodes.get(r.ino) == path]

    def bytes_of(self, r):
        start, n = r.data
        return self.map[start:start + n] if n > 0 else bytes(r.n)

    def disk(self, at, choice=None, lies=''):
        return Disk(self, at, choice or Choice(), lies)


class Disk:
    """The state at one moment: every node twice, as programs saw it and as the disk has it."""

    def __init__(self, recording, at, choice, lies):
        self.recording, self.at, self.choice, self.lies = recording, at, choice, lies
        self.inodes, self.operations, self.tops = {}, [], {}
        self.load_base()
        self.base_names = [(n, dict(n.names)) for n in self.inodes.values() if n.names is not None]
        for r in recording.records:
            if r.at >= at:
                break
            getattr(self, r.kind.replace('-', '_'))(r)

    def load_base(self):
        paths = {}
        base, roots = self.recording.base, self.recording.roots
        for ino, p in self.recording.inodes.items():
            kept = next('%s/%d%s' % (base, n, p[len(root):]) for n, root in enumerate(roots)
                        if p == root or p.startswith(root + '/'))
            st = os.lstat(kept)
            node = Node(st.st_mode, st.st_uid, st.st_gid, kept)
            if stat.S_ISLNK(st.st_mode):
                node.target = os.readlink(kept)
            paths[p] = self.inodes[ino] = node
        for p, node in paths.items():
            if p in roots:
                self.tops[p] = node
            else:
                paths[os.path.dirname(p)].names[os.path.basename(p)] = node

    # ---- names, as programs see them ----

    def split(self, path):
        """Directory and last name; None for a directory that is not known."""
        for root, top in self.tops.items():
            if path.startswith(root + '/'):
                node = top
                *parts, last = path[len(root) + 1:].split('/')
                for part in parts:
                    node = node.names.get(part) if node is not None and node.names is not None else None
                return node, last
        return None, ''

    def name(self, r, *parts):
        for directory, name, node in parts:
            if node is None:
                directory.names.pop(name, None)
            else:
                directory.names[name] = node
        self.operations.append(Names(r, parts))

    def put(self, r, path, node):
        directory, name = self.split(path)
        if directory is not None:
            self.name(r, (directory, name, node))

    def made(self, r):
        node = self.inodes[r.ino] = Node(r.mode, r.uid, r.gid)
        self.put(r, r.text, node)

    made_dir = made

    def made_link(self, r):
        path, target = r.text.split('\0')
        node = Node(stat.S_IFLNK | 0o777, 0, 0)
        node.target = target
        self.put(r, path, node)

    def removed(self, r):
        self.put(r, r.text, None)

    def renamed(self, r):
        old, new = r.text.split('\0')
        (d1, n1), (d2, n2) = self.split(old), self.split(new)
        if d1 is not None and d2 is not None:  # what stdio made has no node: then nothing has the name
            self.name(r, (d1, n1, None), (d2, n2, d1.names.get(n1)))

    def linked(self, r):
        old, new = r.text.split('\0')
        (d1, n1), (d2, n2) = self.split(old), self.split(new)
        if d1 is not None and d2 is not None:
            self.name(r, (d2, n2, d1.names.get(n1)))

    # ---- bytes ----

    def written(self, r):
        if r.ino in self.inodes:  # else stdio made it
            self.inodes[r.ino].changes.append(r)

    cut = grown = written

    def synced(self, r):
        node = self.inodes.get(r.ino)
        if node is not None and r.who not in self.lies:
            node.synced = max(node.synced, min(r.off, r.at))

    def synced_all(self, r):
        for node in self.inodes.values() if r.who not in self.lies else ():
            node.synced = max(node.synced, r.off)

    def mark(self, r):
        pass

    # ---- what is left ----

    def survives(self, op):
        """A sync of a directory keeps its names.  That a sync of a file keeps its own is no promise of
        POSIX; PostgreSQL counts on it, as every file system does so, and we do not."""
        return op.at < self.choice.names_to or \
            any(op.at < d.synced or (op.who == 'p' and node is not None and op.at < node.synced)
                for d, _, node in op.parts)

    def names_left(self):
        """Path: node, of all that can be reached."""
        left = {id(d): dict(names) for d, names in self.base_names}
        for op in self.operations:
            if self.survives(op):
                for directory, name, node in op.parts:
                    left.setdefault(id(directory), {})[name] = node
        return self.walk(lambda d: left.get(id(d), {}))

    def names_seen(self):
        return self.walk(lambda d: d.names)

    def walk(self, names_of):
        out, todo = {}, list(self.tops.items())
        while todo:
            path, node = todo.pop()
            out[path] = node
            if node.names is not None:
                todo += [(path + '/' + name, n) for name, n in names_of(node).items() if n is not None]
        return out

    def content(self, node, everything=False):
        """The bytes; None: those of the base."""
        body = None
        for r in node.changes:
            kept = everything or r.at < node.synced or self.chosen(r)
            if not kept:
                continue
            if body is None:
                body = bytearray(self.base_of(node))
            self.apply(body, r, kept)
        return body

    def chosen(self, r):
        """Of what was not synced: sectors of a write; a size as the names go."""
        if r.kind == 'written':
            return self.choice.sectors(r)
        return r.at < self.choice.names_to

    @staticmethod
    def base_of(node):
        if node.base is None:
            return b''
        with open(node.base, 'rb') as f:
            return f.read()

    def apply(self, body, r, kept):
        if r.kind == 'cut' and r.off < len(body):
            del body[r.off:]
        if r.kind in ('cut', 'grown') and r.off > len(body):
            body.extend(bytes(r.off - len(body)))
        if r.kind != 'written':
            return
        data = self.recording.bytes_of(r)
        for begin, end in [(r.off, r.off + r.n)] if kept is True else self.pieces(r, kept):
            if end > len(body):
                body.extend(bytes(end - len(body)))
            body[begin:end] = data[begin - r.off:end - r.off]

    @staticmethod
    def pieces(r, coin):
        at = r.off
        while at < r.off + r.n:
            end = min((at // SECTOR + 1) * SECTOR, r.off + r.n)
            if coin():
                yield at, end
            at = end

    def restore(self):
        """Make the roots what the disk holds."""
        for n, root in enumerate(self.recording.roots):
            shutil.rmtree(root, ignore_errors=True)
            subprocess.run(['cp', '-a', '--reflink=auto', '%s/%d' % (self.recording.base, n), root], check=True)
        left = self.names_left()
        was = self.base_paths()
        for path, node in sorted(was.items(), reverse=True):
            if left.get(path) is not node:
                os.rmdir(path) if node.names is not None else os.unlink(path)
        for path, node in sorted(left.items()):
            self.make(path, node, was.get(path) is node)

    def base_paths(self):
        names = {id(d): n for d, n in self.base_names}
        return self.walk(lambda d: names.get(id(d), {}))

    def make(self, path, node, is_there):
        if node.names is not None:
            if not is_there:
                os.mkdir(path)
        elif node.target is not None:
            if not is_there:
                os.symlink(node.target, path)
            return
        else:
            body = self.content(node)
            if body is None and is_there:
                return
            with open(path, 'wb') as f:
                f.write(self.base_of(node) if body is None else body)
        if not is_there:
            os.chown(path, node.uid, node.gid)
            os.chmod(path, stat.S_IMODE(node.mode))

    def compare(self, is_exempt):
        """With all that was asked, the real files: paths that differ."""
        bad = []
        seen = self.names_seen()
        real = set(self.recording.roots)
        for root in self.recording.roots:
            for top, dirs, files in os.walk(root):
                real.update(os.path.join(top, x) for x in dirs + files)
        for path in sorted(real | set(seen)):
            if is_exempt(path):
                continue
            if path not in real or path not in seen:
                bad.append('%s is only %s' % (path, 'in the journal' if path in seen else 'on the disk'))
            elif seen[path].names is None and seen[path].target is None and not self.is_same(path, seen[path]):
                bad.append('%s has other bytes' % path)
        return bad

    def is_same(self, path, node):
        with open(path, 'rb') as f:
            real = f.read()
        body = self.content(node, everything=True)
        return real == (self.base_of(node) if body is None else bytes(body))
