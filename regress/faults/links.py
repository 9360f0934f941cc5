"""regress/faults/links.py - a proxy (regress/lib/cutproxy.py) that does harm on one link of a job."""
import os
import re
import shutil
import struct
import time

from cutproxy import CutProxy, Rule
from farm import await_true
from matrix import JOB_SECONDS, OK, Broken, Family

LINKS = {  # who connects to whom; the address the proxy takes, the port it shares with the daemon
    'dir-fd': ('127.0.0.2', 1),
    'dir-sd': ('127.0.0.3', 2),
    'fd-sd': ('127.0.0.4', 2),
}
FAULTS = ('close', 'close', 'reset', 'reset', 'half', 'drop', 'stall', 'freeze', 'flip', 'flip', 'lose', 'pause', 'trickle')


STRAIGHT = """
Client {{
  Name = "straight-fd"
  Address = 127.0.0.1
  FD Storage Address = 127.0.0.1
  Password = "{password}"
  Port = {fd_port}
{tls}}}
Storage {{
  Name = "Straight"
  Address = 127.0.0.1
  Password = "{sd_password}"
  Port = {sd_port}
  Device = "Disk"
  Media Type = "File"
  Maximum Concurrent Jobs = 10
{tls}}}
Job {{
  Name = "Straight"
  JobDefs = "Standard"
  Client = "straight-fd"
}}
"""


class Links(Family):
    """TLS: cut, half-cut, stalled, garbled at a byte of any link, in backup and restore"""
    name = 'link'
    seeds = 30
    tls = True
    faults = FAULTS

    def configure(self, s):
        # One drive: a job beside the harmed one writes the same volume, between its blocks.
        s.conf_edit('sd', r'^ *Count = .*', '  Maximum Concurrent Jobs = 10')
        s.conf_edit('dir', r'^(  Name = "farm-fd"\n)  Address = .*', r'\1  Address = 127.0.0.2\n  FD Storage Address = 127.0.0.4')
        s.conf_edit('dir', r'^(  Name = "Disk"\n)  Address = .*', r'\1  Address = 127.0.0.3')
        s.conf_add('dir', STRAIGHT.format(password=s.password('Client'), sd_password=s.password('Storage'), fd_port=s.port + 1, sd_port=s.port + 2,
                                          tls='' if self.tls else '  TLS Enable = no\n'))
        self.proxy = {name: CutProxy((host, s.port + n), ('127.0.0.1', s.port + n)) for name, (host, n) in LINKS.items()}
        self.total = {}

    def prepare(self):
        super().prepare()
        # How long each direction is in one clean job of either kind.
        for kind in ('backup', 'restore'):
            for p in self.proxy.values():
                p.set_rule(None)
            job, letter = self.run_job(kind)
            self.site.settled(job)
            for name, p in self.proxy.items():
                await_true(20, 'the first connection of %s is over' % name, lambda: any(c[0] == 0 for c in p.counts))
                first = min(p.counts)
                self.total[kind, name, 'up'], self.total[kind, name, 'down'] = first[1], first[2]

    def run_job(self, kind):
        s = self.site
        if kind == 'backup':
            return s.backup(seconds=JOB_SECONDS)
        where = s.dir + '/harmed'
        shutil.rmtree(where, ignore_errors=True)
        # Else by the storage that wrote last on the volume, which may be the one around the proxy.
        return s.restore(self.good, where, seconds=JOB_SECONDS, more='storage=Disk')

    def choose(self, rng):
        direction, kind, link = self.turn(('up', 'down'), ('backup', 'restore'), LINKS)
        total = max(2, self.total[kind, link, direction])
        how = rng.randrange(3)
        if how == 0:
            byte = rng.randrange(total)
        else:  # near an end of it: where the dialogues are
            byte = int(total ** rng.random())
            byte = byte if how == 1 else total - byte
        return kind, link, Rule(rng.choice(self.faults), direction, byte, seed=rng.random())

    def fault(self, rng):
        kind, link, rule = self.choose(rng)
        s = self.site
        # Another job on the same volume at the same time, around the proxy: nothing may happen to it.
        beside = s.start('run job=Straight level=Full storage=Straight yes') if rng.random() < 0.3 else 0
        job, letter = self.harm(kind, link, rule)
        if not rule.done.is_set() and not rule.text:  # these said a little less than those before
            rule.byte //= 2
            job, letter = self.harm(kind, link, rule)
        what = '%s, %s: %s: status %s' % (kind, link, rule, letter)
        if beside:
            what += ', beside job %d' % beside
            self.check_beside(beside, what)
        if rule.action in ('pause', 'trickle') and letter not in 'TW':
            raise Broken('%s, though nothing was harmed:\n%s' % (what, s.joblog(job)))
        try:
            if kind == 'backup':
                self.check_ended(job, letter)
            elif letter in 'TW':
                s.same_tree(s.dir + '/harmed')
            else:
                self.check_ended(job, letter)
        except Broken as e:
            raise Broken('%s: %s' % (what, e))
        if not rule.done.is_set():
            raise Broken('%s: that never came' % what)
        return what + self.reason(job, letter)

    def harm(self, kind, link, rule):
        self.proxy[link].set_rule(rule)
        job, letter = self.run_job(kind)
        self.heal()
        return job, letter

    def check_beside(self, job, what):
        letter = self.site.wait(job, JOB_SECONDS)
        if letter != 'T':
            raise Broken('%s, which has status %s:\n%s' % (what, letter, self.site.joblog(job)))
        self.check_restore(job, 'the job beside it')

    def heal(self):
        for p in self.proxy.values():
            p.set_rule(None)
            p.let_go()


class ClearLinks(Links):
    """In clear: the same without garbling, at exact places of the dialogues"""
    name = 'link-clear'
    seeds = 15
    faults = ('close', 'close', 'reset', 'reset', 'half', 'drop', 'stall', 'freeze', 'pause', 'trickle')

    def configure(self, s):
        super().configure(s)
        for d in ('dir', 'sd', 'fd'):
            s.conf_edit(d, r'^(  Password = .*)', r'\1\n  TLS Enable = no')
        for d in ('sd', 'fd'):
            s.conf_edit(d, r'^(  Working Directory = .*)', r'\1\n  TLS Enable = no\n  TLS Require = no')


    def finish(self):
        super().finish()
        self.silent_client()

    def silent_client(self):
        """A client that has nothing to say for a while says nothing: a stock storage daemon takes any
        signal but EOD inside the data for the end of the job."""
        s = self.site
        fifo = s.dir + '/fifo'
        os.mkfifo(fifo)
        s.conf_add('dir', SLOW.format(fifo=fifo))
        s.console('reload')
        self.proxy['fd-sd'].record = bytearray()
        job = s.start('run job=Slow level=Full yes')
        with open(fifo, 'wb') as f:  # waits for the client
            f.write(b'some')
            f.flush()
            time.sleep(3)  # heartbeats that are due
        letter = s.wait(job, JOB_SECONDS)
        if letter != 'T':
            raise Broken('the job of a silent client ended with status %s:\n%s' % (letter, s.joblog(job)))
        data, at = self.proxy['fd-sd'].record, 0
        while at + 4 <= len(data):
            n = struct.unpack_from('>i', data, at)[0]
            if n < 0 and n not in (-1, -4):
                raise Broken('the client sent signal %d at byte %d of its conversation with the storage daemon' % (n, at))
            at += 4 + max(n, 0)


SLOW = """
FileSet {{
  Name = "Slow"
  Include {{
    Options {{ Signature = MD5; Read Fifo = yes }}
    File = "{fifo}"
  }}
}}
Job {{
  Name = "Slow"
  JobDefs = "Standard"
  Client = "farm-fd"
  FileSet = "Slow"
}}
"""
PHASES = (  # kind of job, link, direction, what the last frame begins with that does not arrive
    ('backup', 'dir-sd', 'up', 'Hello Director'), ('backup', 'dir-sd', 'down', 'auth cram-md5'),
    ('backup', 'dir-sd', 'down', '1000 OK auth'), ('backup', 'dir-sd', 'up', 'auth cram-md5'),
    ('backup', 'dir-sd', 'down', '3000 OK Hello'), ('backup', 'dir-sd', 'up', 'JobId='),
    ('backup', 'dir-sd', 'down', '3000 OK Job'), ('backup', 'dir-sd', 'up', 'getSecureEraseCmd'),
    ('backup', 'dir-sd', 'up', 'use storage'), ('backup', 'dir-sd', 'down', '3000 OK use device'),
    ('backup', 'dir-fd', 'up', 'Hello Director'), ('backup', 'dir-fd', 'down', 'auth cram-md5'),
    ('backup', 'dir-fd', 'down', '2000 OK Hello'), ('backup', 'dir-fd', 'up', 'JobId='),
    ('backup', 'dir-fd', 'down', '2000 OK Job'), ('backup', 'dir-fd', 'up', 'level = '),
    ('backup', 'dir-fd', 'down', '2000 OK level'), ('backup', 'dir-fd', 'up', 'fileset'),
    ('backup', 'dir-fd', 'down', '2000 OK include'), ('backup', 'dir-fd', 'up', 'getSecureEraseCmd'),
    ('backup', 'dir-fd', 'up', 'storage address'), ('backup', 'fd-sd', 'up', 'Hello Start Job'),
    ('backup', 'fd-sd', 'down', 'auth cram-md5'), ('backup', 'fd-sd', 'up', 'auth cram-md5'),
    ('backup', 'dir-fd', 'down', '2000 OK storage'), ('backup', 'dir-sd', 'up', 'run'),
    ('backup', 'dir-sd', 'down', '3010 Job'), ('backup', 'dir-fd', 'up', 'backup FileIndex'),
    ('backup', 'dir-fd', 'down', '2000 OK backup'), ('backup', 'fd-sd', 'up', 'append open session'),
    ('backup', 'fd-sd', 'down', '3000 OK open ticket'), ('backup', 'fd-sd', 'up', 'append data'),
    ('backup', 'fd-sd', 'down', '3000 OK data'), ('backup', 'fd-sd', 'up', 'link\\0'),
    ('backup', 'dir-sd', 'down', ' GetVolInfo '), ('backup', 'dir-sd', 'up', '1000 OK VolName'),
    ('backup', 'dir-sd', 'down', ' FileAttributes '), ('backup', 'fd-sd', 'down', '3000 OK append data'),
    ('backup', 'dir-sd', 'down', ' CreateJobMedia '), ('backup', 'dir-sd', 'up', '1000 OK CreateJobMedia'),
    ('backup', 'dir-sd', 'down', ' DeleteNullJobmediaRecords'), ('backup', 'fd-sd', 'up', 'append end session'),
    ('backup', 'fd-sd', 'down', '3000 OK end'), ('backup', 'fd-sd', 'up', 'append close session'),
    ('backup', 'fd-sd', 'down', '3000 OK close'), ('backup', 'dir-fd', 'down', '2800 End Job'),
    ('backup', 'dir-sd', 'down', '3099 Job'), ('restore', 'dir-sd', 'up', 'bootstrap'),
    ('restore', 'dir-sd', 'down', '3000 OK bootstrap'), ('restore', 'dir-fd', 'up', 'storage address'),
    ('restore', 'dir-fd', 'up', 'restore replace'), ('restore', 'dir-fd', 'down', '2000 OK restore'),
    ('restore', 'fd-sd', 'up', 'read open session'), ('restore', 'fd-sd', 'up', 'read data'),
    ('restore', 'fd-sd', 'down', 'rechdr'), ('restore', 'fd-sd', 'up', 'read close session'),
    ('restore', 'fd-sd', 'down', '3000 OK close'), ('restore', 'dir-fd', 'down', '2000 OK storage end'),
    ('restore', 'dir-sd', 'down', '3099 Job'), ('restore', 'dir-fd', 'up', 'endrestore'),
    ('restore', 'dir-fd', 'down', '2800 End Job'),
)
STRIDE = 17  # coprime to their number: the first seeds are spread over all


class HalfOpen(ClearLinks):
    """In clear: a connection that is half open from one frame on, for each phase of the dialogues"""
    name = 'half-open'
    seeds = 12
    silence = 5

    def silent_client(self):
        """Seen in link-clear."""

    def choose(self, rng):
        kind, link, direction, text = PHASES[self.seed * STRIDE % len(PHASES)]
        return kind, link, Rule('freeze', direction, 0, text=text.encode().decode('unicode_escape').encode(), connection=None)

    def check_ended(self, job, letter):
        super().check_ended(job, letter)
        log = self.site.joblog(job)
        if letter not in OK and not re.search(r'lient "?farm-fd|torage daemon|storage Disk', log):
            raise Broken('the log names no peer:\n' + log)


FAMILIES = (Links, ClearLinks, HalfOpen)
