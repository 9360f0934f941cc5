"""regress/faults/stops.py - daemons that stand still, and networks that are cut."""
import os
import random
import shutil
import signal
import subprocess
import threading
import time

from cutproxy import CutProxy, Rule
from farm import BIN, DAEMONS, ENDED, await_true
from matrix import JOB_SECONDS, OK, Broken, Family, Skip

STOP_SECONDS = float(os.environ.get('TERCET_STOP_SECONDS', '3'))  # 60 on demand


def large_file(path, size):
    with open(path, 'wb') as f:
        f.write(random.Random(7).randbytes(size))


class Stop(Family):
    """SIGSTOP of a daemon for longer than all buffers hold out, then SIGCONT: the job ends OK"""
    name = 'stop'
    seeds = 6
    silence = int(STOP_SECONDS) + 20

    def configure(self, s):
        large_file(s.src + '/large', 24 << 20)  # more than pipes and sockets take
        s.conf_edit('dir', 'Maximum Volume Bytes = .*', 'Maximum Volume Bytes = 60000000')
        s.conf_edit('dir', r'^(  Name = "farm-fd"\n)', r'\1  FD Storage Address = 127.0.0.4\n')
        self.proxy = CutProxy(('127.0.0.4', s.port + 2), ('127.0.0.1', s.port + 2))

    def stand_still(self, daemon):
        s = self.site
        s.signal(daemon, signal.SIGSTOP)
        self.stopped = daemon
        time.sleep(STOP_SECONDS)  # what is tested: so long it stands still
        s.signal(daemon, signal.SIGCONT)
        self.stopped = None

    def fault(self, rng):
        s = self.site
        daemon, kind = self.turn(DAEMONS, ('backup', 'restore'))
        direction = 'up' if kind == 'backup' else 'down'
        rule = Rule('call', direction, rng.randrange(30000, 20 << 20))
        rule.call = lambda: threading.Thread(target=self.stand_still, args=(daemon,), daemon=True).start()
        self.stopped = None
        self.proxy.set_rule(rule)
        what = '%s, tercet-%s stands still for %g s at byte %d' % (kind, daemon, STOP_SECONDS, rule.byte)
        seconds = JOB_SECONDS + STOP_SECONDS
        if kind == 'backup':
            job, letter = s.backup(seconds=seconds)
        else:
            where = s.dir + '/harmed'
            shutil.rmtree(where, ignore_errors=True)
            job, letter = s.restore(self.good, where, seconds=seconds)
        if not rule.done.is_set():
            raise Broken('%s: byte %d was never reached' % (what, rule.byte))
        if letter != 'T':
            raise Broken('%s: the job ended with status %s:\n%s' % (what, letter, s.joblog(job)))
        if kind == 'backup':
            self.check_restore(job, what)
        else:
            s.same_tree(s.dir + '/harmed')
        return what

    def heal(self):
        if self.stopped:
            self.site.signal(self.stopped, signal.SIGCONT)
        self.proxy.set_rule(None)


class Kill(Family):
    """kill -9 of a daemon in mid-job, then it is started again"""
    name = 'kill'
    seeds = 12

    def configure(self, s):
        s.conf_edit('dir', r'^(  Name = "farm-fd"\n)', r'\1  FD Storage Address = 127.0.0.4\n')
        self.proxy = CutProxy(('127.0.0.4', s.port + 2), ('127.0.0.1', s.port + 2))

    def fault(self, rng):
        s = self.site
        daemon, kind = self.turn(DAEMONS, ('backup', 'restore'))
        rule = Rule('call', 'up' if kind == 'backup' else 'down', rng.randrange(1500, 1800000))
        rule.call = lambda: s.signal(daemon, signal.SIGKILL)
        self.proxy.set_rule(rule)
        where = s.dir + '/harmed'
        shutil.rmtree(where, ignore_errors=True)
        job = s.start('run job=Backup level=Full yes' if kind == 'backup'
                      else 'restore jobid=%d where=%s all done yes' % (self.good, where))
        what = '%s, tercet-%s killed at byte %d' % (kind, daemon, rule.byte)
        if not rule.done.wait(JOB_SECONDS):
            raise Broken('%s: that byte was never reached' % what)
        await_true(20, 'tercet-%s is gone' % daemon, lambda: not s.is_alive(daemon))
        if daemon == 'dir':
            s.up()
            letter = s.wait(job, JOB_SECONDS)
        else:
            letter = s.wait(job, JOB_SECONDS + 30)
            s.up()
        if letter in OK:
            raise Broken('%s: the job ended with status %s' % (what, letter))
        if daemon != 'dir':  # its last words died with it
            self.check_ended(job, letter)
        return what + ': status ' + letter

    def heal(self):
        self.proxy.set_rule(None)


# ---- networks ----

WIRES = {'dir-sd': ('dir', 'sd', 1), 'dir-fd': ('dir', 'fd', 2), 'fd-sd': ('fd', 'sd', 3)}


class Net(Family):
    """Each daemon in a network namespace; a cable is pulled, for a moment or until the job has ended"""
    name = 'net'
    seeds = 9

    def check_rights(self):
        self.spaces = {}
        for tool in ('ip', 'nsenter', 'tc'):
            if not shutil.which(tool):
                raise Skip(tool + ' is not installed')
        for d in DAEMONS:
            name = 'tercet-%d-%s' % (os.getpid(), d)
            p = subprocess.run(['ip', 'netns', 'add', name], stderr=subprocess.PIPE, text=True)
            if p.returncode != 0:
                raise Skip('network namespaces: ' + p.stderr.strip())
            self.spaces[d] = name

    def inside(self, daemon):
        # Not "ip -n": that wants to change mounts, which a chroot does not let it.
        return ['nsenter', '--net=/run/netns/' + self.spaces[daemon]]

    def ip(self, daemon, *args):
        subprocess.run(self.inside(daemon) + ['ip', *args], check=True)

    @staticmethod
    def address(wire, daemon):
        one, _, n = WIRES[wire]
        return '10.117.%d.%d' % (n, 1 if daemon == one else 2)

    def pull_cables(self):
        """One cable between each two daemons, slow enough to be cut in the middle of a job."""
        for d in DAEMONS:
            self.ip(d, 'link', 'set', 'lo', 'up')
        for wire, (one, two, _) in WIRES.items():
            self.ip(one, 'link', 'add', wire, 'type', 'veth', 'peer', 'name', wire, 'netns', self.spaces[two])
            for d in (one, two):
                self.ip(d, 'address', 'add', self.address(wire, d) + '/30', 'dev', wire)
                subprocess.run(self.inside(d) + ['tc', 'qdisc', 'add', 'dev', wire, 'root', 'tbf',
                                'rate', '16mbit', 'burst', '32kb', 'latency', '100ms'], check=True)
                self.ip(d, 'link', 'set', wire, 'up')

    def configure(self, s):
        self.pull_cables()
        for d in DAEMONS:
            s.conf_edit(d, r'^  Address = "?127.0.0.1"?( *#.*)?\n', '', count=1)
        s.conf_edit('dir', r'^(  Name = "farm-fd"\n)  Address = .*',
                    r'\1  Address = %s\n  FD Storage Address = %s' % (self.address('dir-fd', 'fd'), self.address('fd-sd', 'sd')))
        s.conf_edit('dir', r'^(  Name = "Disk"\n)  Address = .*', r'\1  Address = ' + self.address('dir-sd', 'sd'))
        s.up = self.up
        s.console_command = ['nsenter', '--net=/run/netns/' + self.spaces['dir'], s.dir + '/site/tconsole']

    def start_one(self, d):
        s = self.site
        pid_file = '%s/%s.pid' % (s.state, d)
        if os.path.exists(pid_file):
            os.unlink(pid_file)
        with open('%s/site/log/tercet-%s.log' % (s.dir, d), 'a') as log:
            p = subprocess.Popen(['nsenter', '--net=/run/netns/' + self.spaces[d], BIN + '/tercet-' + d, '-f', '-c', s.conf_path(d),
                                  '-p', pid_file], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        threading.Thread(target=p.wait, daemon=True).start()
        await_true(60, 'tercet-%s is ready' % d, lambda: os.path.exists(pid_file) and os.path.getsize(pid_file) > 0)
        s.began[d] = s.start_of(s.pid(d))

    def up(self):
        for d in ('sd', 'fd', 'dir'):
            self.start_one(d)

    def carried(self, wire):
        d = WIRES[wire][0]
        out = subprocess.run(self.inside(d) + ['ip', '-s', '-o', 'link', 'show', 'dev', wire], stdout=subprocess.PIPE, text=True).stdout
        words = out.split()
        rx, tx = words.index('RX:'), words.index('TX:')
        return sum(int(next(w for w in words[at:] if w.isdigit())) for at in (rx, tx))

    def cut(self, wire):
        for d in WIRES[wire][:2]:
            self.ip(d, 'link', 'set', wire, 'down')

    def join(self, wire):
        for d in WIRES[wire][:2]:
            self.ip(d, 'link', 'set', wire, 'up')

    def fault(self, rng):
        s = self.site
        kind, wire = self.turn(('backup', 'restore'), WIRES)
        seconds = rng.choice((None, 0.3 + rng.random() * 2))  # None: until the job has ended
        most = {'fd-sd': 1900000, 'dir-sd': 26000, 'dir-fd': 12000}[wire]
        byte = int(most ** rng.random()) if rng.random() < 0.5 else rng.randrange(most)
        job = self.run_up_to(kind, wire, byte)
        while s.status(job) in ENDED:  # this one said less
            byte //= 2
            job = self.run_up_to(kind, wire, byte)
        self.cut(wire)
        what = '%s, %s cut at byte %d %s' % (kind, wire, byte, 'for good' if seconds is None else 'for %.1f s' % seconds)
        if seconds is not None:
            time.sleep(seconds)  # what is tested: so long it is cut
            self.join(wire)
        letter = s.wait(job, JOB_SECONDS + 30)
        self.heal()
        what += ': status ' + letter
        if seconds is not None and letter not in OK:
            raise Broken('%s, though the cable was back soon:\n%s' % (what, s.joblog(job)))
        try:
            if kind == 'restore' and letter in OK:
                s.same_tree(s.dir + '/harmed')
            else:
                self.check_ended(job, letter)
        except Broken as e:
            raise Broken('%s: %s' % (what, e))
        return what

    def run_up_to(self, kind, wire, byte):
        """A job that has passed so many bytes there, or has ended."""
        s, before = self.site, self.carried(wire)
        where = s.dir + '/harmed'
        shutil.rmtree(where, ignore_errors=True)
        job = s.start('run job=Backup level=Full yes' if kind == 'backup'
                      else 'restore jobid=%d where=%s all done yes' % (self.good, where))
        await_true(JOB_SECONDS, 'the job passes byte %d of %s, or ends' % (byte, wire),
                   lambda: self.carried(wire) - before >= byte or s.status(job) in ENDED, pause=0)
        return job

    def heal(self):
        for wire in WIRES:
            self.join(wire)

    def leave(self, rc):
        rc = super().leave(rc)
        for name in self.spaces.values():
            subprocess.run(['ip', 'netns', 'del', name], stderr=subprocess.DEVNULL)
        return rc


FAMILIES = (Stop, Kill, Net)
