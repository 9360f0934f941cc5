"""regress/faults/links.py - a proxy (regress/lib/cutproxy.py) that does harm on one link of a job."""
import shutil

from cutproxy import CutProxy, Rule
from matrix import JOB_SECONDS, Broken, Family

LINKS = {  # who connects to whom; the address the proxy takes, the port it shares with the daemon
    'dir-fd': ('127.0.0.2', 1),
    'dir-sd': ('127.0.0.3', 2),
    'fd-sd': ('127.0.0.4', 2),
}
FAULTS = ('close', 'close', 'reset', 'reset', 'half', 'drop', 'stall', 'freeze', 'flip', 'flip', 'lose', 'pause', 'trickle')


class Links(Family):
    """TLS: cut, half-cut, stalled, garbled at a byte of any link, in backup and restore"""
    name = 'link'
    seeds = 40
    tls = True
    faults = FAULTS

    def configure(self, s):
        s.conf_edit('dir', r'^(  Name = "farm-fd"\n)  Address = .*', r'\1  Address = 127.0.0.2\n  FD Storage Address = 127.0.0.4')
        s.conf_edit('dir', r'^(  Name = "Disk"\n)  Address = .*', r'\1  Address = 127.0.0.3')
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
                first = min(p.counts)
                self.total[kind, name, 'up'], self.total[kind, name, 'down'] = first[1], first[2]

    def run_job(self, kind):
        s = self.site
        if kind == 'backup':
            return s.backup(seconds=JOB_SECONDS)
        where = s.dir + '/harmed'
        shutil.rmtree(where, ignore_errors=True)
        return s.restore(self.good, where, seconds=JOB_SECONDS)

    def choose(self, rng):
        kind = rng.choice(('backup', 'backup', 'restore'))
        link = rng.choice(list(LINKS))
        direction = rng.choice(('up', 'down'))
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
        self.proxy[link].set_rule(rule)
        job, letter = self.run_job(kind)
        self.heal()
        what = '%s, %s: %s: status %s' % (kind, link, rule, letter)
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
        return what

    def heal(self):
        for p in self.proxy.values():
            p.set_rule(None)
            p.let_go()

    def case(self, seed):
        try:
            return super().case(seed)
        except Broken as e:
            raise Broken('%s' % e)


class ClearLinks(Links):
    """In clear: the same without garbling, at exact places of the dialogues"""
    name = 'link-clear'
    seeds = 20
    faults = ('close', 'close', 'reset', 'reset', 'half', 'drop', 'stall', 'freeze', 'pause', 'trickle')

    def configure(self, s):
        super().configure(s)
        for d in ('dir', 'sd', 'fd'):
            s.conf_edit(d, r'^(  Password = .*)', r'\1\n  TLS Enable = no')
        for d in ('sd', 'fd'):
            s.conf_edit(d, r'^(  Working Directory = .*)', r'\1\n  TLS Enable = no\n  TLS Require = no')


FAMILIES = (Links, ClearLinks)
