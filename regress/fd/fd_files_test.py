#!/usr/bin/env python3
"""fd_files_test.py - which files are saved, with which digest, and what happens to them meanwhile

Files that vanish, grow, shrink or cannot be read between walk and read: the one worker is held by a
fifo while the test changes what it will find.
"""
# labels: quick tsan
import os
import re
import stat
import subprocess
import time
import unittest

from director import Commands, bnet


class Selection(Commands):
    """Spec: config.md 1.14 "Matching order"."""

    def tree_of(self, *names):
        for n in names:
            if n.endswith('/'):
                os.makedirs(self.site.path('src/' + n), exist_ok=True)
            else:
                self.put('src/' + n)
        return self.site.path('src')

    def saved(self, lines):
        job = self.dir.backup(lines)
        job.check()
        top = self.site.path('src')
        return {n[len(top) + 1:] for n in self.dir.names(job)} - {''}

    def include(self, blocks, files=None, more=(), exclude=()):
        out = ['I\n', *more]
        for letters, patterns in blocks:
            out += ['O %s\n' % letters, *(p + '\n' for p in patterns), 'N\n']
        out += [*('F ' + f for f in files or [self.site.path('src')]), 'N\n', 'N\n']
        if exclude:
            out += ['E\n', 'O HAX\n', 'N\n', *('F ' + e for e in exclude), 'N\n', 'N\n']
        return out

    def test_wild_and_regex_in_their_order(self):
        self.tree_of('a.c', 'a.o', 'b.O', 'sub/x.o', 'sub/x.c', 'skip.d/in', 'keep.d/in')
        self.assertEqual(self.saved(self.include([('Me', ['WF *.o']), ('M', [])])),
                         {'a.c', 'b.O', 'sub/', 'sub/x.c', 'skip.d/', 'skip.d/in', 'keep.d/', 'keep.d/in'})
        self.assertEqual(self.saved(self.include([('Mei', ['WF *.o']), ('M', [])])),
                         {'a.c', 'sub/', 'sub/x.c', 'skip.d/', 'skip.d/in', 'keep.d/', 'keep.d/in'})
        self.assertEqual(self.saved(self.include([('Me', ['WD */skip.d']), ('M', [])])),
                         {'a.c', 'a.o', 'b.O', 'sub/', 'sub/x.o', 'sub/x.c', 'keep.d/', 'keep.d/in'})
        # The first block that hits decides, what comes behind it does not count.
        self.assertEqual(self.saved(self.include([('M', ['WF */sub/*.o']), ('Me', ['R \\.[oO]$']), ('M', [])])),
                         {'a.c', 'sub/', 'sub/x.o', 'sub/x.c', 'skip.d/', 'skip.d/in', 'keep.d/', 'keep.d/in'})
        # Take only what a pattern names: a last block with Exclude and without patterns.
        self.assertEqual(self.saved(self.include([('M', ['RF \\.c$', 'WD *']), ('Me', [])])),
                         {'a.c', 'sub/', 'sub/x.c', 'skip.d/', 'keep.d/'})
        self.assertEqual(self.saved(self.include([('Me', ['RD /(skip|keep)\\.d$']), ('M', [])])),
                         {'a.c', 'a.o', 'b.O', 'sub/', 'sub/x.o', 'sub/x.c'})

    def test_exclude_blocks_are_patterns_on_the_whole_path(self):
        top = self.tree_of('a', 'sub/b', 'sub/c', 'other/d')
        self.assertEqual(self.saved(self.include([('M', [])], exclude=[top + '/sub'])), {'a', 'other/', 'other/d'})
        self.assertEqual(self.saved(self.include([('M', [])], exclude=['*/b', '*/other'])), {'a', 'sub/', 'sub/c'})

    def test_a_pattern_that_cannot_be_is_named(self):
        job = self.dir.job()
        job.open_fd()
        job.send_level()
        for line in ('fileset\n', *self.include([('M', ['R (unclosed'])])):
            job.fd.send(line)
        job.fd.sig(bnet.EOD)
        job.finish()
        self.assertNotIn(job.row['status'], 'TW')
        self.assertIn('(unclosed', self.dir.texts(3))

    def test_exclude_dir_containing(self):
        self.tree_of('a', 'no/.nobackup', 'no/x', 'no/deep/y', 'yes/z')
        self.assertEqual(self.saved(self.include([('M', [])], more=['Z .nobackup\n'])), {'a', 'yes/', 'yes/z'})

    def test_strip_path(self):
        top = self.tree_of('a', 'sub/b')
        os.link(top + '/a', top + '/sub/hard')
        n = top.count('/')
        job = self.dir.backup(self.include([('MAXP%d:' % (n - 1), [])]))
        job.check()
        self.check_volume()
        self.assertEqual(self.dir.names(job), {'/src/a', '/src/sub/b', '/src/sub/hard', '/src/sub/', '/src/'})
        back = self.site.path('back')
        self.dir.restore('replace=a prelinks=0 where=' + back).check()
        self.compare(top, back + '/src')
        job = self.dir.backup(self.include([('MP%d:' % (n + 1), [])]))
        self.assertEqual(self.dir.names(job), {'/b', '/hard', top + '/a', top + '/', top + '/sub/'})

    def test_shadowing(self):
        top = self.tree_of('a', 'sub/b', 'out/c', 'subway/d')
        files = [top + '/sub', top, top + '/out', top + '/subway/']
        for letters, saved in (('M', 14), ('Md1', 14), ('Md2', 8)):
            del self.dir.log[:]
            job = self.dir.backup(self.include([(letters, [])], files=files))
            self.assertEqual(job.end[1], saved)
            self.assertEqual(job.row['status'], 'W' if letters == 'Md1' else 'T')
            self.assertEqual(self.dir.texts().count('File entry'), 0 if letters == 'M' else 3)
        # What a pattern leaves out is not reached from above, so that the entry stays.
        job = self.dir.backup(self.include([('Md2e', ['WD */out']), ('Md2', [])], files=files))
        self.assertEqual(sum(n.endswith('/out/c') for n in self.dir.names(job)), 1)
        # Nor is what stands behind a link.
        os.symlink(top + '/sub', top + '/link')
        job = self.dir.backup(self.include([('Md2', [])], files=[top, top + '/link/b']))
        self.assertIn(top + '/link/b', self.dir.names(job))
        os.unlink(top + '/link')
        # Over two Include blocks.
        two = self.include([('M', [])], files=[top]) + self.include([('Md4', [])], files=[top + '/sub'])
        self.assertEqual(self.dir.backup(two).end[1], 8)
        two = self.include([('M', [])], files=[top]) + self.include([('Md2', [])], files=[top + '/sub'])
        self.assertEqual(self.dir.backup(two).end[1], 10)

    def test_no_recursion(self):
        self.tree_of('a', 'sub/b')
        self.assertEqual(self.saved(self.include([('Mh', [])])), {'a', 'sub/'})

    def test_size(self):
        for n in (10, 1000, 100000):
            self.put('src/s%d' % n, b'x' * n)
        self.assertEqual(self.saved(self.include([('Mz<1000:', [])])), {'s10'})
        self.assertEqual(self.saved(self.include([('Mz>1000:', [])])), {'s100000'})

    @unittest.skipIf(os.geteuid() != 0, 'mounting needs root')
    def test_one_file_system_and_file_system_types(self):
        top = self.tree_of('a', 'mnt/')
        if subprocess.run(['mount', '-t', 'tmpfs', 'none', top + '/mnt'], capture_output=True).returncode != 0:
            self.skipTest('mounting is not allowed here')
        try:
            self.put('src/mnt/inside')
            self.assertEqual(self.saved(self.include([('M', [])])), {'a', 'mnt/'})
            self.assertIn('is a different file system', self.dir.texts(6))
            self.assertEqual(self.saved(self.include([('Mf', [])])), {'a', 'mnt/', 'mnt/inside'})
            own = subprocess.run(['stat', '-f', '-c', '%T', top], capture_output=True, text=True).stdout.strip()
            if own != 'tmpfs':
                self.assertEqual(self.saved(self.include([('Mf', ['X tmpfs'])], files=[top + '/mnt'])), {'mnt/', 'mnt/inside'})
                self.assertEqual(self.saved(self.include([('Mf', ['X ext4', 'X xfs', 'X btrfs', 'X overlay'])])), {'a', 'mnt/'})
        finally:
            subprocess.run(['umount', top + '/mnt'], check=True)

    def test_nodump(self):
        top = self.tree_of('a', 'b')
        if subprocess.run(['chattr', '+d', top + '/b'], capture_output=True).returncode != 0:
            self.skipTest('this file system has no nodump flag')
        self.assertEqual(self.saved(self.include([('MN', [])])), {'a'})
        self.assertEqual(self.saved(self.include([('M', [])])), {'a', 'b'})


class LongNames(Commands):
    def test_a_path_far_beyond_what_the_system_takes_comes_back(self):
        top = self.src(steady=b'same')
        at = os.open(top, os.O_RDONLY)
        for i in range(300):
            name = '%03d' % i + 'd' * 247
            os.mkdir(name, dir_fd=at)
            below = os.open(name, os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        with os.fdopen(os.open('deepest', os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=at), 'wb') as f:
            f.write(b'deep')
        os.link('deepest', 'other', src_dir_fd=at, dst_dir_fd=at)
        os.close(at)
        job = self.dir.backup(self.dir.simple([top]))
        job.check()
        self.check_volume()
        self.assertEqual(max(len(n) for n in self.dir.names(job)), len(top) + 300 * 251 + len('/deepest'))
        back = self.site.path('back')
        self.dir.restore('replace=a prelinks=0 where=' + back).check()
        self.compare(top, back + top)


class Digests(Commands):
    def test_every_digest_is_that_of_the_data_and_the_restore_agrees(self):
        import base64
        import hashlib
        data = {'small': os.urandom(1000), 'large': os.urandom(900001), 'empty': b''}
        top = self.src(**data)
        for letters, name in (('M', 'md5'), ('S', 'sha1'), ('S2', 'sha256'), ('S3', 'sha512')):
            job = self.dir.backup(self.dir.simple([top], letters + 'AX'))
            job.check()
            for n, d in data.items():
                want = base64.b64encode(hashlib.new(name, d).digest()).decode().rstrip('=')
                self.assertEqual(self.dir.file(job, top + '/' + n)['digest'], want, (name, n))
            back = self.site.path('back-' + name)
            self.dir.restore('replace=a prelinks=0 where=' + back).check()
            self.compare(top, back + top)


class Meanwhile(Commands):
    """The one worker waits for a fifo, so that the test can change what was walked already."""
    own = '  Maximum Workers Per Job = 1\n  Pipeline Memory = 12 m'

    def backup_while(self, change, options='MAX', fifo=b'fifo data'):
        top, hold = self.site.path('src'), self.site.path('hold')
        if not os.path.exists(hold):
            os.mkfifo(hold)
        job = self.dir.prepare(['I\n', 'O %sr\n' % options, 'N\n', 'F ' + hold, 'F ' + top, 'N\n', 'N\n'])
        self.dir.start(job)
        want = 2 + sum(len(d) + len(f) for _, d, f in os.walk(top))
        for _ in range(1200):
            m = re.search(r'Files [Ee]xamined=([\d,]+)', self.dir.command('status'))
            if m and int(m[1].replace(',', '')) >= want:
                break
            time.sleep(0.05)
        else:
            self.fail(self.dir.command('status'))
        time.sleep(0.2)
        change(top)
        with open(hold, 'wb') as f:
            f.write(fifo)
        job.finish()
        self.check_volume()
        return job

    def back(self):
        where = self.site.path('back%d' % time.monotonic_ns())
        self.assertIn(self.dir.restore('replace=a prelinks=0 where=' + where).row['status'], 'TW')
        return where + self.site.path('src')

    def linked(self, data):
        """Three names of one file, in three directories, in the order they are walked."""
        self.put('src/d1/one', data)
        for n in ('d2/two', 'd3/three'):
            os.makedirs(os.path.dirname(self.site.path('src/' + n)), exist_ok=True)
            os.link(self.site.path('src/d1/one'), self.site.path('src/' + n))

    def names_as_saved(self, data):
        self.linked(data)
        job = self.dir.backup(self.dir.simple([self.site.path('src')]))
        names = [f['name'] for f in self.dir.m.catalog['files'][str(job.id)]]
        return [n for n in names if not n.endswith('/')]

    def test_the_next_name_has_the_data_when_the_first_one_is_gone(self):
        for data in (os.urandom(1000), os.urandom(3000000), b''):
            with self.subTest(size=len(data)):
                subprocess.run(['rm', '-rf', self.site.path('src')], check=True)
                first, second, third = self.names_as_saved(data)
                if not data:
                    os.chmod(first, 0o600)  # an empty file all may read is saved without being opened
                job = self.backup_while(lambda top: os.unlink(first))
                self.assertEqual(job.row['status'], 'W')
                self.assertIn('%s: cannot be opened: No such file' % first, self.dir.texts(8))
                self.assertNotIn(first, self.dir.names(job))
                back = self.back()
                self.compare(self.site.path('src'), back, '--no-dir-times')
                rel = os.path.relpath(second, self.site.path('src'))
                self.assertEqual(self.read(os.path.join(back, rel)), data)
                self.assertEqual(os.stat(os.path.join(back, rel)).st_nlink, 2)

    def test_the_next_name_has_the_data_when_the_first_one_was_replaced(self):
        """As an editor saves: the other names still lead to what was there before."""
        for data, other in ((os.urandom(1000), b'new'), (os.urandom(3000000), os.urandom(2000000)), (b'old', os.urandom(3000000))):
            with self.subTest(size=len(data)):
                subprocess.run(['rm', '-rf', self.site.path('src')], check=True)
                first, second, third = self.names_as_saved(data)

                def change(top):
                    self.put('new', other)
                    os.rename(self.site.path('new'), first)

                job = self.backup_while(change)
                job.check()
                back = self.back()
                self.compare(self.site.path('src'), back, '--no-dir-times')
                for name, want in ((first, other), (second, data), (third, data)):
                    self.assertEqual(self.read(back + name[len(self.site.path('src')):]), want)

    def test_a_first_name_is_a_larger_file_by_the_time_a_full_batch_comes_to_it(self):
        grown = ['src/d0/%02d' % i for i in range(10)]  # more than one batch holds, twice
        for n in grown:
            self.put(n, b'short')
        names = self.names_as_saved(b'what was there before')
        first, second, third = [n for n in names if '/d0/' not in n]
        self.assertEqual(names.index(first), len(grown))
        other = os.urandom(3000000)

        def change(top):
            for n in grown:
                with open(self.site.path(n), 'wb') as f:
                    f.write(os.urandom(400000))
            self.put('new', other)
            os.rename(self.site.path('new'), first)

        self.backup_while(change).check()
        back = self.back()
        self.compare(self.site.path('src'), back, '--no-dir-times')
        self.assertEqual(self.read(back + first[len(self.site.path('src')):]), other)
        self.assertEqual(self.read(back + second[len(self.site.path('src')):]), b'what was there before')

    def test_two_first_names_are_gone(self):
        first, second, third = self.names_as_saved(b'data of three names')

        def change(top):
            os.unlink(first)
            os.unlink(second)

        job = self.backup_while(change)
        self.assertEqual(job.row['status'], 'W')
        self.compare(self.site.path('src'), self.back(), '--no-dir-times')

    def test_vanished_files_and_directories(self):
        for i in range(600):
            self.put('src/d%d/f%03d' % (i // 100, i))

        def change(top):
            for i in range(0, 600, 7):
                os.unlink('%s/d%d/f%03d' % (top, i // 100, i))
            subprocess.run(['rm', '-rf', top + '/d3'], check=True)

        job = self.backup_while(change)
        self.assertEqual(job.row['status'], 'W')
        self.assertEqual(sum(1 for n in self.dir.names(job) if re.search(r'/f\d+$', n)),
                         sum(1 for i in range(600) if i % 7 and i // 100 != 3))

    def test_files_that_grew_are_saved_as_they_are_and_the_job_is_good(self):
        data = {'log': os.urandom(3000000), 'half': os.urandom(400000), 'steady': b'same'}
        data.update({'many%02d' % i: os.urandom(300000 + i * 13000) for i in range(24)})  # more than one batch holds
        for n in data:
            self.put('src/' + n, data[n][:100])

        def change(top):
            for n, d in data.items():
                with open(top + '/' + n, 'wb') as f:
                    f.write(d)

        job = self.backup_while(change)
        self.assertEqual(job.row['status'], 'T')
        back = self.back()
        for n, d in data.items():
            self.assertEqual(self.read(back + '/' + n), d)

    def test_files_that_shrank_before_they_were_read(self):
        self.put('src/large', os.urandom(3000000))
        self.put('src/small', os.urandom(3000))

        def change(top):
            os.truncate(top + '/large', 1000)
            os.truncate(top + '/small', 0)

        job = self.backup_while(change)
        self.assertEqual(job.row['status'], 'T')
        self.compare(self.site.path('src'), self.back(), '--no-dir-times')

    def test_another_kind_of_file_in_its_place(self):
        self.put('src/file')
        self.put('src/other')

        def change(top):
            os.unlink(top + '/file')
            os.symlink('/etc/shadow', top + '/file')

        job = self.backup_while(change)
        self.assertEqual(job.row['status'], 'W')
        self.assertIn('src/file: cannot be opened', self.dir.texts(8))

    def test_a_fifo_is_read_as_data_and_comes_back_as_a_file(self):
        self.put('src/x')
        data = os.urandom(1500000)
        job = self.backup_while(lambda top: None, fifo=data)
        job.check()
        back = self.site.path('back')
        self.dir.restore('replace=a prelinks=0 where=' + back)
        self.assertEqual(self.read(back + self.site.path('hold')), data)

    @unittest.skipIf(os.geteuid() != 0, 'reading all attributes needs root')
    def test_many_large_attributes_take_bounded_memory(self):
        top = self.src(probe=b'')
        try:
            for i in range(600):
                path = self.put('src/f%03d' % i)
                for k in range(4):
                    os.setxattr(path, 'user.k%d' % k, os.urandom(900) if i % 50 else b'x' * 60000)
        except OSError:
            for i in range(600):
                path = self.put('src/f%03d' % i)
                try:
                    os.setxattr(path, 'user.k', os.urandom(3000))
                except OSError:
                    self.skipTest('no extended attributes here')
        job = self.backup_while(lambda t: None)
        job.check()
        self.compare(top, self.back())

    def test_a_read_error_is_told_and_the_job_ends_with_warnings(self):
        path = '/sys/class/net/lo/speed'
        try:
            self.read(path)
        except OSError as e:
            if not os.path.exists(path):
                self.skipTest('no such file here: %s' % e)
        else:
            self.skipTest('this kernel reads %s' % path)
        job = self.dir.backup(self.dir.simple([path, self.src(a=b'x')]))
        self.assertEqual(job.row['status'], 'W')
        self.assertRegex(self.dir.texts(4), re.escape(path) + r': reading failed at byte 0 of 4096, only what came before is saved: ')


@unittest.skipIf(os.environ.get('TERCET_SANITIZE'), 'sanitizers need memory of their own')
class Memory(Commands):
    own = '  Pipeline Memory = 10 m\n  Maximum Workers Per Job = 4'

    def test_pipeline_memory_bounds_the_daemon(self):
        top = self.site.path('src')
        for i in range(240):
            self.put('src/f%03d' % i, os.urandom(500000))
        for i in range(4):
            self.put('src/large%d' % i, bytes(30000000))
        self.dir.backup(self.dir.simple([top])).check()
        with open('/proc/%d/status' % self.site.fd.pid) as f:
            peak = int(re.search(r'VmHWM:\s+(\d+) kB', f.read())[1])
        self.assertLess(peak, 48 * 1024)


class Descriptors(Commands):
    own = '  Maximum Workers Per Job = 1'

    def test_few_directories_are_open_while_the_walk_waits_for_the_rest(self):
        top, hold = self.site.path('src'), self.site.path('hold')
        for i in range(1300):
            os.makedirs('%s/%d/below' % (top, i))
        os.mkfifo(hold)
        job = self.dir.prepare(['I\n', 'O MAXr\n', 'N\n', 'F ' + hold, 'F ' + top, 'N\n', 'N\n'])
        self.dir.start(job)
        before, n = -1, 0
        while before != n:  # the one worker waits for the fifo, then the walk does
            time.sleep(0.3)
            before, n = n, len(os.listdir('/proc/%d/fd' % self.site.fd.pid))
        with open(hold, 'wb') as f:
            f.write(b'go on')
        job.finish()
        job.check()
        self.assertLess(n, 2048)


class Devices(Commands):
    def test_a_block_device_named_directly_is_read(self):
        image = self.put('image', os.urandom(3 << 20))
        loop = self.loop_device(image)
        job = self.dir.backup(self.dir.simple([loop]))
        job.check()
        back = self.site.path('back')
        self.dir.restore('replace=a prelinks=0 where=' + back)
        self.assertEqual(self.read(back + loop), self.read(image))

    def test_zeros_of_a_device_replace_what_is_there(self):
        data = os.urandom(1 << 20) + bytes(1 << 20) + os.urandom(1 << 20) + bytes(1 << 20)
        image = self.put('image', data)
        loop = self.loop_device(image)
        self.dir.backup(self.dir.simple([loop], 'MAXs')).check()
        with open(loop, 'wb') as f:
            f.write(b'\xff' * len(data))
        self.dir.restore('replace=a prelinks=0 where=').check()
        with open(loop, 'rb') as f:
            self.assertEqual(f.read(), data)

    @unittest.skipIf(os.geteuid() != 0, 'devices need root')
    def test_a_device_without_driver_is_named(self):
        os.makedirs(self.site.path('src'))
        path = self.site.path('src/disk')
        os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(200, 200))
        job = self.dir.backup(self.dir.simple([path]))
        self.assertEqual(job.row['status'], 'W')
        self.assertIn(path + ': cannot be opened', self.dir.texts(8))


if __name__ == '__main__':
    unittest.main(verbosity=1, warnings='ignore')
