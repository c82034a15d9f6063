# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# data: class, then thousands of packets a second without a program, with PASS, with the guard, and
# the nanoseconds of PASS and guard
set title "One core floods the host over veth: packets a second, the program's own ns"
set style data histograms
set style histogram clustered gap 1
set style fill solid noborder
set xrange [-0.6:2.6]
set yrange [0:*]
set offsets 0, 0, graph 0.2, 0
set format y '%gk'
set key top right horizontal
plot data using 2:xtic(1) title 'no program' linestyle 3, '' using 3 title 'PASS' linestyle 4, \
	'' using 4 title 'cseqguard' linestyle 2, \
	'' using 0:3:(sprintf('%d ns', $5)) with labels textcolor '#24292f' offset 0,0.7 notitle, \
	'' using ($0 + 0.25):4:(sprintf('%d ns', $6)) with labels textcolor '#24292f' offset 0,0.7 notitle
