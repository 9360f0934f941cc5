"""regress/faults/matrix.py - families of seeded faults against a whole site, and what must hold after each.

A family is a class: it prepares a site, and fault(seed) does one thing to it.  After each fault:
  no job is OK that does not restore exactly · no daemon died · the next job on the same volumes works
  volumes can be listed · memory, threads and descriptors come back to where they were
"""
import argparse
import itertools
import os
import random
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
from farm import BIN, DAEMONS, OK, PATIENCE, SANITIZED, SOURCE, Broken, Site, await_true  # noqa: E402

JOB_SECONDS = 30        # any job of these, whatever happens to it
RSS_KIB = 400 * 1024 if SANITIZED else 160 * 1024
SLACK_DESCRIPTORS = 6   # catalog connections of the pool and the like
SLACK_THREADS = 4
ENOUGH = 5               # failed cases


class Skip(Exception):
    """The machine does not let us; the reason."""


def small_tree(top, seed):
    """Files of a few blocks in all: a job that takes a fraction of a second."""
    rng = random.Random(seed)
    for d in ('a', 'a/b', 'c'):
        os.makedirs(os.path.join(top, d), exist_ok=True)
    for i in range(60):
        size = rng.choice((0, 1, 100, 3000, 20000, 70000))
        with open(os.path.join(top, rng.choice(('a', 'a/b', 'c')), 'f%02d' % i), 'wb') as f:
            f.write(rng.randbytes(size))
    with open(os.path.join(top, 'big'), 'wb') as f:
        f.write(rng.randbytes(900000))
    os.symlink('big', os.path.join(top, 'link'))
    os.link(os.path.join(top, 'big'), os.path.join(top, 'c/hard'))


class Family:
    name = ''
    seeds = 10  # in CI
    heartbeat = '1'
    silence = 8  # Absolute Job Timeout

    def __init__(self):
        self.site = None
        self.usage = {}
        self.good = 0  # a job that ended well before any fault
        self.listed = 0
        self.seed = 0

    # ---- the site ----

    def configure(self, site):
        """More than the common conf; before the start."""

    def prepare(self):
        self.check_rights()
        self.site = s = Site()
        small_tree(s.src, 1)
        s.conf_edit('sd', r'^(  Device Type = File)', r'\1\n  Maximum Block Size = 65536')
        s.conf_edit('dir', 'Maximum Volume Bytes = .*', 'Maximum Volume Bytes = 5000000')
        s.conf_edit('dir', r'^(  Working Directory = .*)', r'\1\n  Heartbeat Interval = %s\n  FD Connect Timeout = 10\n'
                    r'  SD Connect Timeout = 10\n  Absolute Job Timeout = %d' % (self.heartbeat, self.silence))
        for d in ('sd', 'fd'):
            s.conf_edit(d, r'^(  Working Directory = .*)', r'\1\n  Heartbeat Interval = %s\n  Absolute Job Timeout = %d'
                        % (self.heartbeat, self.silence))
        s.conf_edit('fd', r'^(  Working Directory = .*)', r'\1\n  SD Connect Timeout = 10')
        s.conf_edit('sd', r'^(  Working Directory = .*)', r'\1\n  Client Connect Wait = 10')
        self.configure(s)
        s.up()
        self.good, letter = s.backup()
        if letter not in OK:
            raise Broken('the first job ended with status %s: %s' % (letter, s.joblog(self.good)))
        restored, _ = s.restore(self.good, s.dir + '/warm')
        s.settled(restored)
        for d in DAEMONS:
            self.usage[d] = s.usage(d)

    def check_rights(self):
        """Raise Skip when this machine does not let the family run."""

    def finish(self):
        """Behind the last case; what was good before all faults still is."""
        s = self.site
        where = s.dir + '/first'
        _, letter = s.restore(self.good, where)
        if letter != 'T':
            raise Broken('the job from before all faults restores with status %s' % letter)
        s.same_tree(where)

    def leave(self, rc):
        """Stop the site, whatever happened before; the exit status."""
        if self.site is None:
            return rc
        try:
            self.site.stop(keep=rc == 1)
        except Broken as e:
            print('not ok - %s' % str(e).replace('\n', '\n# '), flush=True)
            rc = 1
        if rc == 1:
            print('# the site is kept in ' + self.site.dir, flush=True)
        return rc

    # ---- one case ----

    def fault(self, seed):
        """Do it; a line about it."""
        raise NotImplementedError

    def heal(self):
        """The cause is over."""

    def turn(self, *lists):
        """One of each list: as many seeds as there are combinations meet them all."""
        all_of_them = list(itertools.product(*lists))
        return all_of_them[(self.seed - 1) % len(all_of_them)]

    def case(self, seed):
        s = self.site
        self.seed = seed
        try:
            what = self.fault(random.Random('%s %d' % (self.name, seed)))
        finally:
            self.heal()
        s.all_alive()
        job, letter = s.backup(seconds=JOB_SECONDS)
        if letter not in OK:
            raise Broken('%s: the next job ended with status %s:\n%s' % (what, letter, s.joblog(job)))
        self.check_restore(job, 'the next job')
        self.check_volumes()
        self.check_usage()
        s.all_alive()
        return what

    def check_restore(self, job, what):
        s = self.site
        where = s.dir + '/again'
        shutil.rmtree(where, ignore_errors=True)
        restore, letter = s.restore(job, where, seconds=JOB_SECONDS)
        if letter != 'T':
            raise Broken('%s %d does not restore (status %s):\n%s\n%s'
                         % (what, job, letter, s.joblog(job), s.joblog(restore)))
        s.same_tree(where)
        shutil.rmtree(where)

    def check_ended(self, job, letter):
        """A job that met a fault: OK only if it restores exactly; else it says why."""
        s = self.site
        if letter in OK:
            self.check_restore(job, 'a job that survived the fault')
            return
        # The final row comes first, the report and the last words a moment later.
        await_true(JOB_SECONDS, 'job %d reports' % job, lambda: 'Termination:' in s.joblog(job))
        if not any(w in s.joblog(job) for w in ('Fatal error', 'Error')):
            raise Broken('job %d ended with status %s and no reason:\n%s' % (job, letter, s.joblog(job)))

    def reason(self, job, letter):
        """The first complaint of a job that failed, for the eye."""
        lines = [x for x in self.site.joblog(job).split('\n') if 'Fatal error: ' in x or ' Error: ' in x]
        return ' - ' + lines[0].split('rror: ', 1)[1][:150] if lines and letter not in OK else ''

    def check_volumes(self):
        """Those written since the last look."""
        s = self.site
        names = sorted(os.listdir(s.volumes))
        for name in names[max(0, self.listed - 1):]:
            if os.path.getsize(os.path.join(s.volumes, name)) == 0:
                continue
            p = subprocess.run([BIN + '/tercet-volume', 'ls', os.path.join(s.volumes, name)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, errors='replace')
            if p.returncode not in (0, 1) or 'checksum' in p.stderr:
                raise Broken('tercet-volume ls %s: %d %s' % (name, p.returncode, p.stderr[-1000:]))
        self.listed = len(names)
        bad = s.sql("SELECT volumename FROM media WHERE volstatus = 'Error'")
        if bad and not self.may_condemn:
            raise Broken('a volume is in Error: ' + bad)

    may_condemn = False

    def check_usage(self):
        s = self.site

        def back():
            for d in DAEMONS:
                now, then = s.usage(d), self.usage[d]
                if now['descriptors'] > then['descriptors'] + SLACK_DESCRIPTORS or \
                        now['threads'] > then['threads'] + SLACK_THREADS:
                    return False
            return True

        try:
            await_true(20, 'threads and descriptors come back', back)
        except Broken as e:
            raise Broken('%s: then %s, now %s\n%s' % (e, self.usage, {d: s.usage(d) for d in DAEMONS}, s.stacks()))
        for d in DAEMONS:
            if s.usage(d)['rss'] > RSS_KIB:
                raise Broken('tercet-%s has %d KiB' % (d, s.usage(d)['rss']))


def one_case(family, n, seed):
    began = time.monotonic()
    try:
        what = family.case(seed)
    except (Broken, subprocess.TimeoutExpired, OSError) as e:
        print('not ok %d - %s seed %d\n# rerun: regress/faults/run --family %s --seed %d'
              % (n, family.name, seed, family.name, seed))
        print('\n'.join('# ' + x for x in str(e).split('\n') if x), flush=True)
        return False
    print('ok %d - %s seed %d: %s (%.1f s)' % (n, family.name, seed, what, time.monotonic() - began), flush=True)
    return True


def all_cases(family, seeds, stop):
    family.prepare()
    failed = 0
    for n, seed in enumerate(seeds, 1):
        failed += not one_case(family, n, seed)
        if failed and (stop or failed >= ENOUGH):
            raise Broken('%d cases failed, the rest is left out' % failed)
    if failed:
        raise Broken('%d cases failed' % failed)
    family.finish()


def run(family, seeds, stop=False):
    """All seeds of one family on one site, in TAP; the exit status."""
    began, rc = time.monotonic(), 0
    print('1..%d' % len(seeds), flush=True)
    try:
        all_cases(family, seeds, stop)
    except Skip as e:
        print('# skipped: family %s: %s' % (family.name, e), flush=True)
        rc = 77
    except Broken as e:
        print('not ok - family %s: %s' % (family.name, e), flush=True)
        rc = 1
    finally:
        rc = family.leave(rc)
    print('# %s: %.0f s' % (family.name, time.monotonic() - began), flush=True)
    return rc


def families():
    import links
    import disks
    import power
    import stops
    return {f.name: f for m in (links, disks, power, stops) for f in m.FAMILIES}


def main(args=None):
    ap = argparse.ArgumentParser(prog='regress/faults/run', description='Seeded faults against real daemons.')
    ap.add_argument('--family', action='append', help='only this one; may be given again')
    ap.add_argument('--seeds', type=int, help='seeds 1 to N (each family has its number for CI)')
    ap.add_argument('--first', type=int, default=1, help='begin at this seed')
    ap.add_argument('--seed', type=int, action='append', help='just this seed')
    ap.add_argument('--list', action='store_true', help='name the families')
    ap.add_argument('--stop', action='store_true', help='stop at the first failure')
    o = ap.parse_args(args)
    known = families()
    if o.list:
        for name, f in known.items():
            print('%-16s %3d seeds in CI  %s' % (name, f.seeds, (f.__doc__ or '').strip().split('\n')[0]))
        return 0
    worst = 0
    for name in o.family or known:
        if name not in known:
            ap.error('no family %s; there are %s' % (name, ' '.join(known)))
        f = known[name]()
        seeds = o.seed or list(range(o.first, o.first + (o.seeds or f.seeds)))
        rc = run(f, seeds, o.stop)
        if rc == 1 or worst == 0:
            worst = rc
    return worst
