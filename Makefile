# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# `make help` lists the goals. deploy/package checks that deploy/debian/changelog has the same version.
VERSION := 0.1.0
# Seconds since 1970: the release, unless the environment says when this is built. No clock is right that is earlier.
RELEASED := $(shell sed -n '1,/^ --/s/^ -- .*>  //p' deploy/debian/changelog)
BUILD_TIME := $(or $(SOURCE_DATE_EPOCH),$(shell date -u -d '$(RELEASED)' +%s))
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DOCDIR ?= $(PREFIX)/share/doc/cseqguard
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/cseqguard
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d

# Everything that is built, and the configuration it is built with, is in OUT.
OUT := out$(if $(SANITIZE),/sanitize)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(patsubst $(OUT)/%,%,$(2));)

# The CLI and the daemon each link their own folder and the library of the other folders.
CLI_SOURCES := $(wildcard agent/cli/*.c)
DAEMON_SOURCES := $(wildcard agent/daemon/*.c)
AGENT_SOURCES := $(filter-out $(CLI_SOURCES) $(DAEMON_SOURCES),$(wildcard agent/*/*.c))
AGENT_LIB := $(OUT)/agent/agent.a

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror
# The same sources give the same programs, wherever they and OUT are.
PREFIX_MAP := -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(OUT)/=out/
SANITIZERS := -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
AGENT_CFLAGS := -std=gnu11 $(WARNINGS) -fstack-protector-strong $(PREFIX_MAP) -Iinclude -Iagent -I$(OUT) \
	-DCG_VERSION='"$(VERSION)"' -DCG_BUILD_TIME=$(BUILD_TIME) $(if $(SANITIZE),$(SANITIZERS),-D_FORTIFY_SOURCE=2)
AGENT_LDFLAGS := $(if $(SANITIZE),$(SANITIZERS)) -Wl,-z,relro,-z,now
# -Wno-unused-parameter: most callbacks of bpf_loop do not use the index.
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g $(WARNINGS) -Wno-unused-parameter -Iinclude -Ibpf $(PREFIX_MAP)

PROGRAMS := $(OUT)/cseqguard $(OUT)/cseqguardd

all: $(PROGRAMS)

# The sets of packages in the table of configure, and those that a goal needs besides build.
SETS := build demo deb fuzz test vm everywhere coverage bench parsers lint
SETS_demo := demo
SETS_deb := deb
SETS_fuzz := fuzz
SETS_fuzz-programs := fuzz
SETS_test-programs := fuzz
SETS_test := demo deb fuzz test
SETS_e2e := $(SETS_test)
SETS_test-vm := demo test vm
SETS_test-everywhere := test everywhere
SETS_coverage := $(SETS_test) coverage
SETS_lint := lint
SETS_format := lint

# A tool that the environment or the command line names replaces the configured one: configure runs again.
TOOLS := CC CLANG BPFTOOL PKG_CONFIG HOSTCC
$(foreach tool,$(TOOLS),$(eval GIVEN_$(tool) := \
	$(if $(filter environment% command%,$(origin $(tool))),$($(tool)))))
wanted = $(or $(GIVEN_$(1)),$(CONFIGURED_$(1)))

# Only deps and deps-SET install packages. CONFIG is made before any goal, and the packages are installed
# before CONFIG, so `make -j deps demo` keeps that order. Included files are made even with -n, hence the
# exception.
CONFIG := $(OUT)/config.mk
DEPS := $(filter deps deps-%,$(MAKECMDGOALS))
DRY_RUN := $(findstring n,$(filter-out -%,$(firstword $(MAKEFLAGS))))
UNCONFIGURED := help deps deps-% deb dist test-bare test-everywhere clean distclean
ifneq ($(filter-out $(UNCONFIGURED),$(or $(MAKECMDGOALS),all)),)
include $(CONFIG)
endif
ifneq ($(foreach tool,$(TOOLS),$(call wanted,$(tool))),$(foreach tool,$(TOOLS),$(CONFIGURED_$(tool))))
$(CONFIG): FORCE
endif
$(CONFIG): configure | $(if $(DRY_RUN),,$(if $(DEPS),packages))
	$(Q)OUT=$(OUT) $(foreach tool,$(TOOLS),$(tool)='$(call wanted,$(tool))') ./configure

$(OUT)/cseqguard: $(CLI_SOURCES:%.c=$(OUT)/%.o) $(AGENT_LIB)
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(AGENT_LDFLAGS) $(LDFLAGS) $^ $(CLI_LIBS) -o $@

$(OUT)/cseqguardd: $(DAEMON_SOURCES:%.c=$(OUT)/%.o) $(AGENT_LIB)
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(AGENT_LDFLAGS) $(LDFLAGS) $^ $(DAEMON_LIBS) -o $@

$(AGENT_LIB): $(AGENT_SOURCES:%.c=$(OUT)/%.o)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/agent/%.o: agent/%.c $(CONFIG) Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(AGENT_CFLAGS) $(CLI_CFLAGS) $(DAEMON_CFLAGS) $(CPPFLAGS) $(CFLAGS) \
		-MMD -MP -c $< -o $@

$(addprefix $(OUT)/agent/attach/,build_pin.o instance.o skeleton.o): $(OUT)/guard.skel.h
$(OUT)/agent/http/web_page.o: $(OUT)/agent/http/page.html.h
# The programs, built natively: they read words at any address.
$(OUT)/agent/engine/engine.o: AGENT_CFLAGS += -Ibpf -fno-strict-aliasing -Wno-unused-parameter -Wno-unused-function \
	$(if $(SANITIZE),-fno-sanitize=alignment)
$(OUT)/agent/postgres/schema.o: $(OUT)/schema.sql.h

$(OUT)/%.bpf.o: bpf/%.bpf.c $(CONFIG) Makefile
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) $(BPF_CFLAGS) $(BPF_INCLUDES) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(OUT)/%.skel.h: $(OUT)/%.bpf.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name $* >$@.tmp && mv $@.tmp $@

# The schema in the order in which its parts need each other.
$(OUT)/schema.sql: $(patsubst %,agent/postgres/sql/%.sql,schema partitions views grants)
	@mkdir -p $(@D)
	$(call say,SQL,$@)cat $^ >$@.tmp && mv $@.tmp $@

# A text file as a C string: static const char s[] =\n#include "schema.sql.h"\n;
as_string = $(call say,TEXT,$@)sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< >$@.tmp && mv $@.tmp $@
$(OUT)/%.sql.h: $(OUT)/%.sql
	$(as_string)
$(OUT)/agent/%.html.h: agent/%.html
	@mkdir -p $(@D)
	$(as_string)

# The man pages contain the options from the programs' --help. If CC builds for another machine, HOSTCC
# builds programs in OUT/host that run on this one.
HOST_OUT := $(OUT)$(if $(CROSS),/host)
MANUALS := $(patsubst deploy/%.in,$(OUT)/man/%,$(wildcard deploy/*.[578].in))
DATE = $(shell date -u -d @$(BUILD_TIME) +%Y-%m-%d)
$(OUT)/man/%: deploy/%.in deploy/manual $(HOST_OUT)/cseqguard $(HOST_OUT)/cseqguardd
	@mkdir -p $(@D)
	$(call say,MAN,$@)OUT=$(HOST_OUT) deploy/manual $< $(VERSION) $(DATE) >$@.tmp && mv $@.tmp $@

ifdef CROSS
$(OUT)/host/cseqguard $(OUT)/host/cseqguardd &: FORCE
	$(Q)$(MAKE) --no-print-directory OUT=$(OUT)/host CC='$(HOSTCC)' PKG_CONFIG=pkg-config CFLAGS=-O0 LDFLAGS= all
endif

# The daemon's unit is also a template, whose argument is the instance.
UNITS := $(patsubst deploy/%.in,$(OUT)/units/%,$(wildcard deploy/*.service.in)) $(OUT)/units/cseqguardd@.service
unit = $(Q)mkdir -p $(@D) && sed -e '/^@SANDBOX@/{r deploy/attach.sandbox' -e 'd}' \
	-e 's|@SBINDIR@|$(SBINDIR)|; s|@DOCDIR@|$(DOCDIR)|' \
	-e 's|@OF@|$(if $(1), of instance $(1))|; s|@FOLDER@|$(1:%=/%)|; s|@INSTANCE@|$(1:%= --instance %)|' $< >$@.tmp && \
	if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi
$(OUT)/units/cseqguardd@.service: deploy/cseqguardd.service.in FORCE
	$(call unit,%i)
$(OUT)/units/%: deploy/%.in FORCE
	$(call unit,)

man: $(MANUALS)

-include tests/tests.mk

# deps is for the other goals; for all sets if there is no other goal.
NEEDED = $(patsubst deps-%,%,$(filter deps-%,$(DEPS))) \
	$(if $(filter deps,$(DEPS)),$(foreach goal,$(filter-out $(DEPS),$(MAKECMDGOALS)),build $(SETS_$(goal))))
packages:
	$(Q)deploy/deps $(sort $(NEEDED))

deps $(SETS:%=deps-%): packages
	@:

$(SETS:%=needs-%): needs-%:
	$(Q)./configure --require $*

demo: needs-demo all
	$(Q)OUT=$(OUT) deploy/demo

run: all
	$(Q)OUT=$(OUT) MODE=$(MODE) GATEWAY=$(GATEWAY) DB='$(DB)' deploy/run $(IFACE)

test: installable
	$(Q)OUT=$(OUT) CI=$(CI) tests/run

test-bare:
	$(Q)OUT=$(OUT) RELEASE=$(RELEASE) tests/bare

SHELL_FILES = $(shell git ls-files configure .ci deploy tests | \
	xargs grep -lE '^\#!.*[ /](sh|bash|bats)$$') deploy/cseqguard.bash-completion
C_FILES = $(wildcard include/*.h bpf/*.[ch] agent/*/*.[ch] tests/*/*.[ch])
# uninitvar, uninitStructMember: cppcheck does not know which structs a system call fills; gcc warns instead.
# OUT is not searched: the bytes of the BPF object in guard.skel.h would take minutes. Two files are
# nothing without their generated text.
CPPCHECK := --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,portability \
	--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=uninitvar \
	--suppress=uninitStructMember -D__GNUC__=12 -Iinclude -Iagent \
	-iagent/http/web_page.c -iagent/postgres/schema.c
compile_agent = $(CC) $(AGENT_CFLAGS) $(CLI_CFLAGS) $(DAEMON_CFLAGS) $(CPPFLAGS) $(CFLAGS)
compile_bpf = $(CLANG) $(BPF_CFLAGS) $(BPF_INCLUDES)
lint: needs-lint all
	$(call say,LINT,layers)tests/lint/layers
	$(call say,LINT,headers)tests/lint/headers $(wildcard include/*.h agent/*/*.h) -- $(compile_agent) -I.
	$(Q)tests/lint/headers $(wildcard include/*.h bpf/*.h) -- $(compile_bpf) -I.
	$(call say,LINT,shellcheck)shellcheck -x $(SHELL_FILES)
	$(call say,LINT,cppcheck)cppcheck $(CPPCHECK) -j$(shell nproc) agent
	$(call say,LINT,clang-format)clang-format --dry-run -Werror $(C_FILES)

format: needs-lint
	$(Q)clang-format -i $(C_FILES)

# For clangd and other tools; the headers that the build generates must exist.
entry = $(file >>$@,{"directory": "$(CURDIR)", "file": "$(1)", "command": "$(subst ",\",$(2)) -c $(1)"},)
compile_commands.json: all
	$(call say,JSON,$@):
	$(file >$@,[)
	$(foreach source,$(wildcard agent/*/*.c),$(call entry,$(source),$(compile_agent)))
	$(foreach source,$(wildcard bpf/*.bpf.c tests/*/*.bpf.c),$(call entry,$(source),$(compile_bpf)))
	$(foreach source,$(TEST_SOURCES),$(call entry,$(source),$(compile_test)))
	$(Q)sed -i '$$s/,$$/\n]/' $@

COMPLETION := deploy/cseqguard.bash-completion:$(COMPLETIONDIR):644
# The files to install, as source:folder:mode[:name].
INSTALLED := $(PROGRAMS:%=%:$(SBINDIR):755) README.md:$(DOCDIR):644 LICENSE:$(DOCDIR):644 LICENSE.GPL-2.0:$(DOCDIR):644 \
	deploy/cseqguard.conf:$(DOCDIR):644 $(patsubst %,%:$(DOCDIR)/deploy/pictures:644,$(wildcard deploy/pictures/*)) \
	$(foreach n,5 7 8,$(patsubst %,%:$(MANDIR)/man$(n):644,$(filter %.$(n),$(MANUALS)))) \
	$(COMPLETION):cseqguard $(COMPLETION):cseqguardd $(OUT)/schema.sql:$(DATADIR):644 \
	$(foreach d,prometheus grafana,$(patsubst %,%:$(DATADIR)/$(d):644,$(wildcard deploy/$(d)/*))) \
	$(UNITS:%=%:$(UNITDIR):644) deploy/cseqguard.sysusers:$(SYSUSERSDIR):644:cseqguard.conf
part = $(word $(1),$(subst :, ,$(2)))
target = $(DESTDIR)$(call part,2,$(1))/$(or $(call part,4,$(1)),$(notdir $(call part,1,$(1))))

# All that install copies.
installable: all $(MANUALS) $(UNITS) $(OUT)/schema.sql

install: installable
	$(Q)$(foreach item,$(INSTALLED),install -D -m $(call part,3,$(item)) \
		$(call part,1,$(item)) $(call target,$(item)) &&) true

uninstall:
	$(Q)rm -f $(foreach item,$(INSTALLED),$(call target,$(item)))
	$(Q)rmdir --ignore-fail-on-non-empty $(foreach d,$(DATADIR)/prometheus $(DATADIR)/grafana $(DATADIR) \
		$(DOCDIR)/deploy/pictures $(DOCDIR)/deploy $(DOCDIR),$(DESTDIR)$(d)) 2>/dev/null || true

deb: needs-deb
	$(Q)VERSION=$(VERSION) OUT=$(OUT) HOST_ARCH=$(HOST_ARCH) deploy/package

# The files of HEAD; the same archive for the same commit.
DIST := $(OUT)/cseqguard-$(VERSION).tar
dist:
	@mkdir -p $(OUT)
	$(Q)git archive --format=tar --prefix=cseqguard-$(VERSION)/ -o $(DIST) HEAD
	$(Q)gzip -9nf $(DIST)
	@echo $(DIST).gz

clean:
	$(Q)rm -rf $(OUT)

distclean: clean
	$(Q)rm -rf --one-file-system $(CACHE)
	$(Q)rm -f compile_commands.json

help:
	@echo 'Build (OUT=$(OUT), PREFIX=$(PREFIX)):'
	@echo '  make                      cseqguard and cseqguardd'
	@echo '  make deps GOAL...         first install the Debian packages that the goals need (root);'
	@echo '                            without a goal: the packages of all goals. Nothing else installs packages'
	@echo '  make man                  the man pages, in OUT/man'
	@echo '  make install, uninstall   to PREFIX; DESTDIR is supported'
	@echo '  make deb                  the Debian package, in OUT/deb; HOST_ARCH=arm64: cross-built'
	@echo '  make dist                 the sources of HEAD as an archive, in OUT'
	@echo '  make clean, distclean     remove OUT; distclean: and CACHE, and compile_commands.json'
	@echo 'Run (root):'
	@echo '  make demo                 the attack of 2008 without and with the guard, and the bill of each'
	@echo '  make run IFACE=eth0       observe an interface until Ctrl-C, printing events;'
	@echo '                            MODE=enforce, GATEWAY=CIDR,..., DB=CONNINFO'
	@echo 'Test (root; CI=1: a skipped test is a failure):'
	@echo '  make test                 all tests; make unit, fuzz-programs, kernel, e2e: one kind'
	@echo '  make test-bare            the two command lines of README.md, each in a new minimal Debian;'
	@echo '                            RELEASE=trixie: in that release'
	@echo '  make test-everywhere      builds, unit tests and packages in Debian 12 and 13, x86-64 and arm64, and the kernel'
	@echo '                            tests on their kernels under qemu; ONLY=trixie-arm64: some of it. Half an hour'
	@echo '  make unit TEST=breaker, kernel CASE=F1, e2e FILE=20 CASE="F1 BYE": one of them; see tests/run -h'
	@echo '  make coverage E2E=FILES   functions that no test reaches; with E2E=10 that file of tests/e2e runs too'
	@echo '  make fuzz TIME=60         fuzz each target for this many seconds'
	@echo '  make fuzz-captures TIME=60  replay captures that are cut and bit-flipped at random, with ASan and UBSan'
	@echo '  make test-mixed           2,000 calls of all kinds in random order'
	@echo '  make test-fragments       2,000 calls in fragments that are lost and reordered'
	@echo '  make test-tcp             10,000 honest calls over TCP'
	@echo '  make test-vm              WireGuard, GRE, IPIP and netem in Debian'\''s own kernel; minutes'
	@echo '  make test-floods          floods of 10 s each'
	@echo '  make test-chaos SEED=N    72,000 calls in 240 s while daemon, PostgreSQL and disk fail'
	@echo '  make test-pair SEED=N     6,000 calls while one of two edge hosts fails, thirty times'
	@echo '  make lint                 includes, headers, shellcheck, cppcheck, clang-format'
	@echo '  make format               run clang-format on all C files'
	@echo '  make compile_commands.json  for clangd'
	@echo 'Measure (root):'
	@echo '  make bench                cost of a packet; bench-live: of a flood over veth; bench-tcp: of TCP'
	@echo '  make bench-store          calls a second from ring to row; bench-million: a million dialogs'
	@echo '  make bench-sql            the views of PostgreSQL at a million rows; PLANS=FILE: their plans'
	@echo '  make bench-hep            10,000 messages a second reported by HEP, beside calls on the wire'
	@echo '  make bench-pair           1,000 calls a second that two hosts share through Redis'
	@echo '  make bench-replay         cseqguard replay beside tshark and sngrep, of a capture of 1 GB'
	@echo '  make bench-parser         the parser beside libosip2 and Sofia-SIP, natively'
	@echo '  make bench-kamailio       Kamailio in a flood, with and without the guard'
	@echo '  make table                what each attack is billed, from real calls, into cseqguard-evidence(7)'
	@echo '  make figures              what make bench measured, into cseqguard-evidence(7)'
	@echo '  make pictures             SVG of the benches, in $(PICTURES); pictures-screens: page, ladder, top, replay, demo'
	@echo 'Variables: V=1 shows the commands; SANITIZE=1 builds with ASan and UBSan in out/sanitize;'
	@echo '  CC, CLANG, BPFTOOL, PKG_CONFIG, from the environment too, are kept in OUT/config.mk;'
	@echo '  if CC builds for another machine, HOSTCC builds programs for the man pages that run here, or HOST_OUT has them'

FORCE:

.PHONY: all man installable packages deps $(SETS:%=deps-%) $(SETS:%=needs-%) deb dist demo run test test-bare lint format \
	compile_commands.json install uninstall clean distclean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:

-include $(wildcard $(OUT)/*.d $(OUT)/agent/*/*.d)
