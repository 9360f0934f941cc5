"""regress/faults/power.py - the power goes: daemons and catalog start again from what the disk holds then.

Jobs run once with power_layer.c below the storage daemon, the director and its PostgreSQL; the journal has
all they asked of their disk, in order.  Each case is one moment of it: the site becomes what a disk may
hold when the power goes there (power_disk.py), everything is started, and
  every job that the catalog or a report had called OK before the cut is there and restores bit for bit
  so does every other that the catalog calls OK now; the others ended, and say why
  the bootstrap files lead to the newest of them without the catalog
  the volumes hold what the catalog claims, in whole blocks
  the next job, Full or Incremental, runs on the same volumes without a person, and restores
Some cases lose the power once more, while all that goes on.
"""
import glob
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import threading
import time

import power_disk
from farm import BIN, DAEMONS, OK, Site, await_true
from matrix import Broken, Family
from tree import walk

PER_RECORDING = 50      # cases that look at one recording
AGAIN = 0.2             # of the cases: the power goes a second time
VOLUME_BYTES = 1200000
ROOM = 1 << 30          # below this, /dev/shm is not for us

CONF = '''
Pool { Name = "Cycle"; Storage = "Disk"; Label Format = "Cycle-"; Maximum Volume Jobs = 1; Maximum Volumes = 2
  Recycle = yes; Volume Retention = 1 year }
FileSet { Name = "Many"; Include { Options { Signature = MD5 }; File = "%(dir)s/many" } }
Job { Name = "Spooled"; JobDefs = "Standard"; Client = "farm-fd"; FileSet = "Many"; Spool Attributes = yes }
Job { Name = "Fails"; JobDefs = "Standard"; Client = "farm-fd"
  Run Script { Runs When = Before; Runs On Client = no; Command = "/bin/false" } }
Job { Name = "Cycle"; JobDefs = "Standard"; Client = "farm-fd"; Pool = "Cycle"; Full Backup Pool = "Cycle" }
'''
POSTGRES = '''
shared_buffers = '1MB'
checkpoint_timeout = '30s'
wal_writer_delay = '10ms'
dynamic_shared_memory_type = mmap
'''
REPORT = re.compile(rb'^  JobId: +(\d+)\n(?:  .*\n)*?  Termination: +Backup OK', re.M)
# What is written by stdio or maps, and never counted on after a crash; sockets and their locks.
EXEMPT = re.compile(r'/catalog/(log|socket)(/|$)|/pg_internal\.init|/pg_dynshmem/|/pg_stat(_tmp)?/|/postmaster\.opts$'
                    r'|/current_logfiles|/pg_logical/|/pgsql_tmp/|postmaster\.pid$')


def place():
    """A file system in memory if it is one for programs and has room: nothing here needs a disk."""
    try:
        v = os.statvfs('/dev/shm')
        if os.access('/dev/shm', os.W_OK) and not v.f_flag & os.ST_NOEXEC and v.f_bavail * v.f_frsize > 3 * ROOM:
            return '/dev/shm'
    except OSError:
        pass
    return '/tmp'


def describe(top):
    """What must be the same after a restore; times of directories change with their entries."""
    out = {}
    for path, attrs in walk(os.fsencode(top)):
        if attrs['type'] == 'dir':
            attrs.pop('mtime')
        out[os.fsdecode(path)] = attrs
    return out


def whole_blocks(path, start, end):
    """The address behind the last whole block from start that begins before end, and their number."""
    with open(path, 'rb') as f:
        data = f.read()
    n = 0
    while start < end and start + 24 <= len(data):
        length = struct.unpack_from('>I', data, start + 4)[0]
        if length < 24 or start + length > len(data):
            break
        start += length
        n += 1
    return start, n


class PowerSite(Site):
    """A site that starts fast and dies as a whole."""
    children = {}

    def data(self):
        return self.state + '/dir/catalog/data'

    def up_with(self, env):
        """All three daemons at once, as the site's own script starts them one by one."""
        options = ':'.join(x for x in (os.environ.get('ASAN_OPTIONS'), 'verify_asan_link_order=0') if x)
        self.children = {}
        for d in DAEMONS:
            pid_file = '%s/%s.pid' % (self.state, d)
            if os.path.exists(pid_file):
                os.unlink(pid_file)
            with open('%s/site/log/tercet-%s.log' % (self.dir, d), 'ab') as log:
                self.children[d] = subprocess.Popen(
                    ['%s/tercet-%s' % (BIN, d), '-f', '-c', self.conf_path(d), '-p', pid_file], start_new_session=True,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=dict(os.environ, ASAN_OPTIONS=options, **env))
        await_true(30, 'the daemons are ready', self.is_up)

    def is_up(self):
        for d, child in self.children.items():
            if child.poll() is not None:
                raise Broken('tercet-%s did not start: %s' % (d, self.log_tail(d)))
        files = ['%s/%s.pid' % (self.state, d) for d in DAEMONS]
        return all(os.path.exists(p) and os.path.getsize(p) > 0 for p in files)

    def processes(self):
        """Daemons and all of the catalog's server, whoever started them."""
        out, data, conf = [], os.path.realpath(self.data()), (self.dir + '/site/etc/tercet-').encode()
        for p in glob.glob('/proc/[0-9]*'):
            try:
                with open(p + '/cmdline', 'rb') as f:
                    if os.readlink(p + '/cwd').startswith(data) or conf in f.read():
                        out.append(int(p[6:]))
            except OSError:
                pass
        return out

    def power_off(self):
        self.end_session()
        segment = self.shared_memory()
        await_true(30, 'all processes of the site are dead', self.are_dead)
        for child in self.children.values():
            child.wait()
        if segment:
            subprocess.run(['ipcrm', '-m', segment], stderr=subprocess.DEVNULL)

    def are_dead(self):
        left = self.processes()
        for p in left:
            try:
                os.kill(p, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return not left

    def shared_memory(self):
        """Nobody gives back that of a server which is killed."""
        try:
            with open(self.data() + '/postmaster.pid') as f:
                return f.read().split('\n')[6].split()[1]
        except (OSError, IndexError):
            return None


class Watcher(threading.Thread):
    """Asks the catalog all the time which jobs are OK, and marks the moment it was told so."""

    def __init__(self, site, recording):
        super().__init__(daemon=True)
        self.recording, self.told, self.over = recording, set(), threading.Event()
        self.session = site.psql()

    def ask(self):
        self.session.stdin.write("SELECT 'job', jobid FROM job WHERE type = 'B' AND jobstatus IN ('T', 'W');\n"
                                 '\\echo =\n')
        self.session.stdin.flush()
        for line in self.session.stdout:
            if line == '=\n':
                return True
            if line.startswith('job|') and line not in self.told:
                self.told.add(line)
                self.recording.mark('ok %d' % int(line[4:]))
        return False

    def run(self):
        while not self.over.wait(0.01) and self.ask():
            pass

    def jobs(self):
        return {int(line[4:]) for line in self.told}

    def end(self):
        self.over.set()
        self.join()
        self.session.stdin.close()
        self.session.wait()


class Power(Family):
    """Power loss below daemons and catalog: what was called OK is there, the next job runs"""
    name = 'power'
    seeds = int(os.environ.get('TERCET_CASES', '24'))

    def __init__(self):
        super().__init__()
        self.recording, self.number, self.level = None, None, 'Full'
        self.expected = {}  # job: its name, the chain of jobs that restores it, the tree, what must come back

    # ---- the site, and jobs on it ----

    def prepare(self):
        os.environ['FARM_IN'] = place()
        self.site = s = PowerSite()
        del os.environ['FARM_IN']
        self.layer = power_disk.build(s.dir)
        self.many = s.dir + '/many'
        self.make_trees()
        s.conf_edit('sd', r'^(  Device Type = File)', r'\1\n  Maximum Block Size = 65536')
        s.conf_edit('dir', 'Maximum Volume Bytes = .*', 'Maximum Volume Bytes = %d' % VOLUME_BYTES)
        s.conf_add('dir', CONF % {'dir': s.dir})
        self.job_log = s.state + '/dir/jobs.log'  # so the journal has the reports
        s.conf_edit('dir', 'Append = .*/jobs.log"', 'Append = "%s"' % self.job_log)
        self.roots = [s.state, s.volumes]
        self.start_first()
        s.end_session()
        s.bash('"$FARM/site/tercet" stop >/dev/null')
        self.small_segments()
        self.first = dict(self.expected)
        self.kept = s.dir + '/kept'
        os.mkdir(self.kept)
        for n, root in enumerate(self.roots):
            subprocess.run(['cp', '-a', root, '%s/%d' % (self.kept, n)], check=True)
        subprocess.run(['cp', '-a', s.src, self.kept + '/src'], check=True)

    def start_first(self):
        """The names of the cluster and the volumes that are made now are on the disk when the first jobs are OK."""
        s = self.site
        r = power_disk.Recording(s.dir + '/again', self.roots, s.dir + '/again.base')
        words = ["%s='%s'" % x for x in r.environment(self.layer).items()]
        s.bash('ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" %s farm_up' % ' '.join(words))
        for job in ('Backup', 'Cycle'):
            self.run_jobs(job + ' Full')
        r.read()
        left = r.disk(r.size).names_left()
        for path in [s.data(), s.state + '/dir/Backup.bsr'] + glob.glob(s.volumes + '/*'):
            if path not in left:
                raise Broken('the first jobs are OK, but a loss of power can take the name of ' + path)

    def make_trees(self):
        rng = random.Random(1)
        for d in ('a', 'a/b', 'c'):
            os.makedirs(os.path.join(self.site.src, d))
        for i in range(40):
            with open(os.path.join(self.site.src, rng.choice(('a', 'a/b', 'c')), 'f%02d' % i), 'wb') as f:
                f.write(rng.randbytes(rng.choice((0, 1, 100, 3000, 20000, 70000))))
        with open(self.site.src + '/big', 'wb') as f:
            f.write(rng.randbytes(900000))
        for i in range(400):
            if i % 100 == 0:
                os.makedirs('%s/d%d' % (self.many, i // 100))
            with open('%s/d%d/file-%d' % (self.many, i // 100, i), 'w') as f:
                f.write('content %d' % i)

    def small_segments(self):
        """A server whose log changes its file as often as a large one's would."""
        s = self.site
        tool = sorted(glob.glob('/usr/lib/postgresql/*/bin/pg_resetwal'))[-1]
        owner = os.stat(s.data())
        account = {'user': owner.st_uid, 'group': owner.st_gid, 'extra_groups': []} if os.geteuid() == 0 else {}
        p = subprocess.run([tool, '--wal-segsize=1', '-D', s.data()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, **account)
        if p.returncode != 0:
            raise Broken('pg_resetwal: ' + p.stdout)
        with open(s.data() + '/postgresql.conf', 'a') as f:
            f.write(POSTGRES)

    def all_ok(self, commands):
        """In one conversation; the ids of the jobs, all of which ended well."""
        out = self.site.console(*commands, 'wait', 'messages')
        ids = [int(x) for x in re.findall(r'Job queued\. JobId=(\d+)', out)]
        if len(ids) != len([c for c in commands if c.startswith('r')]):
            raise Broken('%s: %s' % (commands, out))
        for job in ids:
            if self.site.status(job) != 'T':
                raise Broken('job %d has status %s\n%s' % (job, self.site.status(job), self.site.joblog(job)))
        return ids

    def run_jobs(self, *jobs):
        """Side by side, to their ends.  A job is 'Name Level'."""
        ids = self.all_ok(['run job=%s level=%s yes' % tuple(j.split()) for j in jobs])
        for job, words in zip(ids, jobs):
            self.expect(job, words, self.expected)

    def expect(self, job, words, ok):
        """What the trees hold now is what this job restores, with those of the good ones that it builds on."""
        name, level = words.split()
        tree = self.many if name == 'Spooled' else self.site.src
        before = [j for j in ok if self.expected[j]['name'] == name]
        chain = self.expected[max(before)]['chain'] if level == 'Incremental' else []
        self.expected[job] = {'name': name, 'chain': chain + [job], 'tree': tree, 'files': describe(tree)}

    # ---- the recording ----

    def record(self, number):
        """Jobs of all kinds, once, with the layer below them."""
        s, rng = self.site, random.Random('recording %d' % number)
        for n, root in enumerate(self.roots):
            shutil.rmtree(root)
            subprocess.run(['cp', '-a', '%s/%d' % (self.kept, n), root], check=True)
        subprocess.run(['rsync', '-a', '--delete', self.kept + '/src/', s.src], check=True)
        self.expected = dict(self.first)
        self.number = number
        self.recording = r = power_disk.Recording(s.dir + '/journal', self.roots, s.dir + '/base')
        r.attach(self.layer)
        s.up_with(r.environment(self.layer))
        watcher = Watcher(s, r)
        watcher.start()
        r.mark('begin')
        for step in self.steps(rng):
            step()
        good = int(s.sql("SELECT count(*) FROM job WHERE type = 'B' AND jobstatus IN ('T', 'W')"))
        await_true(5, 'the watcher is told of all %d jobs' % good, lambda: len(watcher.told) >= good)
        watcher.end()
        self.close(r)
        unsaid = watcher.jobs() - self.reported(r, r.size) - set(self.first)
        if unsaid:
            raise Broken('no report says that the jobs %s are OK' % sorted(unsaid))

    def close(self, recording):
        """The power goes, and the journal is whole."""
        self.site.power_off()
        recording.read()
        bad = recording.disk(recording.size).compare(EXEMPT.search)
        if bad:
            raise Broken('the layer does not see everything: %s' % ', '.join(bad[:10]))

    def steps(self, rng):
        steps = [lambda: self.run_jobs('Backup Incremental'), lambda: self.run_jobs('Spooled Full', 'Backup Full'),
                 lambda: self.recycle(), lambda: self.run_jobs('Backup Incremental', 'Spooled Full'),
                 lambda: self.fail(), lambda: self.run_jobs('Backup Full', 'Cycle Full')]
        for step in steps:
            yield lambda: self.edit(rng)
            if rng.random() < 0.5:
                yield lambda: self.site.sql('CHECKPOINT')
            yield step

    def edit(self, rng):
        """For the next Incremental: new files and changed ones."""
        for _ in range(3):
            path = self.site.src + '/a/e%d' % rng.randrange(6)
            with open(path, 'wb') as f:
                f.write(rng.randbytes(rng.choice((10, 40000))))

    def fail(self):
        self.site.console('run job=Fails yes', 'wait')
        self.recording.mark('failed')

    def recycle(self):
        """The volume of the oldest Cycle is used again; what was on it is no longer claimed."""
        s = self.site
        job = min(j for j in self.expected if self.expected[j]['name'] == 'Cycle')
        volume = s.sql('SELECT volumename FROM media JOIN jobmedia USING (mediaid) WHERE jobid = %d LIMIT 1' % job)
        self.recording.mark('purge %d' % job)
        s.console('purge volume=%s yes' % volume)
        self.run_jobs('Cycle Full')

    # ---- one case ----

    def case(self, seed):
        number = (seed - 1) // PER_RECORDING + 1
        if number != self.number:
            self.record(number)
        rng = random.Random('power %d' % seed)
        disk, what = self.choose(self.recording, rng, 'recording %d' % number)
        claims = self.claims(self.recording, disk, set(self.first), set())
        kept = dict(self.expected)
        self.level = rng.choice(('Full', 'Incremental'))
        try:
            disk.restore()
            again = power_disk.Recording(self.site.dir + '/again', self.roots, self.site.dir + '/again.base') \
                if rng.random() < AGAIN else None
            self.round(claims, again)
            if again is not None:
                disk, more = self.choose(again, rng, 'the start after that')
                what += '; ' + more
                disk.restore()
                self.round(self.claims(again, disk, *claims))
        except Broken as e:
            raise Broken('%s\n%s' % (what, e))
        finally:
            self.expected = kept
        return what

    def choose(self, recording, rng, what):
        """A moment, any or just before or behind something that matters, and what of the unsynced is there."""
        begin = next(r.at for r in recording.records if r.kind == 'mark')
        records = [r for r in recording.records if r.at > begin]
        reports = {r.at for r in self.reports(recording)}
        matters = rng.choice((lambda r: True, lambda r: r.at in reports, lambda r: r.kind in ('synced', 'renamed'),
                              lambda r: r.kind == 'mark', lambda r: r.who == 's', lambda r: r.who == 'd'))
        at = rng.choice([r for r in records if matters(r)] or records).at + rng.randrange(2)  # before it, or behind
        choice = power_disk.Choice(rng if rng.random() < 0.7 else None, at)
        return recording.disk(at, choice), '%s cut at %d of %d, %s' % (what, at, recording.size, choice.name)

    def reports(self, recording):
        """The writes that say that a job is OK."""
        return [r for r in recording.writes_to(self.job_log) if REPORT.search(recording.bytes_of(r))]

    def reported(self, recording, before):
        """Jobs of which a report said that they are OK."""
        return {int(REPORT.search(recording.bytes_of(r))[1]) for r in self.reports(recording) if r.at < before}

    def claims(self, recording, disk, claimed, purged):
        """Jobs that somebody had been told were OK, and those whose volume was given up."""
        claimed, purged = set(claimed) | self.reported(recording, disk.at), set(purged)
        for words in recording.marks(disk.at):
            kind, _, job = words.partition(' ')
            if kind in ('ok', 'purge'):
                (claimed if kind == 'ok' else purged).add(int(job))
        return claimed - purged, purged

    def round(self, claims, recording=None):
        """Start, look, work; then the power goes."""
        s = self.site
        if recording is not None:
            recording.attach(self.layer)
            recording.mark('begin')
        try:
            s.up_with({'LD_PRELOAD': self.layer} if recording is None else recording.environment(self.layer))
            ok = self.check_catalog(*claims)
            self.check_rows()
            self.check_bootstraps(ok)
            new = self.check_jobs(ok)
            if recording is not None:
                for job in new:
                    recording.mark('ok %d' % job)
                s.sql('CHECKPOINT')
            self.check_rows()
            if recording is not None:
                self.close(recording)
        finally:
            s.power_off()

    def check_catalog(self, claimed, purged):
        """Every job has ended as it was told, or with a reason; those that are OK."""
        s = self.site
        await_true(20, 'no job is left unfinished', lambda: s.sql(
            "SELECT count(*) FROM job WHERE jobstatus NOT IN ('T', 'W', 'E', 'f', 'A', 'e', 'I')") == '0')
        letters = {int(j): letter for j, letter in (
            line.split('|') for line in s.sql("SELECT jobid, jobstatus FROM job WHERE type = 'B'").split('\n'))}
        for job in sorted(claimed):
            if letters.get(job) not in OK:
                raise Broken('job %d was OK; now it is %s' % (job, letters.get(job, 'not there')))
        p = subprocess.run([BIN + '/tercet-catalog', '-c', s.conf_path('dir'), 'check'], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
        if p.returncode != 0:
            raise Broken('tercet-catalog check: %d\n%s' % (p.returncode, p.stdout))
        for job, letter in letters.items():
            if letter not in OK and 'rror' not in s.joblog(job):
                raise Broken('job %d ended with status %s and no reason:\n%s' % (job, letter, s.joblog(job)))
        return [j for j in letters if letters[j] in OK and j not in purged]

    def check_rows(self):
        """Media and JobMedia claim no more than the volumes hold."""
        for line in self.site.sql('SELECT volumename, volstatus, volbytes, volblocks FROM media').split('\n'):
            name, status, size, blocks = line.split('|')
            if status not in ('Unlabeled', 'Purged', 'Recycle'):  # of these nothing is claimed
                self.check_media(name, status, int(size), int(blocks))
        for line in self.site.sql(
                'SELECT m.jobid, volumename, m.startfile::bigint << 32 | m.startblock, m.endfile::bigint << 32 | m.endblock '
                'FROM jobmedia m JOIN media USING (mediaid) WHERE lastindex > 0').split('\n'):
            job, name, first, last = line.split('|')
            behind, n = whole_blocks(self.site.volumes + '/' + name, int(first), int(last) + 1)
            if behind != int(last) + 1 or n == 0:
                raise Broken('job %s claims %s-%s of %s, which has whole blocks to %d' % (job, first, last, name, behind))

    def check_media(self, name, status, size, blocks):
        path = self.site.volumes + '/' + name
        if status == 'Error':
            raise Broken('volume %s is in Error' % name)
        if not os.path.exists(path):
            raise Broken('volume %s (%s, %d bytes) is gone' % (name, status, size))
        end, n = whole_blocks(path, 0, size)
        if end != size or n != blocks:
            raise Broken('volume %s (%s): the catalog says %d bytes in %d blocks, it has %d in %d whole ones (size %d)'
                         % (name, status, size, blocks, end, n, os.path.getsize(path)))

    def check_bootstraps(self, ok):
        """Without the catalog, what Write Bootstrap wrote leads to the newest job that is OK, or to one that would have
        been the next."""
        s = self.site
        for name in ('Backup', 'Spooled'):
            newest = max((j for j in ok if self.expected[j]['name'] == name), default=None)
            if newest is None:
                continue
            out = s.dir + '/extracted'
            shutil.rmtree(out, ignore_errors=True)
            p = subprocess.run([BIN + '/tercet-volume', 'extract', '-b', '%s/dir/%s.bsr' % (s.state, name), s.volumes, out],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if p.returncode != 0:
                raise Broken('extract of job %d by its bootstrap file: %d\n%s' % (newest, p.returncode, p.stdout))
            got = describe(out + self.expected[newest]['tree'])
            if not any(got == e['files'] for j, e in self.expected.items() if e['name'] == name and j >= newest):
                raise Broken('%s.bsr does not lead to what job %d saved' % (name, newest))

    def check_jobs(self, ok):
        """Restore what is OK, back up once more, restore that; the new jobs."""
        s = self.site
        where = s.dir + '/out'
        shutil.rmtree(where, ignore_errors=True)
        self.edit(random.Random(len(self.expected)))  # an Incremental of nothing would need no volume
        wanted = self.volume_in_use()
        names = ['Backup ' + self.level] + (['Cycle Full'] if self.cycle_has_room() else [])
        runs = ['run job=%s level=%s yes' % tuple(n.split()) for n in names]
        ids = self.all_ok([self.restore_command(j, where) for j in ok] + ['wait'] + runs)
        new = ids[-len(names):]
        for job, name in zip(new, names):
            self.expect(job, name, ok)
        self.all_ok([self.restore_command(j, where) for j in new])
        for job in ok + new:
            self.same(job, where)
        used = s.sql('SELECT volumename FROM jobmedia JOIN media USING (mediaid) WHERE jobid = %d ORDER BY jobmediaid LIMIT 1'
                     % new[0])
        if wanted and used != wanted:
            raise Broken('volume %s has room, but the next job went to %s' % (wanted, used))
        return new

    def restore_command(self, job, where):
        return 'restore jobid=%s where=%s/%d all done yes' % (','.join(map(str, self.expected[job]['chain'])), where, job)

    def same(self, job, where):
        want = self.expected[job]
        top = '%s/%d%s' % (where, job, want['tree'])
        got = describe(top) if os.path.isdir(top) else {}
        for path in sorted(set(got) | set(want['files'])):
            if got.get(path) != want['files'].get(path):
                raise Broken('job %d restores %s as %s, saved was %s' % (job, path, got.get(path), want['files'].get(path)))

    def volume_in_use(self):
        """The one that the next job must go on with: it was being written and has room."""
        s = self.site
        names = s.sql("SELECT volumename FROM media JOIN pool USING (poolid) WHERE pool.name = '%s' AND volstatus = 'Append'"
                      % self.level).split()
        sizes = [os.path.getsize(s.volumes + '/' + n) for n in names]
        return names[0] if len(names) == 1 and sizes[0] + 200000 < VOLUME_BYTES else None

    def cycle_has_room(self):
        return self.site.sql("SELECT count(*) FILTER (WHERE volstatus IN ('Purged', 'Recycle', 'Append')) > 0 OR count(*) < 2 "
                             "FROM media JOIN pool USING (poolid) WHERE pool.name = 'Cycle'") == 't'

    # ---- the end ----

    def finish(self):
        self.level = 'Full'
        self.lies_are_noticed()

    def lies_are_noticed(self):
        """The layer drops what is not synced: when a sync is taken for a lie, that is noticed."""
        for who, name in (('s', 'tercet-sd'), ('p', 'postgres')):
            self.recording.disk(self.recording.size, lies=who).restore()
            try:
                self.round(self.claims(self.recording, self.recording.disk(self.recording.size), set(self.first), set()))
            except Broken as e:
                print('# syncs of %s that are lies are noticed: %s' % (name, str(e).split('\n')[0]), flush=True)
            else:
                raise Broken('nobody notices that no sync of %s counts' % name)

    def leave(self, rc):
        if self.site is not None:
            self.site.power_off()
            for d in DAEMONS:  # left by ours, not by a crash
                if os.path.exists('%s/%s.pid' % (self.site.state, d)):
                    os.unlink('%s/%s.pid' % (self.site.state, d))
        return super().leave(rc)


FAMILIES = (Power,)
