# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# data: class, nanoseconds
stats data using 2 nooutput
set terminal svg size 720,(60 + 26 * STATS_records) fixed
set title 'Nanoseconds a packet, BPF\_PROG\_TEST\_RUN'
set style fill solid noborder
set yrange [STATS_records - 0.5:-0.5]
set xrange [0:STATS_max * 1.12]
set border 2
unset xtics
unset grid
unset key
plot data using (0):0:(0):2:($0 - 0.38):($0 + 0.38):ytic(1) with boxxyerror linestyle 2, \
	'' using 2:0:(sprintf(' %d', $2)) with labels left textcolor '#24292f'
