"""regress/faults/disks.py - disks that are full, and disks that fail to read or write.

Full ones are small file systems in memory.  Failing ones are made by strace, which lets chosen system
calls of a running daemon fail: the daemon itself knows nothing of it.
"""
import os
import re
import shutil
import signal
import stat
import subprocess

from farm import await_true, kill_at_end
from matrix import JOB_SECONDS, OK, Broken, Family, Skip

ROOM = '1g'  # what a file system in memory may use when it is not full


class DiskFull(Family):
    """No space left: on the volumes, in the attribute spool, where a restore writes"""
    name = 'disk-full'
    seeds = 16

    def check_rights(self):
        if os.geteuid() != 0:
            raise Skip('mounting a small file system needs root')
        self.mounts, self.filled = {}, {}

    def configure(self, s):
        places = {'volumes': s.volumes, 'spool': s.state + '/sd', 'target': s.dir + '/target'}
        for what, where in places.items():
            os.makedirs(where, exist_ok=True)
            p = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=0755,size=' + ROOM, 'tercet-test', where],
                               stderr=subprocess.PIPE, text=True)
            if p.returncode != 0:
                raise Skip('mounting a small file system: ' + p.stderr.strip())
            self.mounts[what] = where
        s.conf_add('dir', 'Job {\n  Name = "Spooled"\n  JobDefs = "Standard"\n  Client = "farm-fd"\n  Spool Attributes = yes\n}\n')

    def room(self, what, left):
        """Of the file system only so many bytes more can be used; None: all."""
        where = self.mounts[what]
        v = os.statvfs(where)
        size = ROOM if left is None else str((v.f_blocks - v.f_bfree) * v.f_frsize + max(left, 4096))
        subprocess.run(['mount', '-o', 'remount,size=' + size, where], check=True)

    def fault(self, rng):
        what, = self.turn(('volumes', 'spool', 'volumes', 'target'))
        most = {'volumes': 2200000, 'spool': 24000, 'target': 1700000}[what]
        left = int(most * rng.random() ** 2)
        self.room(what, left)
        s = self.site
        if what == 'target':
            job, letter = s.restore(self.good, self.mounts[what] + '/out', seconds=JOB_SECONDS)
            if letter in OK:
                s.same_tree(self.mounts[what] + '/out')
        else:
            job, letter = s.backup('Spooled' if what == 'spool' else 'Backup', seconds=JOB_SECONDS)
        self.heal()
        if what != 'target' or letter not in OK:
            self.check_ended(job, letter)
        if letter not in OK and 'No space left' not in s.joblog(job):
            raise Broken('%s: the reason is not named:\n%s' % (what, s.joblog(job)))
        self.filled[what] = self.filled.get(what, False) or 'No space left' in s.joblog(job)
        return '%d bytes left of %s: status %s' % (left, what, letter)

    def heal(self):
        for what in self.mounts:
            self.room(what, None)
        shutil.rmtree(self.mounts['target'] + '/out', ignore_errors=True)

    def finish(self):
        super().finish()
        never = [what for what, was in self.filled.items() if not was]
        if never and len(self.filled) == 3:
            raise Broken('never full in any of the cases: %s' % ', '.join(never))

    def leave(self, rc):
        if self.site is not None:
            self.site.bash('"$FARM/site/tercet" stop >/dev/null 2>&1 || true')
        for where in self.mounts.values():
            subprocess.run(['umount', '-l', where], stderr=subprocess.DEVNULL)
        return super().leave(rc)


PLANS = (  # job, daemon, system calls, errors, up to which of a thread's calls may be the first that fails
    ('backup', 'sd', 'pwrite64', ('EIO', 'ENOSPC', 'EROFS'), 30),
    ('backup', 'sd', 'fdatasync', ('EIO',), 1),
    ('backup', 'sd', 'fstat,newfstatat', ('EIO',), 2),
    ('backup', 'fd', 'read,pread64', ('EIO', 'ESTALE'), 40),
    ('backup', 'fd', 'openat', ('EACCES', 'EIO'), 60),
    ('backup', 'fd', 'getdents64', ('EIO',), 6),
    ('backup', 'fd', 'flistxattr,llistxattr,listxattr', ('EIO',), 60),
    ('restore', 'sd', 'pread64', ('EIO',), 8),
    ('restore', 'sd', 'openat', ('EIO',), 1),
    ('restore', 'fd', 'write,pwrite64', ('EIO', 'ENOSPC', 'EDQUOT'), 40),
    ('restore', 'fd', 'openat', ('EIO', 'EACCES'), 60),
    ('restore', 'fd', 'mkdirat,mkdir', ('EIO', 'ENOSPC'), 5),
    ('restore', 'fd', 'fchown,fchownat,fchmod,fchmodat,utimensat', ('EIO', 'EPERM'), 60),
    ('restore', 'fd', 'linkat,symlinkat', ('EIO',), 2),
    ('restore', 'fd', 'syncfs', ('EIO', 'ENOSPC'), 1),
)


class DiskError(Family):
    """A system call of a daemon fails: reading, writing, syncing, opening"""
    name = 'disk-error'
    seeds = 24
    may_condemn = True

    def check_rights(self):
        if not shutil.which('strace'):
            raise Skip('strace is not installed')
        p = subprocess.run(['strace', '-qq', '-e', 'inject=getppid:error=EIO', 'true'], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
        if p.returncode != 0:
            raise Skip('strace may not trace here: ' + p.stdout.strip())
        self.tracer = None

    def inject(self, daemon, calls, error, when):
        s = self.site
        self.hits = s.dir + '/strace.out'
        self.tracer = subprocess.Popen(
            ['strace', '-f', '-qq', '-o', self.hits, '-e', 'trace=' + calls,
             '-e', 'inject=%s:error=%s:when=%s' % (calls, error, when), '-p', str(s.pid(daemon))],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def traced():
            tasks = '/proc/%d/task' % s.pid(daemon)
            for t in os.listdir(tasks):
                with open('%s/%s/status' % (tasks, t)) as f:
                    if 'TracerPid:\t%d\n' % self.tracer.pid not in f.read():
                        return False
            return True

        await_true(20, 'strace holds tercet-' + daemon, traced)

    def heal(self):
        if self.tracer is not None:
            self.tracer.send_signal(signal.SIGINT)
            try:
                self.tracer.wait(20)
            except subprocess.TimeoutExpired:
                kill_at_end(self.tracer)
            self.tracer = None

    def happened(self):
        with open(self.hits, errors='replace') as f:
            return [line.split(' ', 1)[1].strip() for line in f if '(INJECTED)' in line]

    def run_job(self, kind, daemon, calls, error, when):
        """The job, its letter, and the calls that failed."""
        s = self.site
        self.inject(daemon, calls, error, when)
        try:
            if kind == 'backup':
                job, letter = s.backup(seconds=JOB_SECONDS)
            else:
                where = s.dir + '/harmed'
                shutil.rmtree(where, ignore_errors=True)
                job, letter = s.restore(self.good, where, seconds=JOB_SECONDS)
        finally:
            self.heal()
        return job, letter, self.happened()

    def fault(self, rng):
        (kind, daemon, calls, errors, most), = self.turn(PLANS)
        error = rng.choice(errors)
        number, on = rng.randrange(1, most + 1), rng.choice(('', '', '+'))  # once, or from then on
        s = self.site
        job, letter, failed = self.run_job(kind, daemon, calls, error, '%d%s' % (number, on))
        if not failed:  # no thread made so many
            number = 1
            job, letter, failed = self.run_job(kind, daemon, calls, error, '1' + on)
        if not failed:
            raise Broken('tercet-%s makes no call of %s in a %s' % (daemon, calls, kind))
        what = '%s, tercet-%s: %s of %s number %d%s (%d times, %s): status %s' \
            % (kind, daemon, error, calls, number, on, len(failed), failed[0][:100], letter)
        try:
            if kind == 'restore':
                self.judge(job, letter, s.dir + '/harmed')
            elif letter in OK:
                where = s.dir + '/again'
                shutil.rmtree(where, ignore_errors=True)
                again, came = s.restore(job, where, seconds=JOB_SECONDS)
                if came != 'T':
                    raise Broken('job %d does not restore (status %s):\n%s' % (job, came, s.joblog(again)))
                self.judge(job, letter, where)
            else:
                self.check_ended(job, letter)
        except Broken as e:
            raise Broken('%s: %s' % (what, e))
        return what

    def judge(self, job, letter, where):
        """What is missing or different below where is named in the log of the job, which is not T then."""
        s = self.site
        rc, out = s.tree('diff', s.src, where + s.src)
        if rc == 0:
            return
        if letter == 'T':
            raise Broken('job %d is OK, but: %s' % (job, out[-2000:]))
        if letter != 'W':
            self.check_ended(job, letter)
            return
        await_true(JOB_SECONDS, 'job %d reports' % job, lambda: 'Termination:' in s.joblog(job))
        log = s.joblog(job)
        _, out = s.tree('diff', '--no-links', s.src, where + s.src)  # whose other name is lost is whole
        for path in re.findall(r'^(\S.*)\n  <', out, re.M):
            if not any(self.names(log, p) for p in self.links_of(path)):
                raise Broken('job %d does not name %s, which differs:\n%s\n%s' % (job, path, out[-1000:], log))

    def names(self, log, path):
        """It or a directory above, itself: not only something else below that directory."""
        parts = path.strip('/').split('/')
        up = ['/'.join([self.site.src] + parts[:n]) for n in range(len(parts) + 1)]
        return any(re.search(re.escape(p) + '/?[: "\n]', log) for p in up)

    def links_of(self, path):
        """All names of the file."""
        src = self.site.src
        st = os.lstat(os.path.join(src, path))
        if st.st_nlink == 1 or not stat.S_ISREG(st.st_mode):
            return [path]
        every = [os.path.join(d, f) for d, _, files in os.walk(src) for f in files]
        return [os.path.relpath(f, src) for f in every if os.path.samestat(os.lstat(f), st)]


FAMILIES = (DiskFull, DiskError)
