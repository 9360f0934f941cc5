"""regress/perf/rows.py - what is measured: the rows of the budget table, and the special rows

Each special row is a function that takes the options and a directory and returns a list of
(what, figure as text, budget as text, met).
"""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

import trees
from measure import sh
from tools import Tercet


@dataclass
class Row:
    title: str
    tree: str
    digest: str = 'XXH128'
    compression: str = None
    # (wall s, CPU s of the three daemons); what no budget is named for has None
    budget: dict = field(default_factory=dict)


FLOOR, FLOOR_FILES = 0.9, 100000  # seconds tar needs for so many small files where the budgets were set
ROWS = {
    'small': Row('100,000 files', 'small', budget={'save': (1.4, 2.7), 'restore': (2.0, 3.0)}),
    'big': Row('2 GiB in one file', 'big', budget={'save': (2.2, 3.3), 'restore': (2.2, 3.3)}),
    'sha256': Row('2 GiB, SHA-256', 'big', digest='SHA256', budget={'save': (2.7, 4.4)}),
    'lz4': Row('512 MiB text, LZ4', 'text', compression='LZ4', budget={'save': (1.0, 1.8)}),
    'gzip6': Row('512 MiB text, GZIP6', 'text', compression='GZIP6', budget={'save': (3.0, 5.0)}),
}


def tree(opts, base, kind):
    """The directory of a tree below base, made when it is not there."""
    d = os.path.join(base, 'src-' + kind)
    if not os.path.isdir(d):
        os.mkdir(d)
        {'small': lambda: trees.small(d, opts.files), 'big': lambda: trees.big(d, opts.mib),
         'text': lambda: trees.text(d, opts.text_mib), 'many': lambda: trees.many(d, opts.many)}[kind]()
    return d


class Site:
    """A Tercet site in a directory of its own, for a with statement."""

    def __init__(self, opts, base):
        self.work = tempfile.mkdtemp(prefix='w', dir=base)
        os.chmod(self.work, 0o755)
        self.opts = opts

    def __enter__(self):
        try:
            self.tercet = Tercet(self.opts, self.work)
        except BaseException:
            shutil.rmtree(self.work, ignore_errors=True)
            raise
        return self.tercet

    def __exit__(self, *exc):
        self.tercet.close()
        shutil.rmtree(self.work, ignore_errors=True)


def judged(what, value, form, limit, at_least=False):
    met = value >= limit if at_least else value <= limit
    return (what, form % value, ('>= ' if at_least else '<= ') + form % limit, met)


# ---- many files: resident sizes, ingest, restore tree ----

def many(opts, base):
    src = tree(opts, base, 'many')
    with Site(opts, base) as t:
        r = t.save(src, ROWS['small'])
        ready = min(t.tree_seconds() for _ in range(3))
    n = opts.many
    return [
        judged('file daemon, peak MiB', r.peak['fd'], '%.0f', 128),
        judged('storage daemon, peak MiB', r.peak['sd'], '%.0f', 64),
        judged('director, peak MiB', r.peak['dir'], '%.0f', 128),
        judged('attributes ingested per second of the director\'s CPU', n / max(r.cpu['dir'], 0.01), '%.0f', 200000,
               True),
        judged('restore tree ready, s', ready, '%.2f', 2.0),
        ('whole job: wall s, CPU s of the daemons, of PostgreSQL',
         '%.2f, %.2f, %.2f' % (r.wall, r.daemons_cpu(), r.cpu.get('postgres', 0)), '', True),
    ]


# ---- what TLS costs ----

class Clear:
    """The options, with no TLS on any link."""

    def __init__(self, opts):
        self.bin, self.clear = opts.bin, True


def tls(opts, base):
    """Every row but sha256, which is big's for the links."""
    out = []
    with Site(opts, base) as with_tls, Site(Clear(opts), base) as without:
        for name in (n for n in ROWS if n != 'sha256'):
            row, cpu = ROWS[name], {}
            src = tree(opts, base, row.tree)
            for _ in range(max(opts.repeat, 3)):
                for link, t in (('tls', with_tls), ('clear', without)):
                    dst = os.path.join(base, 'out-' + link)
                    for work, r in (('save', t.save(src, row)), ('restore', t.restore(dst))):
                        cpu[link, work] = min(cpu.get((link, work), 1e9), r.daemons_cpu())
                    shutil.rmtree(dst, ignore_errors=True)
                    t.forget()
            out += [judged('%s, %s: %.2f s of CPU in clear, %.2f s in TLS; TLS adds %%' % (
                row.title, w, cpu['clear', w], cpu['tls', w]), 100 * (cpu['tls', w] / max(cpu['clear', w], 0.01) - 1), '%.0f', 15)
                for w in ('save', 'restore')]
    return out


# ---- system calls ----

def calls(opts, base):
    """strace is slow, so fewer files; the calls of a job without files are small beside theirs."""
    src = tree(opts, base, 'small')
    files = sum(len(f) for _, _, f in os.walk(src))
    report = os.path.join(base, 'calls')
    with Site(opts, base) as t:
        p = subprocess.Popen(['strace', '-f', '-c', '-q', '-o', report, '-p', str(t.pids['fd'])],
                             stderr=subprocess.DEVNULL)
        for _ in range(200):
            if re.search(r'TracerPid:\s+[1-9]', open('/proc/%d/status' % t.pids['fd']).read()):
                break
            time.sleep(0.05)
        t.save(src, ROWS['small'])
        p.send_signal(signal.SIGINT)
        p.wait()
    rows = re.findall(r'^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$', open(report).read(), re.M)
    counts = {name: int(n) for n, name in rows if name != 'total'}
    top = sorted(counts.items(), key=lambda x: -x[1])[:8]
    return [judged('system calls of the file daemon per small file', sum(counts.values()) / files, '%.1f', 10),
            ('the most frequent, per file', ', '.join('%s %.2f' % (n, c / files) for n, c in top), '', True)]


# ---- cores ----

def cores(opts, base):
    src = tree(opts, base, 'text')
    out = []
    n = os.cpu_count()
    with Site(opts, base) as t:
        for name in ('lz4', 'gzip6'):
            wall = {}
            for i in range(max(opts.repeat, 2)):
                for k in (1, n):
                    t.pin('0' if k == 1 else '0-%d' % (k - 1))
                    wall[k] = min(wall.get(k, 1e9), t.save(src, ROWS[name]).wall)
                    t.forget()
            out.append(judged('%s, save: %.2f s on 1 core, %.2f s on %d; times faster' % (
                ROWS[name].title, wall[1], wall[n], n), wall[1] / wall[n], '%.1f', 1 + 0.5 * (n - 1) if n <= 4 else 2.5,
                True))
    return out


SPECIAL = {
    'many': ('1,000,000 files in one job', many),
    'tls': ('TLS', tls),
    'calls': ('System calls', calls),
    'cores': ('Cores', cores),
}
