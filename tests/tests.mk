# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# Included by the Makefile: builds the tests' programs. tests/run runs them.
TESTS := $(OUT)/tests
TESTED_HEADERS := $(wildcard include/*.h agent/*/*.h tests/unit/*.h)
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))
KERNEL_OBJS := $(patsubst tests/kernel/%.c,$(TESTS)/kernel/%.o,\
	$(filter-out %.bpf.c,$(wildcard tests/kernel/*.c))) $(TESTS)/kernel/words.o \
	$(TESTS)/kernel/host_name.o \
	$(TESTS)/unit/expectation.o $(TESTS)/unit/vectors.o
HARNESS_OBJS := $(addprefix $(TESTS)/kernel/,harness.o harness_age.o harness_maps.o harness_settings.o \
	endpoints.o message.o frame.o host_name.o)
BENCH_OBJS := $(addprefix $(TESTS)/bench/,bench.o classes.o measure.o million.o packet.o report.o \
	scaling.o upkeep.o) $(HARNESS_OBJS)
TEST_CFLAGS := -std=gnu11 $(WARNINGS) -Iinclude -Iagent -Itests/kernel -Itests/unit -I$(OUT)

# for compile_commands.json
TEST_SOURCES := $(filter-out %.bpf.c,$(wildcard tests/*/*.c))
compile_test = $(CC) $(TEST_CFLAGS) $(DAEMON_CFLAGS) $(addprefix -I,$(TESTS)/kernel $(TESTS)/bench) $(PEER_CFLAGS) \
	-Ibpf -Wno-unused-parameter

FUZZ_TARGETS := parser_fuzz frame_fuzz stream_fuzz capture_fuzz hep_fuzz pair_fuzz
FUZZ_CFLAGS := -std=gnu11 $(WARNINGS) -Wno-unused-parameter -Wno-unused-function -g -O2 \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	-Iinclude -Iagent -Ibpf -Itests/fuzz -Itests/unit

# make unit TEST=breaker, make kernel CASE='order: F1', make e2e FILE=20 CASE='F1 BYE': see tests/run -h
unit kernel e2e:
	$(Q)OUT=$(OUT) tests/run $@

# how the parser reads tests/vectors
vectors:
	$(Q)OUT=$(OUT) TEST=vectors tests/run unit

check: test

# make coverage [E2E='10 30']: unit tests and corpora, and these files of tests/e2e
coverage: needs-fuzz needs-coverage
	$(Q)OUT=$(OUT) tests/coverage $(E2E)

# make fuzz [TIME=SECONDS]: each target for that long; what it finds new stays in $(TESTS)/fuzz
TIME ?= 60
fuzz: fuzz-programs
	$(Q)OUT=$(OUT) tests/fuzz/run $(TIME)

# make fuzz-captures TIME=60 [SEED=N]: `cseqguard replay`, sanitized, of captures that are damaged at random
fuzz-captures:
	$(Q)$(MAKE) --no-print-directory SANITIZE=1 OUT=$(OUT)/sanitize $(OUT)/sanitize/cseqguard
	$(Q)tests/fuzz/damage.py $(OUT)/sanitize/cseqguard $(TIME) $(SEED)

unit-programs: $(UNIT_TESTS:%=$(TESTS)/unit/%)
kernel-programs: $(TESTS)/kernel_test $(TESTS)/bench/bench
e2e-programs: installable $(TESTS)/e2e/flood $(TESTS)/e2e/merge $(TESTS)/bench/calls
fuzz-programs: $(FUZZ_TARGETS:%=$(TESTS)/fuzz/%)
test-programs: unit-programs kernel-programs fuzz-programs

# A unit test is native and sanitized; its line `// link: agent/util/enum_names.c -lpq` says what it links.
define unit_test
$(TESTS)/unit/$(1): tests/unit/$(1).c $(filter %.c,$(2)) $(TESTED_HEADERS) $(CONFIG)
	@mkdir -p $$(@D)
	$$(call say,UNIT,$$@)$(CC) -std=gnu11 $(WARNINGS) $(SANITIZERS) -g -O1 -Iinclude -Iagent \
		-Itests/unit -I$(OUT) $(DAEMON_CFLAGS) $$(filter %.c,$$^) $(filter-out %.c,$(2)) -o $$@
endef
$(foreach test,$(UNIT_TESTS),$(eval $(call unit_test,$(test),\
	$(shell sed -n '1,3s|^// link: ||p' tests/unit/$(test).c))))

$(TESTS)/kernel_test: $(KERNEL_OBJS)
	$(call say,LINK,$@)$(CC) $^ -lbpf -lelf -lz -o $@

$(TESTS)/bench/bench: $(BENCH_OBJS)
	$(call say,LINK,$@)$(CC) $(filter %.o,$^) -pthread -lbpf -lelf -lz -o $@

# The store's bench: what it is fed by, and what it is compared with.
$(TESTS)/bench/calls: $(addprefix $(TESTS)/,bench/calls.o kernel/endpoints.o kernel/message.o kernel/frame.o \
	kernel/host_name.o) \
	$(OUT)/agent/maps/pins.o
	$(call say,LINK,$@)$(CC) $(AGENT_LDFLAGS) $^ -lbpf -o $@

# A proxy that reports calls, for bench-hep.
$(TESTS)/bench/hep_calls: $(addprefix $(TESTS)/,bench/hep_calls.o kernel/endpoints.o kernel/message.o) \
	$(addprefix $(OUT)/agent/,hep/hep.o util/endpoint.o util/text.o)
	$(call say,LINK,$@)$(CC) $(AGENT_LDFLAGS) $^ -o $@

$(TESTS)/bench/upsert: $(TESTS)/bench/upsert.o \
	$(addprefix $(OUT)/agent/,calls/db_tables.o util/enum_names.o postgres/pg_array.o postgres/pg_insert.o)
	$(call say,LINK,$@)$(CC) $(AGENT_LDFLAGS) $^ $(DAEMON_LIBS) -o $@

# The live benches' sockets and statistics.
$(TESTS)/bench/hold: $(TESTS)/bench/hold.o
	$(call say,LINK,$@)$(CC) $^ -lbpf -o $@

# The parser beside libosip2 and Sofia-SIP.
PARSER_OBJS := $(addprefix $(TESTS)/,$(addprefix bench/,parsers.o parser_guard.o parser_peers.o parser_messages.o) \
	unit/vectors.o kernel/words.o)
PEER_CFLAGS = $(shell $(PKG_CONFIG) --cflags sofia-sip-ua 2>/dev/null)
$(TESTS)/bench/parser_peers.o: TEST_CFLAGS += $(PEER_CFLAGS)
$(TESTS)/bench/parsers: $(PARSER_OBJS)
	$(call say,LINK,$@)$(CC) $^ -losipparser2 -lsofia-sip-ua -ljansson -o $@

$(TESTS)/e2e/flood: $(TESTS)/e2e/flood.o
	$(call say,LINK,$@)$(CC) $^ -o $@

$(TESTS)/e2e/merge: $(addprefix $(TESTS)/,e2e/merge.o unit/merge_orders.o) \
	$(addprefix $(OUT)/agent/,calls/db_tables.o util/enum_names.o postgres/pg_array.o postgres/pg_insert.o)
	$(call say,LINK,$@)$(CC) $(AGENT_LDFLAGS) $^ $(DAEMON_LIBS) -o $@

$(TESTS)/%.o: tests/%.c $(CONFIG) tests/tests.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(TEST_CFLAGS) -O2 -g -MMD -MP -c $< -o $@

$(TESTS)/kernel/words.o: agent/util/enum_names.c $(CONFIG)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(TEST_CFLAGS) -O2 -g -MMD -MP -c $< -o $@

$(TESTS)/kernel/host_name.o: agent/util/host_name.c $(CONFIG)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(TEST_CFLAGS) -O2 -g -MMD -MP -c $< -o $@

$(TESTS)/bench/upsert.o $(TESTS)/e2e/merge.o: TEST_CFLAGS += $(DAEMON_CFLAGS)
$(addprefix $(TESTS)/kernel/,report.o reuse.o) $(filter %/harness%.o,$(HARNESS_OBJS)): $(OUT)/guard.skel.h
$(TESTS)/kernel/probe.o: $(TESTS)/kernel/probe.skel.h
$(TESTS)/kernel/probe.o: TEST_CFLAGS += -I$(TESTS)/kernel
$(BENCH_OBJS): $(OUT)/guard.skel.h $(TESTS)/bench/bench.skel.h $(TESTS)/bench/floor.skel.h
$(BENCH_OBJS): TEST_CFLAGS += -I$(TESTS)/bench

$(TESTS)/%.bpf.o: tests/%.bpf.c $(CONFIG)
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) $(BPF_CFLAGS) $(BPF_INCLUDES) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(TESTS)/%.skel.h: $(TESTS)/%.bpf.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name $(notdir $*)_bpf >$@.tmp && mv $@.tmp $@

$(TESTS)/fuzz/parser_fuzz: $(addprefix tests/,fuzz/parser_fuzz.c fuzz/oracle.c fuzz/differences.c \
	unit/guard_page.c unit/expectation.c) agent/util/enum_names.c
$(TESTS)/fuzz/parser_fuzz: FUZZ_LIBS := -losipparser2
$(TESTS)/fuzz/frame_fuzz: tests/fuzz/frame_fuzz.c $(wildcard bpf/*) $(wildcard agent/engine/native_*.h)
$(TESTS)/fuzz/stream_fuzz: tests/fuzz/stream_fuzz.c $(wildcard bpf/*) $(wildcard agent/engine/native_*.h)
# a frame ends at a page, wherever it begins: BPF reads unaligned words
$(TESTS)/fuzz/frame_fuzz $(TESTS)/fuzz/stream_fuzz: FUZZ_CFLAGS += -fno-sanitize=alignment
$(TESTS)/fuzz/capture_fuzz: $(addprefix agent/,$(addsuffix .c,$(addprefix capture/,decap reader sip_facts splitter \
	tcp_stream) hep/hep_read)) tests/fuzz/capture_fuzz.c $(wildcard agent/capture/*.h)
# hep_world.h includes these, with system calls of its own
FUZZ_INCLUDED := agent/hep/hep_input.c agent/hep/hep_listener.c
$(TESTS)/fuzz/hep_fuzz: tests/fuzz/hep_fuzz.c $(addprefix agent/,$(addsuffix .c,hep/hep_counts hep/hep_guard \
	hep/hep_read hep/hep_sift hep/hep_stream hep/time_order util/endpoint util/host_name util/text)) $(FUZZ_INCLUDED) $(wildcard agent/hep/*.h)
# pair_fuzz.c includes the records' reader, to give them the right MAC
FUZZ_INCLUDED += agent/pair/record.c
$(TESTS)/fuzz/pair_fuzz: tests/fuzz/pair_fuzz.c $(addprefix agent/,$(addsuffix .c,pair/record_times pair/redis_reader \
	util/text) pair/record.c) $(wildcard agent/pair/*.h)
$(TESTS)/fuzz/pair_fuzz: FUZZ_LIBS := -lhiredis -lsodium
$(TESTS)/fuzz/pair_fuzz: FUZZ_CFLAGS += $(shell $(PKG_CONFIG) --cflags hiredis libsodium)
$(FUZZ_TARGETS:%=$(TESTS)/fuzz/%): $(wildcard tests/fuzz/*.h include/*.h) $(CONFIG) tests/tests.mk
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(CLANG) $(FUZZ_CFLAGS) $(filter-out bpf/% $(FUZZ_INCLUDED),$(filter %.c,$^)) $(FUZZ_LIBS) -o $@

# The long forms of what `make e2e` has in short. `make table` writes what each row is billed into
# cseqguard-evidence(7).
test-floods: e2e-programs
	$(Q)FLOOD_SECONDS=10 LAB_OUT=$(CURDIR)/$(OUT) bats tests/e2e/28-floods.bats

test-mixed: e2e-programs
	$(Q)MIXED_CALLS=2000 MIXED_RATE=100 LAB_OUT=$(CURDIR)/$(OUT) bats tests/e2e/29-mixed.bats

# 2,000 calls with INVITEs in fragments, over a line that loses and reorders them
test-fragments: e2e-programs
	$(Q)LOSSY_CALLS=2000 LOSSY_RATE=50 LAB_OUT=$(CURDIR)/$(OUT) bats tests/e2e/89-lossy.bats

# devices and faults that not every kernel has, in Debian's own
test-vm: e2e-programs
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) tests/e2e/vm/here bats tests/e2e/vm/devices.bats

# 10,000 calls over TCP
test-tcp: e2e-programs
	$(Q)TCP_CALLS=10000 TCP_RATE=100 LAB_OUT=$(CURDIR)/$(OUT) bats tests/e2e/82-tcp-honest.bats

# make test-honest [SEED=N] [CALLS=N]: honest calls of every kind; the seed is printed
CALLS = 100000
test-honest: e2e-programs
	$(Q)HONEST_CALLS=$(CALLS) HONEST_RATE=120 HONEST_SEED=$(SEED) LAB_OUT=$(CURDIR)/$(OUT) bats tests/e2e/87-honest.bats

# make test-chaos [SEED=N]: four minutes; the seed is printed
SEED = $(shell date +%s)
test-chaos: e2e-programs
	$(Q)CHAOS_RATE=300 CHAOS_SECONDS=240 CHAOS_PACE=2000 CHAOS_KILLS=50 WITHIN=0.1 CHAOS_SEED=$(SEED) \
		LAB_OUT=$(CURDIR)/$(OUT) bats tests/e2e/38-chaos.bats

# make test-pair [SEED=N]: ten rounds of 6,000 calls for each way to fail; a round's seed is printed
test-pair: e2e-programs
	$(Q)for seed in $$(seq $(SEED) $$(($(SEED) + 9))); do \
		echo "# seed $$seed"; \
		PAIR_RATE=50 PAIR_SECONDS=120 PAIR_SEED=$$seed WITHIN=0.1 LAB_OUT=$(CURDIR)/$(OUT) \
			bats tests/e2e/92-failover.bats || exit; \
	done

# $(call into_page,MARK,FILE): FILE replaces what is between `MARK` and `end of MARK` in the page's source
into_page = $(Q)sed -i -e '/^\.\\" $(1)$$/,/^\.\\" end of $(1)$$/{//!d}' -e '/^\.\\" $(1)$$/r $(2)' \
	deploy/cseqguard-evidence.7.in

table: e2e-programs
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) tests/e2e/table >$(TESTS)/table
	$(call into_page,make table,$(TESTS)/table)

# make test-everywhere [ONLY='trixie arm64']: other Debians, machines and kernels; see tests/everywhere/run
CACHE := $(CURDIR)/cache
test-everywhere:
	$(Q)CACHE=$(CACHE) tests/everywhere/run $(ONLY)
	@mkdir -p $(TESTS)
	$(Q)tests/everywhere/table $(CACHE)/result >$(TESTS)/everywhere
	$(call into_page,make test-everywhere,$(TESTS)/everywhere)

# What a bench finds out stays in FIGURES, for make pictures; JSON=FILE gets a copy.
FIGURES ?= $(OUT)/figures
PICTURES ?= $(OUT)/pictures
figures = @mkdir -p $(FIGURES)
copied = $(if $(JSON),$(Q)cp $(FIGURES)/$(1).json $(JSON))

# make bench [JSON=FILE]
# ... and the verifier's walk on Debian's own kernel beside this one's.
bench: $(TESTS)/bench/bench $(TESTS)/kernel_test
	$(figures)
	$(Q)$< $(FIGURES)/bench.json
	$(call copied,bench)
	$(Q)tests/kernel/qemu $(TESTS)/kernel_test load | sed -n 's/^# \(Linux\|verifier:\)/\1/p; /^not ok/p'

# make figures: what `make bench` measured last, into cseqguard-evidence(7)
figures:
	@mkdir -p $(TESTS)
	$(Q)tests/bench/figures $(FIGURES)/bench.json >$(TESTS)/figures
	$(call into_page,make figures,$(TESTS)/figures)

# make bench-store [JSON=FILE]
bench-store: all $(TESTS)/bench/calls $(TESTS)/bench/upsert
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) tests/bench/store $(JSON)

# make bench-sql [JSON=FILE] [PLANS=FILE]: the views at a million rows
bench-sql: all
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) tests/bench/sql $(JSON)

# make bench-live [JSON=FILE]: a core's flood over veth; see tests/bench/live
SETS_bench-live := demo bench
SETS_bench-kamailio := demo bench
SETS_pictures := bench
SETS_pictures-screens := demo test
LIVE_NEEDS := all needs-bench needs-demo $(TESTS)/e2e/flood $(TESTS)/bench/hold
bench-live: $(LIVE_NEEDS) $(TESTS)/bench/bench.bpf.o
	$(figures)
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) BPFTOOL=$(BPFTOOL) tests/bench/live $(FIGURES)/live.json
	$(call copied,live)

# make bench-tcp [JSON=FILE]: SIP over TCP, not read, read and enforced; see tests/bench/tcp
bench-tcp: all
	$(figures)
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) tests/bench/tcp $(FIGURES)/tcp.json
	$(call copied,tcp)

# make bench-replay [JSON=FILE] [BYTES=N]: `cseqguard replay` beside tshark and sngrep; see tests/bench/replay
SETS_bench-replay := bench
bench-replay: all
	$(figures)
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) $(if $(BYTES),BYTES=$(BYTES)) tests/bench/replay $(FIGURES)/replay.json
	$(call copied,replay)

# make bench-parser [JSON=FILE]: ns a message and MB/s, of the parser, libosip2 and Sofia-SIP
SETS_bench-parser := parsers
bench-parser: needs-parsers $(TESTS)/bench/parsers
	$(figures)
	$(Q)$(TESTS)/bench/parsers $(FIGURES)/parser.json
	$(call copied,parser)

# make bench-hep [JSON=FILE]: 10,000 messages a second by HEP, beside calls on the wire; see tests/bench/hep
SETS_bench-hep := demo test
bench-hep: all $(TESTS)/bench/hep_calls
	$(figures)
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) tests/bench/hep $(FIGURES)/hep.json
	$(call copied,hep)

# make bench-pair [JSON=FILE]: 1,000 calls a second that two hosts share; see tests/bench/pair
SETS_bench-pair := demo test
bench-pair: all $(TESTS)/bench/calls
	$(figures)
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) tests/bench/pair $(FIGURES)/pair.json
	$(call copied,pair)

# make bench-kamailio [JSON=FILE]: Kamailio beside the guard; two minutes; see tests/bench/kamailio
bench-kamailio: $(LIVE_NEEDS)
	$(figures)
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) BPFTOOL=$(BPFTOOL) tests/bench/kamailio $(FIGURES)/kamailio.json
	$(call copied,kamailio)

# make pictures [PICTURES=DIR]: SVG of what bench, bench-live and bench-kamailio found out last
pictures: needs-bench
	$(Q)tests/bench/pictures $(FIGURES) $(PICTURES)

# make pictures-screens [PICTURES=DIR] [ONLY=replay]: page, ladder, top, replay and demo beside real calls
pictures-screens: e2e-programs needs-demo needs-test
	@mkdir -p $(PICTURES)
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) tests/e2e/pictures $(PICTURES) $(ONLY)

# make bench-million [JSON=FILE] [CALLS=N]
bench-million: all $(TESTS)/bench/calls
	$(Q)LAB_OUT=$(CURDIR)/$(OUT) tests/bench/million $(JSON)

.PHONY: unit kernel e2e vectors check coverage fuzz fuzz-captures unit-programs kernel-programs e2e-programs fuzz-programs test-programs \
	bench bench-store bench-sql bench-live bench-tcp bench-hep bench-pair bench-replay bench-parser bench-kamailio bench-million figures pictures pictures-screens test-floods test-mixed test-fragments \
	test-tcp test-vm test-honest test-chaos test-pair test-everywhere table
-include $(wildcard $(TESTS)/*.d $(TESTS)/*/*.d)
