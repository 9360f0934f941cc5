#!/usr/bin/env bats
# regress/interop/stock_tools.bats - our volumes in other hands
#
# tercet-volume reads what the storage daemon wrote without any daemon or catalog; Debian's bls
# and bextract 9.6.7 read volumes of Label Style = Bacula.  Interleaved jobs and a job over
# several volumes each.

load ../lib/farm

setup_file() {
	farm_make
	mkdir "$FARM/bacula"
	farm_conf_add sd <<X
Device {
  Name = "BaculaDev"; Media Type = "BaculaFile"; Archive Device = "$FARM/bacula"; Device Type = File
  Label Style = Bacula; Label Media = yes; Random Access = yes; Automatic Mount = yes
  Removable Media = no; Always Open = no; Maximum Concurrent Jobs = 10
}
