# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
VERSION := 0.1.0
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DOCDIR ?= $(PREFIX)/share/doc/cseqguard
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/cseqguard
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d

OUT := out$(if $(SANITIZE),/sanitize)
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(patsubst $(OUT)/%,%,$(2));)

# Each program is its own files and what those need of the rest.
CLI_SOURCES := $(wildcard agent/cli/*.c)
DAEMON_SOURCES := $(wildcard agent/daemon/*.c)
AGENT_SOURCES := $(filter-out $(CLI_SOURCES) $(DAEMON_SOURCES),$(wildcard agent/*/*.c))
AGENT_LIB := $(OUT)/agent/agent.a

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror
AGENT_CFLAGS := -std=gnu11 $(WARNINGS) -fstack-protector-strong -Iinclude -Iagent -I$(OUT)
# Callbacks of bpf_loop get an index that most do not read.
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g $(WARNINGS) -Wno-unused-parameter -Iinclude -Ibpf \
	-ffile-prefix-map=$(CURDIR)=.
SANITIZERS := -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
AGENT_CFLAGS += $(if $(SANITIZE),$(SANITIZERS),-D_FORTIFY_SOURCE=2)
AGENT_LDFLAGS := $(if $(SANITIZE),$(SANITIZERS)) -Wl,-z,relro,-z,now

PROGRAMS := $(OUT)/cseqguard $(OUT)/cseqguardd

all: $(PROGRAMS)

# The sets of packages in the table of configure; those that a goal needs besides build.
SETS := build demo deb fuzz test bench lint
SETS_demo := demo
SETS_deb := deb
SETS_fuzz := fuzz
SETS_test := demo deb fuzz test
SETS_e2e := $(SETS_test)
SETS_lint := lint
SETS_format := lint

# Only deps installs packages. config.mk is made before any goal, and deps before config.mk, so
# `make -j deps demo` keeps that order. Included files are made even with -n, hence the exception.
DEPS := $(filter deps deps-%,$(MAKECMDGOALS))
DRY_RUN := $(findstring n,$(filter-out -%,$(firstword $(MAKEFLAGS))))
ifneq ($(filter-out help deps deps-% test-bare clean distclean,$(or $(MAKECMDGOALS),all)),)
include config.mk
endif
config.mk: configure | $(if $(DRY_RUN),,$(DEPS))
	$(Q)./configure

$(OUT)/cseqguard: $(CLI_SOURCES:%.c=$(OUT)/%.o) $(AGENT_LIB)
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(AGENT_LDFLAGS) $(LDFLAGS) $^ $(CLI_LIBS) -o $@

$(OUT)/cseqguardd: $(DAEMON_SOURCES:%.c=$(OUT)/%.o) $(AGENT_LIB)
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(AGENT_LDFLAGS) $(LDFLAGS) $^ $(DAEMON_LIBS) -o $@

$(AGENT_LIB): $(AGENT_SOURCES:%.c=$(OUT)/%.o)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(OUT)/agent/%.o: agent/%.c config.mk Makefile
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(AGENT_CFLAGS) $(CLI_CFLAGS) $(DAEMON_CFLAGS) $(CPPFLAGS) $(CFLAGS) \
		-MMD -MP -c $< -o $@

$(addprefix $(OUT)/agent/,cli/version.o http/metrics.o): AGENT_CFLAGS += -DCG_VERSION='"$(VERSION)"'
$(OUT)/agent/attach/instance.o: $(OUT)/guard.skel.h
$(OUT)/agent/http/web_page.o: $(OUT)/agent/http/page.html.h
$(OUT)/agent/postgres/schema.o: $(OUT)/schema.sql.h

$(OUT)/%.bpf.o: bpf/%.bpf.c config.mk Makefile
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) $(BPF_CFLAGS) $(BPF_INCLUDES) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(OUT)/%.skel.h: $(OUT)/%.bpf.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name $* >$@.tmp && mv $@.tmp $@

# The schema in the order in which its parts need each other.
$(OUT)/schema.sql: $(patsubst %,agent/postgres/sql/%.sql,schema partitions views grants)
	@mkdir -p $(@D)
	$(call say,SQL,$@)cat $^ >$@

# A text file as a C string: static const char s[] =\n#include "schema.sql.h"\n;
as_string = $(call say,TEXT,$@)sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< >$@
$(OUT)/%.sql.h: $(OUT)/%.sql
	$(as_string)
$(OUT)/agent/%.html.h: agent/%.html
	@mkdir -p $(@D)
	$(as_string)

# The man pages contain the options from the programs' --help.
MANUALS := $(patsubst deploy/%.in,$(OUT)/man/%,$(wildcard deploy/*.[578].in))
$(OUT)/man/%: deploy/%.in deploy/manual $(PROGRAMS)
	@mkdir -p $(@D)
	$(call say,MAN,$@)OUT=$(OUT) deploy/manual $< $(VERSION) >$@

man: $(MANUALS)

-include tests/tests.mk

# Installs what the other goals need; all sets if there is no other goal.
deps:
	$(Q)deploy/deps $(sort $(foreach goal,$(filter-out $(DEPS),$(MAKECMDGOALS)),build $(SETS_$(goal))))

$(SETS:%=deps-%): deps-%:
	$(Q)deploy/deps $*

$(SETS:%=needs-%): needs-%:
	$(Q)./configure --require $*

demo: needs-demo all
	$(Q)OUT=$(OUT) deploy/demo

run: all
	$(Q)OUT=$(OUT) MODE=$(MODE) GATEWAY=$(GATEWAY) DB='$(DB)' deploy/run $(IFACE)

test: all
	$(Q)OUT=$(OUT) CI=$(CI) tests/run

# Both command lines of README.md, each in a minimal Debian of its own (root, network).
test-bare:
	$(Q)OUT=$(OUT) tests/bare

SHELL_FILES = $(shell git ls-files configure .ci deploy tests | \
	xargs grep -lE '^\#!.*[ /](sh|bash|bats)$$') deploy/cseqguard.bash-completion
C_FILES = $(wildcard include/*.h bpf/*.[ch] agent/*/*.[ch] tests/*/*.[ch])
# cppcheck takes what a system call fills for unset; gcc has its own eye on that.
CPPCHECK := --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,portability \
	--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=uninitvar \
	--suppress=uninitStructMember -D__GNUC__=12 -Iinclude -Iagent -I$(OUT)
lint: needs-lint all
	$(call say,LINT,shellcheck)shellcheck -x $(SHELL_FILES)
	$(call say,LINT,cppcheck)cppcheck $(CPPCHECK) agent
	$(call say,LINT,clang-format)clang-format --dry-run -Werror $(C_FILES)

format: needs-lint
	$(Q)clang-format -i $(C_FILES)

UNITS := $(wildcard deploy/*.service)
COMPLETION := deploy/cseqguard.bash-completion:$(COMPLETIONDIR):644
# source:folder:mode[:name] of what is installed
INSTALLED := $(PROGRAMS:%=%:$(SBINDIR):755) README.md:$(DOCDIR):644 LICENSE:$(DOCDIR):644 \
	deploy/cseqguard.conf:$(DOCDIR):644 \
	$(foreach n,5 7 8,$(patsubst %,%:$(MANDIR)/man$(n):644,$(filter %.$(n),$(MANUALS)))) \
	$(COMPLETION):cseqguard $(COMPLETION):cseqguardd $(OUT)/schema.sql:$(DATADIR):644 \
	$(foreach d,prometheus grafana,$(patsubst %,%:$(DATADIR)/$(d):644,$(wildcard deploy/$(d)/*))) \
	$(UNITS:%=%:$(UNITDIR):644) deploy/cseqguard.sysusers:$(SYSUSERSDIR):644:cseqguard.conf
part = $(word $(1),$(subst :, ,$(2)))
target = $(DESTDIR)$(call part,2,$(1))/$(or $(call part,4,$(1)),$(notdir $(call part,1,$(1))))

install: all $(MANUALS) $(OUT)/schema.sql
	$(Q)$(foreach item,$(INSTALLED),install -D -m $(call part,3,$(item)) \
		$(call part,1,$(item)) $(call target,$(item)) &&) true
	$(Q)sed -i 's|/usr/local/sbin|$(SBINDIR)|; s|/usr/local/share/doc/cseqguard|$(DOCDIR)|' \
		$(UNITS:deploy/%=$(DESTDIR)$(UNITDIR)/%)

uninstall:
	$(Q)rm -f $(foreach item,$(INSTALLED),$(call target,$(item)))
	$(Q)rmdir --ignore-fail-on-non-empty $(foreach d,$(DATADIR)/prometheus $(DATADIR)/grafana $(DATADIR) \
		$(DOCDIR),$(DESTDIR)$(d)) 2>/dev/null || true

deb: needs-deb
	$(Q)VERSION=$(VERSION) OUT=$(OUT) deploy/package

clean:
	$(Q)rm -rf out

distclean: clean
	$(Q)rm -f config.mk

help:
	@echo 'make             cseqguard and cseqguardd in $(OUT)/'
	@echo 'make demo        the attack of 2008 without the guard and with it, both bills (root)'
	@echo 'make run IFACE=eth0  observe an interface, live events, until Ctrl-C (root);'
	@echo '                 MODE=enforce, GATEWAY=CIDR,..., DB=CONNINFO'
	@echo 'make test        unit, kernel and end-to-end tests (root); CI=1: a skip is a failure'
	@echo 'make test-bare   the two command lines of README.md, each in a new minimal Debian (root, network)'
	@echo 'make fuzz TIME=60  parser against libosip2, frames through the rules, so many seconds each'
	@echo 'make test-mixed  2,000 calls with everything in random order; make test-floods: 10 s each'
	@echo 'make test-chaos  72,000 calls in 240 s while daemon, PostgreSQL and disk fail; SEED=N: the same again'
	@echo 'make table       what each attack is billed, from real calls, into cseqguard-evidence(7)'
	@echo 'make bench       what a packet costs (root); make bench-store: calls a second from ring to row'
	@echo '                 make bench-million: a million dialogs, listed, stored and watched'
	@echo 'make bench-live  the same of a flood over veth; make bench-kamailio: Kamailio in a flood, with the'
	@echo '                 guard and without; make pictures: what the three found, as SVG in $(PICTURES)'
	@echo '                 make pictures-screens: page, ladder, top and demo, from real calls'
	@echo 'make figures     what make bench measured, into cseqguard-evidence(7)'
	@echo 'make lint        clang-format, cppcheck, shellcheck; make format writes the first'
	@echo 'make man         man pages in $(OUT)/man/'
	@echo 'make install     to $(PREFIX); DESTDIR and PREFIX are heeded, and by uninstall'
	@echo 'make deb         Debian package in $(OUT)/deb/'
	@echo 'make deps demo   first install the packages that the goal beside it needs; make deps: all packages'
	@echo 'make clean       remove out/; distclean: config.mk too'
	@echo 'V=1 shows the commands; SANITIZE=1 builds with ASan and UBSan in out/sanitize/'

.PHONY: all man deps $(SETS:%=deps-%) $(SETS:%=needs-%) deb demo run test test-bare lint format install uninstall clean distclean help
.DELETE_ON_ERROR:
.SECONDARY:

-include $(wildcard $(OUT)/*.d $(OUT)/agent/*/*.d)
