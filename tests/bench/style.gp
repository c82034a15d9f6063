# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# What the pictures have in common: a white ground, so that they read on a dark page as well.
set terminal svg size 720,360 fixed font 'sans-serif,13' background '#ffffff' name 'bench'
set encoding utf8
set datafile separator "\t"
set border 3 linecolor '#57606a'
set tics nomirror textcolor '#24292f'
set grid ytics linecolor '#d0d7de' linetype 1
set key top left textcolor '#24292f'
set style line 1 linecolor '#cf222e' linewidth 2 pointtype 7 pointsize 0.6
set style line 2 linecolor '#0969da' linewidth 2 pointtype 5 pointsize 0.6
set style line 3 linecolor '#d0d7de' linewidth 2
set style line 4 linecolor '#8c959f' linewidth 2
