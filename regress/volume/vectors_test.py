#!/usr/bin/env python3
# labels: quick
"""Every golden volume, extracted by tercet-volume, is what its manifest says.

Reads regress/golden; encrypted files must be named as not restored, and nothing of them be there.
Needs root (owners, device nodes, trusted attributes); without it the test is skipped.
"""
import ctypes
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

SOURCE = os.environ.get('TERCET_SOURCE') or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get('TERCET_BIN', '')
TOOL = os.environ.get('TERCET_VOLUME') or os.path.join(BIN, 'tercet-volume')
GOLDEN = os.path.join(SOURCE, 'regress', 'golden')
KINDS = {'reg': stat.S_IFREG, 'dir': stat.S_IFDIR, 'lnk': stat.S_IFLNK, 'chr': stat.S_IFCHR,
         'blk': stat.S_IFBLK, 'fifo': stat.S_IFIFO}
# What two fifos delivered in the vector `interleaved`.
FIFOS = {'/vec/fifo-a': 'c884840dcc53a612a35b28199ce14e51502f788d1068057fb20daf798730a1b8',
         '/vec/fifo-b': '489a2628b90c0eed6b3c4a1b0c5a7bd77a9ecb34b03333e89f5082eae3af6bf8'}
# A manifest holds the merged state where a volume has two jobs.
MERGED = {'append', 'incr'}
# Saved without the Hard Links option: every name is a file of its own.
NO_LINKS = {'mixed'}
libacl = ctypes.CDLL('libacl.so.1')
libacl.acl_get_file.restype = ctypes.c_void_p
libacl.acl_to_text.restype = ctypes.c_void_p
libacl.acl_to_text.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
libacl.acl_free.argtypes = [ctypes.c_void_p]


def rows(path):
    with open(path, encoding='ascii') as f:
        lines = f.read().split('\n')
    names = [c.split('(')[0].split(' ')[0] for c in lines[0].lstrip('#').split('\t')]
    return [dict(zip(names, line.split('\t'))) for line in lines[1:] if line]


def unescape(text):
    return re.sub(rb'%([0-9A-F]{2})', lambda m: bytes([int(m.group(1), 16)]), text.encode('ascii'))


def acl_text(path, kind):
    acl = libacl.acl_get_file(path, kind)
    if not acl:
        return b''
    text = libacl.acl_to_text(acl, None)
    value = ctypes.string_at(text) if text else b''
    libacl.acl_free(text)
    libacl.acl_free(acl)
    return value


class Deep:
    """chdir down to a path of any length, so that every call takes a short name."""

    def __init__(self, root, path):
        self.parts = [p for p in path.split(b'/') if p]
        self.root = root

    def __enter__(self):
        self.cwd = os.open('.', os.O_RDONLY)
        os.chdir(self.root)
        for part in self.parts[:-1]:
            os.chdir(part)
        return self.parts[-1] if self.parts else b'.'

    def __exit__(self, *_):
        os.fchdir(self.cwd)
        os.close(self.cwd)


def differences(row, name, links):
    out = []

    def same(what, want, got):
        if want != got:
            out.append('%s is %r, manifest says %r' % (what, got, want))

    st = os.lstat(name)
    same('kind', KINDS[row['type']], stat.S_IFMT(st.st_mode))
    if row['type'] != 'lnk':
        same('mode', int(row['mode'], 8), stat.S_IMODE(st.st_mode))
    same('owner', (int(row['uid']), int(row['gid'])), (st.st_uid, st.st_gid))
    same('mtime', int(row['mtime']), int(st.st_mtime))
    if row['type'] == 'reg':
        same('size', int(row['size']), st.st_size)
        with open(name, 'rb') as f:
            same('content', row['sha256'], hashlib.sha256(f.read()).hexdigest())
        if links:
            same('links', int(row['nlink']), st.st_nlink)
    if row['type'] == 'lnk':
        same('target', unescape(row['link']), os.readlink(name))
    if row['type'] in ('chr', 'blk'):
        same('device', row['rdev'], '%d:%d' % (os.major(st.st_rdev), os.minor(st.st_rdev)))
    return out, st


def metadata(row, name):
    out = []
    if row['type'] != 'lnk':
        # More than the three base entries, else it only repeats the mode.
        text = acl_text(name, 0x8000)
        access = text if text.count(b'\n') > 3 else b''
        want = b'' if row['acl_access'] == '-' else unescape(row['acl_access'])
        if access != want:
            out.append('access ACL %r, manifest says %r' % (access, want))
    if row['type'] == 'dir':
        want = b'' if row['acl_default'] == '-' else unescape(row['acl_default'])
        if acl_text(name, 0x4000) != want:
            out.append('default ACL differs')
    want = {}
    if row['xattrs'] != '-':
        for item in row['xattrs'].split(','):
            key, value = item.split('=')
            want[unescape(key)] = bytes.fromhex(value)
    got = {os.fsencode(n): os.getxattr(name, n, follow_symlinks=False)
           for n in os.listxattr(name, follow_symlinks=False) if not n.startswith('system.posix_acl')}
    if want != got:
        out.append('attributes %r, manifest says %r' % (got, want))
    return out


def compare(variant, manifest, root, with_meta, encrypted):
    """Problems found; every path of the manifest is looked at, and nothing else may be there."""
    problems, groups, seen = [], {}, set()
    for row in manifest:
        if row['type'] == 'sock':
            continue
        path = unescape(row['path'])
        seen.add(path)
        if encrypted and row['type'] == 'reg' and row['size'] != '0':
            if os.path.lexists(os.path.join(root, path.lstrip(b'/'))):
                problems.append('%s: encrypted, but a file is there' % row['path'])
            continue
        try:
            with Deep(root, path) as name:
                found, st = differences(row, name, variant not in NO_LINKS)
                if with_meta:
                    found += metadata(row, name)
        except OSError as e:
            problems.append('%s: %s' % (row['path'], e.strerror))
            continue
        problems += ['%s: %s' % (row['path'], p) for p in found]
        if row['hardlink_group'] != '-' and variant not in NO_LINKS:
            groups.setdefault(row['hardlink_group'], set()).add(st.st_ino)
    problems += ['hard link group %s: %d inodes' % (g, len(i)) for g, i in groups.items() if len(i) != 1]
    for here, dirs, files in os.walk(root):
        for n in dirs + files:
            p = b'/' + os.path.relpath(os.path.join(here, n), root)
            if p not in seen and not any(s.startswith(p + b'/') for s in seen) and len(p) < 3000:
                problems.append('%r: not in the manifest' % p)
    return problems


def manifests(folder, row):
    merged = {}
    for name in row['manifests'].split(','):
        for line in rows(os.path.join(GOLDEN, 'bareos', 'manifests', name + '.tsv')):
            merged[line['path']] = line
    return list(merged.values())


def has_meta(volumes):
    """The job saved ACLs and attributes (manifests have them either way)."""
    out = subprocess.run([TOOL, 'ls', '-r'] + volumes, capture_output=True).stdout
    return b'XATTR_LINUX' in out


def check(folder, row, tmp):
    variant = row['variant']
    base = os.path.join(GOLDEN, folder, variant)
    volumes = [os.path.join(base, v) for v in row['volumes'].split(',')]
    root = os.path.join(tmp, folder + '-' + variant).encode()
    encrypted = variant.startswith('enc')
    run = subprocess.run([TOOL, 'extract'] + volumes + [root], capture_output=True, text=True, errors='replace')
    problems = []
    # The only fifo contents go to regular files with a warning.
    if run.returncode != (1 if encrypted else 0):
        problems.append('exit code %d: %s' % (run.returncode, run.stderr[-2000:]))
    if encrypted and 'encrypted' not in run.stderr:
        problems.append('encrypted files are not named')
    if variant == 'label-only':
        return problems
    if variant == 'bpipe':
        want = next(r for r in rows(os.path.join(GOLDEN, 'bareos/manifests/small.tsv'))
                    if r['path'].endswith('size-20000.txt'))['sha256']
        with open(root + b'/BPIPE/data.txt', 'rb') as f:
            if hashlib.sha256(f.read()).hexdigest() != want:
                problems.append('content of /BPIPE/data.txt differs')
        return problems
    if variant == 'interleaved':
        for path, want in FIFOS.items():
            with open(root + path.encode(), 'rb') as f:
                if hashlib.sha256(f.read()).hexdigest() != want:
                    problems.append('content of %s differs' % path)
            os.unlink(root + path.encode())
    if variant in MERGED:
        for name, job in zip(row['manifests'].split(','), row['jobids'].split(',')):
            problems += one_job(folder, row, name, job, tmp)
        return problems
    return problems + compare(variant, manifests(folder, row), root, has_meta(volumes), encrypted)


def one_job(folder, row, manifest, job, tmp):
    """A volume with two jobs: each by its bootstrap; the incremental over the full."""
    base = os.path.join(GOLDEN, folder, row['variant'])
    bsr = os.path.join(base, 'restore-job%s.bsr' % job)
    if not os.path.exists(bsr):
        return ['no bootstrap for job %s' % job]
    root = os.path.join(tmp, folder + '-' + row['variant'] + '-job' + job).encode()
    run = subprocess.run([TOOL, 'extract', '-b', bsr, base, root], capture_output=True, text=True)
    if run.returncode != 0:
        return ['job %s: exit code %d: %s' % (job, run.returncode, run.stderr)]
    lines = rows(os.path.join(GOLDEN, 'bareos', 'manifests', manifest + '.tsv'))
    # The incremental holds only what changed; what is there must be right.
    there = [r for r in lines if os.path.lexists(os.path.join(root, unescape(r['path']).lstrip(b'/')))]
    if not there:
        return ['job %s: nothing restored' % job]
    if 'full' in manifest and len(there) != len(lines):
        return ['job %s: %d of %d files restored' % (job, len(there), len(lines))]
    return compare(row['variant'], there, root, False, False)


def main():
    if os.geteuid() != 0:
        print('SKIP: must be root to restore owners and devices')
        return 77
    failed = passed = 0
    tmp = tempfile.mkdtemp(prefix='volume-vectors-')
    try:
        for folder in ('bareos', 'bacula9'):
            for row in rows(os.path.join(GOLDEN, folder, 'facts.tsv')):
                if len(sys.argv) > 1 and row['variant'] not in sys.argv[1:]:
                    continue
                problems = check(folder, row, tmp)
                for p in problems:
                    print('%s/%s: %s' % (folder, row['variant'], p))
                failed += bool(problems)
                passed += not problems
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    print('%d volumes as in their manifests, %d not' % (passed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
