#!/usr/bin/env python3
"""fd_commands_test.py - each command of the file daemon, from a director written step by step

Programs before and after, limits, cancel, refusals, passive client, restore rules, several storages.
"""
# labels: tsan
import os
import re
import select
import signal
import subprocess
import threading
import time
import unittest

import fd_test as base
from director import Commands, bnet
from fd_test import wait_until


class Scripts(Commands):
    def test_before_and_after_run_in_order_and_their_output_is_told(self):
        mark = self.site.path('marks')
        one = self.script('one', 'echo "one $1 $2"; echo "[$TERCET_JOBID] $TERCET_LEVEL" >&2; echo one >>%s\n' % mark)
        after = self.script('after', 'echo "after $1"; echo after >>%s\n' % mark)
        failed = self.script('failed', 'echo failed >>%s\n' % mark)
        job = self.dir.backup(self.dir.simple([self.src(a=b'x')]), scripts=[
            (1, 0, 1, 2, one + ' "a b" %l'), (1, 0, 0, 1, after + ' %e'), (0, 1, 0, 1, failed)])
        job.check()
        self.assertEqual(self.read(mark), b'one\nafter\n')
        text = self.dir.texts()
        self.assertIn('shell command: run ClientBeforeJob "%s' % one, text)
        self.assertIn('ClientBeforeJob: one a b Full', text)
        self.assertRegex(text, r'ClientBeforeJob: \[\d+\] Full')
        self.assertIn('ClientAfterJob: after OK', text)
        self.assertLess(text.index('ClientBeforeJob: one'), text.index('ClientAfterJob: after'))

    def test_a_failing_script_before_ends_the_job(self):
        mark = self.site.path('marks')
        bad = self.script('bad', 'echo reason; exit 3\n')
        after = self.script('after', 'echo "$1" >%s\n' % mark)
        job = self.dir.prepare(self.dir.simple([self.src(a=b'x')]), scripts=[
            (1, 0, 1, 2, bad), (0, 1, 0, 1, after + ' %e')])
        job.expect(b'2905 Failed RunScript\n')
        job.sd.conn.close()
        job.sd = None
        job.finish()
        self.assertEqual(job.row['status'], 'f')
        self.assertIn('ClientBeforeJob: reason', self.dir.texts())
        self.assertRegex(self.dir.texts(4), r'ClientBeforeJob "%s": ended with .*3' % bad)
        self.assertTrue(os.path.exists(mark))

    def test_failing_scripts_that_may_fail_only_warn(self):
        bad = self.script('bad', 'exit 3\n')
        job = self.dir.backup(self.dir.simple([self.src(a=b'x')]), scripts=[
            (1, 0, 0, 2, bad), (1, 0, 0, 1, '/nowhere/at/all')])
        self.assertEqual(job.row['status'], 'W')
        self.assertIn('/nowhere/at/all', self.dir.texts(5))

    def test_a_failing_script_after_that_counts_makes_it_an_error(self):
        bad = self.script('bad', 'kill -9 $$\n')
        job = self.dir.backup(self.dir.simple([self.src(a=b'x')]), scripts=[(1, 0, 1, 1, bad)])
        self.assertEqual(job.row['status'], 'E')
        self.assertRegex(self.dir.texts(4), 'signal')

    def test_scripts_run_at_a_restore_too(self):
        self.dir.backup(self.dir.simple([self.src(a=b'x')])).check()
        after = self.script('after', 'echo "restored $1"\n')
        job = self.dir.restore('replace=a prelinks=0 where=%s' % self.site.path('back'),
                               scripts=[(1, 0, 0, 1, after + ' %t')])
        job.check()
        self.assertIn('ClientAfterJob: restored Restore', self.dir.texts())


class ScriptDir(Commands):
    def setUp(self):
        self.dirs = base.tempfile.mkdtemp(prefix='fd-scripts-')
        self.addCleanup(base.shutil.rmtree, self.dirs)
        os.mkdir(os.path.join(self.dirs, 'good'))
        self.own = '  Allowed Script Dir = "%s/good"' % self.dirs
        super().setUp()

    def make(self, name):
        path = os.path.join(self.dirs, name)
        with open(path, 'w') as f:
            f.write('#!/bin/sh\necho ran %s\n' % name)
        os.chmod(path, 0o755)
        return path

    def test_only_programs_of_the_directory_run(self):
        good, bad = self.make('good/ok'), self.make('bad')
        os.symlink('../bad', os.path.join(self.dirs, 'good', 'link'))
        for path in (bad, os.path.join(self.dirs, 'good/../bad'), os.path.join(self.dirs, 'good/link')):
            job = self.dir.backup(self.dir.simple([self.src(a=b'x')]), scripts=[(1, 0, 0, 2, path)])
            self.assertEqual(job.row['status'], 'W')
            self.assertIn('Allowed Script Dir', self.dir.texts(5))
        self.assertNotIn('ran', self.dir.texts())
        self.dir.backup(self.dir.simple([self.src(a=b'x')]), scripts=[(1, 0, 1, 2, good)]).check()
        self.assertIn('ran good/ok', self.dir.texts())


class JobCommands(Commands):
    own = '  Allowed Job Command = estimate, restore'

    def test_other_commands_are_refused_and_told(self):
        job = self.dir.prepare(self.dir.simple([self.src(a=b'x')]))
        job.send_storage()
        job.fd.send('backup FileIndex=0\n')
        job.expect(b'2999 Invalid command\n')
        job.sd.conn.close()
        job.sd = None
        job.finish()
        self.assertNotIn(job.row['status'], 'TW')
        self.assertRegex(self.dir.texts(14), 'backup')
        job = self.dir.job()
        job.open_fd()
        job.fd.send('Run OnSuccess=1 OnFailure=0 AbortOnError=1 When=2 Command=/bin/true\n')
        job.expect(b'2999 Invalid command\n')


class Monitor(Commands):
    director = '  Monitor = yes'

    def test_a_monitor_gets_status_and_nothing_else(self):
        self.assertIn('Running Jobs', self.dir.command('status'))
        self.assertIn('2000 OK .status', self.dir.command('.status current'))
        for command in ('JobId=1 Job=x SDid=0 SDtime=0 Authorization=dummy\n', 'cancel Job=x\n', 'setdebug=1 trace=0\n',
                        'resolve localhost'):
            self.assertEqual(self.dir.command(command), '2997 Invalid command for a Director with Monitor directive enabled.\n')


class Small(Commands):
    def test_status_words(self):
        for word in ('header', 'running', 'terminated'):
            self.assertNotIn('2900', self.dir.command('.status ' + word))
        self.assertIn('2000 OK .status', self.dir.command('.status last'))
        self.assertIn('2900 Bad .status command', self.dir.command('.status nonsense'))
        self.assertIn('2900 Bad .status command', self.dir.command('.status'))

    def test_resolve(self):
        self.assertRegex(self.dir.command('resolve localhost'), r'^t-fd resolves localhost to host\[ipv[46];[0-9.:]+\] ')
        self.assertEqual(self.dir.command('resolve no.such.host.invalid'), 't-fd: Failed to resolve no.such.host.invalid\n')

    def test_setdebug(self):
        self.assertRegex(self.dir.command('setdebug=50 trace=1 hangup=-1 timestamp=-1\n'),
                         r'^2000 OK setdebug=50 trace=1 hangup=-1 timestamp=-1 tracefile=/.*t-fd\.trace\n$')
        self.dir.backup(self.dir.simple([self.src(a=b'x')])).check()
        self.assertTrue(os.path.exists(self.site.path('t-fd.trace')))
        self.assertRegex(self.dir.command('setdebug=0 trace=0 hangup=0\n'), r'^2000 OK setdebug=0 trace=0 hangup=0 tracefile=')
        self.assertRegex(self.dir.command('setdebug=x\n'), r'^29')

    def test_what_is_no_command_is_refused(self):
        self.assertEqual(self.dir.command('nonsense\n'), '2999 Invalid command\n')
        self.assertEqual(self.dir.command('backup FileIndex=0\n'), '2999 Invalid command\n')
        self.assertRegex(self.dir.command('cancel Job=nobody\n'), r'^2901 Job nobody not found\.\n$')

    def test_setbandwidth_limits_and_lifts_the_limit_of_a_running_job(self):
        self.assertEqual(self.dir.command('setbandwidth=100 Job=nobody\n'), '2901 Job nobody not found.\n')
        self.assertRegex(self.dir.command('setbandwidth=x\n'), r'^2991 ')
        self.assertEqual(self.dir.command('setbandwidth=1000000 Job=\n'), '2000 OK Bandwidth\n')
        top = self.src(a=os.urandom(3000000))
        start = time.time()
        self.dir.backup(self.dir.simple([top])).check()
        self.assertGreater(time.time() - start, 1.5)
        job = self.dir.prepare(self.dir.simple([top]))
        job.fd.send('setbandwidth=1000 Job=%s\n' % job.job)
        job.expect(b'2000 OK Bandwidth\n')
        self.dir.start(job)
        time.sleep(0.5)
        start = time.time()
        self.assertEqual(self.dir.command('setbandwidth=0 Job=%s\n' % job.job), '2000 OK Bandwidth\n')
        self.assertEqual(self.dir.command('setbandwidth=0 Job=\n'), '2000 OK Bandwidth\n')
        job.finish()
        job.check()
        self.assertLess(time.time() - start, 20)

    def test_a_cancelled_job_ends_as_such_and_its_script_still_runs(self):
        mark = self.site.path('mark')
        after = self.script('after', 'sleep 0.3; echo "$1" >%s\n' % mark)
        os.makedirs(self.site.path('src'))
        with open(self.site.path('src/big'), 'wb') as f:
            f.truncate(8 << 30)
        job = self.dir.prepare(self.dir.simple([self.site.path('src')], 'S3'), scripts=[(0, 1, 0, 1, after + ' %e')])
        job.expect(b'2000 OK RunBeforeNow\n')
        self.dir.start(job)
        base.wait_until(lambda: 'JobStatus=R' in self.dir.command('.status current'))
        self.assertEqual(self.dir.command('cancel Job=%s\n' % job.job), '2001 Job %s marked to be canceled.\n' % job.job)
        job.finish()
        self.assertEqual(job.end[0], ord('A'))
        self.assertEqual(self.read(mark).decode().strip()[:6].lower(), 'cancel')
        self.assertIn('JobStatus=A', self.dir.command('.status last'))

    def test_a_restore_is_cancelled_too(self):
        os.makedirs(self.site.path('src'))
        with open(self.site.path('src/big'), 'wb') as f:
            f.truncate(256 << 20)
        self.dir.backup(self.dir.simple([self.site.path('src')], '0')).check()
        job = self.dir.job(82, 'restore', 32)
        self.dir.open_read(job)
        job.open_fd()
        job.sd.conn.send('run')
        job.send_storage(job.key)
        job.fd.send('restore replace=a prelinks=0 where=%s\n' % self.site.path('back'))
        job.expect(b'2000 OK restore\n')
        big = self.site.path('back') + self.site.path('src/big')
        base.wait_until(lambda: os.path.exists(big) and os.path.getsize(big) > 0)
        self.site.sd.send_signal(signal.SIGSTOP)
        self.assertLess(os.path.getsize(big), 256 << 20)
        self.assertRegex(self.dir.command('cancel Job=%s\n' % job.job), r'^2001 ')
        self.site.sd.send_signal(signal.SIGCONT)
        job.row['status'] = 'A'
        job.finish()
        self.assertEqual(job.end[0], ord('A'))

    def test_a_restore_into_a_fifo_that_nobody_empties_is_cancelled(self):
        hold = self.site.path('hold')
        os.mkfifo(hold)
        job = self.dir.prepare(['I\n', 'O Mr\n', 'N\n', 'F ' + hold, 'N\n', 'N\n'])
        self.dir.start(job)
        self.put('hold', bytes(1000000))
        job.finish()
        job.check()
        reader = os.open(hold, os.O_RDONLY | os.O_NONBLOCK)
        job = self.dir.job(82, 'restore', 32)
        self.dir.open_read(job)
        job.open_fd()
        job.sd.conn.send('run')
        job.send_storage(job.key)
        job.fd.send('restore replace=a prelinks=0 where=/\n')
        job.expect(b'2000 OK restore\n')
        self.assertTrue(select.select([reader], [], [], 30)[0])
        self.assertRegex(self.dir.command('cancel Job=%s\n' % job.job), r'^2001 ')
        job.row['status'] = 'A'
        start = time.time()
        job.finish()
        self.assertEqual(job.end[0], ord('A'))
        self.assertLess(time.time() - start, 10)
        os.close(reader)

    def test_reload_at_sighup(self):
        with open(self.site.path('fd.conf')) as f:
            text = f.read()

        def rewrite(new):
            said = os.path.getsize(self.site.path('fd.log'))
            with open(self.site.path('fd.conf'), 'w') as f:
                f.write(new)
            self.site.fd.send_signal(signal.SIGHUP)
            base.wait_until(lambda: os.path.getsize(self.site.path('fd.log')) > said)

        rewrite(text.replace('"fdpw"', '"other"'))
        self.assertRaises(Exception, self.dir.command, 'status')
        rewrite(text.replace('Name = t-fd', 'Name = t-fd\n  Nonsense = 1'))
        self.assertRaises(Exception, self.dir.command, 'status')
        rewrite(text.replace('Password = "fdpw"', 'Password = "fdpw"\n  Monitor = yes'))
        self.assertIn('2997', self.dir.command('cancel Job=x\n'))
        rewrite(text)
        self.assertIn('2901', self.dir.command('cancel Job=x\n'))


class Heartbeat(Commands):
    own = '  Heartbeat Interval = 1'

    def test_the_director_hears_from_a_job_that_waits(self):
        hold = self.site.path('hold')
        os.mkfifo(hold)
        after = self.script('after', 'sleep 2.5')
        job = self.dir.prepare(['I\n', 'O Mr\n', 'N\n', 'F ' + hold, 'N\n', 'N\n'], scripts=[(1, 0, 0, 1, after)])
        job.expect(b'2000 OK RunBeforeNow\n')
        self.dir.start(job)
        plain, beats = job.fd.recv, []

        def recv():
            frame = plain()
            if frame == bnet.HEARTBEAT:
                beats.append(time.time())
            return frame

        job.fd.recv = recv
        timer = threading.Timer(3.5, lambda: self.put('hold', b'data'))
        timer.start()
        job.finish()
        timer.join()
        job.check()
        self.assertGreater(len(beats), 3)
        self.assertGreater(beats[-1] - beats[0], 3)


class Passive(Commands):
    def run_backup(self):
        top = self.src(a=b'one', b=os.urandom(700000))
        job = self.dir.prepare(self.dir.simple([top]))
        self.call_in(job)
        job.fd.send('backup FileIndex=0\n')
        job.expect(b'2000 OK backup\n')
        job.finish()
        job.check()
        return top

    def call_in(self, job):
        job.sd.conn.send('passive client address=127.0.0.1 port=%d ssl=%d\n' % (self.site.fd_port, 4 if self.tls else 0))
        job.sd.expect(rb'2000 OK passive client\n')
        job.sd.conn.send('run')

    def test_backup_and_restore(self):
        top = self.run_backup()
        job = self.dir.job(82, 'restore', 32)
        self.dir.open_read(job)
        job.open_fd()
        job.fd.send('setauthorization Authorization=%s\n' % job.key)
        job.expect(b'2000 OK Authorization\n')
        self.call_in(job)
        job.fd.send('restore replace=a prelinks=0 where=%s\n' % self.site.path('back'))
        job.expect(b'2000 OK restore\n')
        job.expect(b'2000 OK storage end\n')
        self.dir.wait_sd(job)
        job.fd.send('endrestore')
        job.finish()
        job.check()
        self.compare(top, self.site.path('back') + top)

    def test_a_storage_daemon_without_the_key_is_refused(self):
        job = self.dir.prepare(self.dir.simple([self.src(a=b'x')]))
        for name, key in ((job.job, b'wrong-key'), ('nobody.2026-01-01_00.00.00_01', job.key.encode())):
            with self.assertRaises(Exception):
                conn = bnet.connect('127.0.0.1', self.site.fd_port, 'data', 'R_JOB\x1e' + name if self.tls else None, key, 10)
                conn.send('Hello Storage calling Start Job %s\n' % name)
                if not bnet.respond(conn, key) or not bnet.challenge(conn, key, 'File daemon'):
                    raise bnet.Refused('refused')
        self.call_in(job)
        job.fd.send('backup FileIndex=0\n')
        job.expect(b'2000 OK backup\n')
        job.finish()
        job.check()


class PassiveTls(Passive):
    tls = True


class RestoreRules(Commands):
    def setUp(self):
        super().setUp()
        self.top = self.src(a=b'saved', keep=b'kept')
        os.makedirs(self.top + '/sub')
        os.symlink('/absolute' + self.top, self.top + '/abs')
        os.symlink('a', self.top + '/rel')
        os.link(self.top + '/a', self.top + '/sub/hard')
        os.utime(self.top + '/a', (1000000000, 1000000000))
        self.dir.backup(self.dir.simple([self.top], 'MAX')).check()

    def test_replace_rules(self):
        path = self.top + '/a'
        for letter, age, want in (('a', 0, b'saved'), ('n', 0, b'there'), ('w', -1000, b'saved'), ('w', 1000, b'there'),
                                  ('w', 0, b'there'), ('o', 1000, b'saved'), ('o', -1000, b'there'), ('o', 0, b'there')):
            with self.subTest(replace=letter, age=age):
                with open(path, 'wb') as f:
                    f.write(b'there')
                os.utime(path, (1000000000 + age, 1000000000 + age))
                self.dir.restore('replace=%s prelinks=0 where=' % letter)
                self.assertEqual(self.read(path), want)
        os.unlink(self.top + '/keep')
        self.dir.restore('replace=n prelinks=0 where=/')
        self.assertEqual(self.read(self.top + '/keep'), b'kept')

    def test_where_and_moved_links(self):
        back = self.site.path('back')
        self.dir.restore('replace=a prelinks=1 where=%s' % back).check()
        self.assertEqual(os.readlink(back + self.top + '/abs'), back + '/absolute' + self.top)
        self.assertEqual(os.readlink(back + self.top + '/rel'), 'a')
        self.dir.restore('replace=a prelinks=0 where=%s2' % back).check()
        self.assertEqual(os.readlink(back + '2' + self.top + '/abs'), '/absolute' + self.top)

    def test_a_link_to_a_directory_stays_and_is_gone_through(self):
        moved = self.site.path('moved')
        os.rename(self.top + '/sub', moved)
        os.unlink(moved + '/hard')
        os.chmod(moved, 0o700)
        os.symlink(moved, self.top + '/sub')
        job = self.dir.restore('replace=a prelinks=0 where=/')
        self.assertEqual(job.row['status'], 'W')
        self.assertEqual(os.readlink(self.top + '/sub'), moved)
        self.assertEqual(self.read(moved + '/hard'), b'saved')
        self.assertEqual(os.stat(moved).st_mode & 0o777, 0o700)
        self.assertIn('src/sub/: here is a symbolic link to a directory', self.dir.texts(5))

    def test_regexwhere(self):
        back = self.site.path('re back')
        where = '!%s!!i,!([^/])$!$1.bak!,!^!%s/!' % (os.path.dirname(self.top).upper(), back)
        self.dir.restore('replace=a prelinks=0 regexwhere=%s' % bnet.bash(where)).check()
        self.assertEqual(self.read(back + '/src/a.bak'), b'saved')
        self.assertTrue(os.path.isdir(back + '/src/sub'))
        self.assertEqual(self.read(back + '/src/sub/hard.bak'), b'saved')

    def test_a_broken_regexwhere_is_refused_with_its_reason(self):
        job = self.dir.job(82, 'restore', 32)
        self.dir.open_read(job)
        job.open_fd()
        job.sd.conn.send('run')
        job.send_storage(job.key)
        job.fd.send('restore replace=a prelinks=0 regexwhere=!(!x!\n')
        job.expect(b'2000 OK restore\n')
        job.finish()
        self.assertNotIn(job.row['status'], 'TW')
        self.assertRegex(self.dir.texts(3), r'\(')

    def test_several_storages_in_one_restore(self):
        back = self.site.path('back')
        jobs = []
        job = self.dir.job(82, 'restore', 32)
        self.dir.open_read(job)
        job.open_fd()
        for n in range(3):
            if n == 0:
                part = job
            else:
                part = self.dir.job(82, 'restore', 32)
                part.job = job.job
                self.dir.open_read(part)
                job.key = part.key
            jobs.append(part)
            part.sd.conn.send('run')
            job.send_storage(part.key)
            job.fd.send('restore replace=a prelinks=0 where=%s%d\n' % (back, n))
            job.expect(b'2000 OK restore\n')
            job.expect(b'2000 OK storage end\n')
            self.dir.wait_sd(part)
        job.fd.send('endrestore')
        job.finish()
        job.check()
        for n in range(3):
            self.compare(self.top, '%s%d%s' % (back, n, self.top), '--no-links')
        self.assertEqual(job.end[1], 3 * len(self.dir.m.current_files(self.dir.m.last_jobs())))

    def test_a_storage_that_is_not_there_is_refused(self):
        job = self.dir.job(82, 'restore', 32)
        job.open_fd()
        for line in ('storage address=127.0.0.1 port=0 ssl=0\n', 'storage nonsense\n'):
            job = self.dir.job(82, 'restore', 32)
            job.open_fd()
            job.fd.send(line)
            job.expect(b'2902 Bad storage\n')
            job.finish()
            self.assertNotIn(job.row['status'], 'TW')


class Sync(Commands):
    """Spec: product.md "Nothing lost": OK in a report means on stable storage."""
    own = '  Heartbeat Interval = 1'

    def setUp(self):
        super().setUp()
        self.dir.backup(self.dir.simple([self.src(a=b'saved')])).check()
        self.back = self.site.path('back')

    def start(self):
        job = self.dir.job(82, 'restore', 32)
        self.dir.open_read(job)
        job.open_fd()
        job.sd.conn.send('run')
        job.send_storage(job.key)
        job.fd.send('restore replace=a prelinks=0 where=%s\n' % self.back)
        job.expect(b'2000 OK restore\n')
        return job

    def test_what_a_file_system_loses_after_the_last_byte_fails_the_restore(self):
        for error, text in (('EIO', 'Input/output error'), ('ENOSPC', 'No space left on device')):
            with self.subTest(error=error):
                self.dir.log.clear()
                with self.strace('inject=syncfs:error=' + error):
                    job = self.start()
                    job.finish()
                self.assertEqual(job.row['status'], 'f')
                self.assertRegex(self.dir.texts(3), re.escape(self.back) + '.* lost what was written to it: ' + text)

    def test_it_is_shown_what_a_restore_waits_for_and_the_director_is_kept_waiting(self):
        with self.strace('inject=syncfs:delay_enter=3500000'):
            job = self.start()
            plain, beats = job.fd.recv, []

            def recv():
                frame = plain()
                if frame == bnet.HEARTBEAT:
                    beats.append(time.time())
                return frame

            job.fd.recv = recv
            while 'Waiting for the disks to have all that was restored' not in self.dir.command('status'):
                self.assertIn(' is running', self.dir.command('status'))
            self.dir.wait_sd(job)  # it is free
            self.assertIn('Waiting for the disks', self.dir.command('status'))
            job.expect(b'2000 OK storage end\n')
        self.assertRegex(self.dir.command('status'), r'Stages: .*sync [34]\.\d\d s')
        job.fd.send('endrestore')
        job.finish()
        job.check()
        self.assertGreater(len(beats), 1)
        self.assertEqual(self.read(self.back + self.site.path('src/a')), b'saved')

    def test_a_device_is_synced_too(self):
        image = self.put('image', os.urandom(3 << 20))
        loop = self.loop_device(image)
        self.dir.backup(self.dir.simple([loop])).check()
        with self.strace('inject=fsync:error=EIO'):
            self.dir.restore('replace=a prelinks=0 where=/')
        self.assertRegex(self.dir.texts(4), re.escape(loop) + ': cannot be written: Input/output error')


class Stages(Commands):
    """A stage is named when it is fed."""
    SAVE = {'walk', 'read', 'digest', 'compress', 'order', 'send'}
    own = '  Pipeline Memory = 12 m'

    def named(self, text):
        return set(re.findall(r'(\w+) \d+\.\d\d s \(waited \d+\.\d\d\)', text))

    def traced(self, work):
        """What the debug output says of this one job."""
        self.assertIn('2000 OK', self.dir.command('setdebug=50 trace=1\n'))
        before = self.told()
        work().check()
        wait_until(lambda: len(self.told()) > len(before))
        return self.told()[-1]

    def told(self):
        return re.findall(r'stages: .*', self.read(self.site.path('t-fd.trace')).decode())

    def test_each_is_in_the_debug_output_of_a_backup_and_of_a_restore(self):
        text = b'what compresses ' * 1000
        for name, tree in (('small files', {'f%d' % i: text for i in range(50)}), ('a large file', {'large': text * 2000})):
            with self.subTest(name):
                subprocess.run(['rm', '-rf', self.site.path('src')], check=True)
                line = self.traced(lambda: self.dir.backup(self.dir.simple([self.src(**tree)], 'MAXZ6')))
                self.assertEqual(self.named(line), self.SAVE)
                self.assertRegex(line, r'pipeline memory at most [1-9]\d+ bytes')
        self.assertNotRegex(line, '(digest|compress) 0.00 s')  # 32 MB
        line = self.traced(lambda: self.dir.restore('replace=a prelinks=0 where=' + self.site.path('back')))
        self.assertEqual(self.named(line), {'receive', 'decompress', 'write', 'sync'})

    def test_they_and_the_memory_are_in_the_status_of_a_job_that_is_held(self):
        top, hold = self.src(large=os.urandom(3000000)), self.site.path('hold')
        os.mkfifo(hold)

        def shown():
            text = self.dir.command('status')
            return self.named(text) == self.SAVE and re.search(r' Pipeline Memory=[1-9]', text)

        job = self.dir.prepare(['I\n', 'O MAXZ6r\n', 'N\n', 'F ' + top, 'F ' + hold, 'N\n', 'N\n'])
        self.dir.start(job)
        with open(hold, 'wb') as f:
            f.write(b'x' * 3000000)
            f.flush()
            wait_until(shown)
        job.finish()
        job.check()
        self.assertNotIn('Pipeline Memory', self.dir.command('status'))


class SmallDevice(Commands):
    def test_a_device_that_is_too_small_is_an_error_of_its_own(self):
        image = self.put('image', os.urandom(3 << 20))
        loop = self.loop_device(image)
        self.dir.backup(self.dir.simple([loop, self.src(a=b'saved')])).check()
        os.unlink(self.site.path('src/a'))
        os.truncate(image, 1 << 20)
        subprocess.run(['losetup', '--set-capacity', loop], check=True)
        self.dir.restore('replace=a prelinks=0 where=/')
        self.assertRegex(self.dir.texts(4), re.escape(loop) + ': cannot be written: No space left')
        self.assertEqual(self.read(self.site.path('src/a')), b'saved')


if __name__ == '__main__':
    unittest.main(verbosity=1, warnings='ignore')
