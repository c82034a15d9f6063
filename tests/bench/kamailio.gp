# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# data: unguarded, then, two blank lines below, guarded: BYEs sent a second, per cent of calls that failed
set title 'Honest calls that fail beside a flood of BYEs with a low CSeq'
set logscale x 10
set xrange [400:*]
set format x '%.0s%c'
set format y '%g%%'
set xlabel 'bad BYEs a second' textcolor '#24292f'
set yrange [-2:105]
set key center right
plot data index 0 using 1:2 with linespoints linestyle 1 title 'Kamailio', \
	'' index 1 using 1:2 with linespoints linestyle 2 title 'Kamailio behind cseqguard'
