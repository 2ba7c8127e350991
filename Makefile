# SPDX-License-Identifier: Apache-2.0
# Makefile - build, test and install cbr; `make help` lists the targets

VERSION := 0.1.0

PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
CNI_BIN_DIR ?= /opt/cni/bin
CFLAGS ?= -O2 -g
WERROR ?= -Werror
PKG_CONFIG ?= pkg-config
INSTALL ?= install
STRIP ?= strip

# One directory of objects per way to build; BIN is where the executables go.
CONFIG ?= $(notdir $(firstword $(CC)))$(if $(STATIC),-static)
BIN ?= bin
obj := build/$(CONFIG)
Q := $(if $(V),,@)

# --- what there is to build ---------------------------------------------------------------

sources = $(sort $(shell find $(1) -name '*.c' 2>/dev/null))
objects = $(patsubst %.c,$(obj)/%.o,$(1))

plugins := $(patsubst plugins/%/main.c,%,$(wildcard plugins/*/main.c))
programs := $(addprefix $(BIN)/,$(plugins))
lib := $(obj)/libcbr.a
# Plugins that others contain: all of them but main().
residents := $(obj)/libhl-ipam.a
support := $(filter-out %/sanitize.o,$(call objects,$(call sources,tests/support)))
tests := $(patsubst %.c,$(obj)/%,$(filter-out tests/support/%,$(sort $(shell find tests -name 'test_*.c'))))
shim := $(if $(SANITIZE),,$(obj)/tests/fault/shim/shim.so)
# Those in tests/crash take minutes, and a target of their own.
crash_tests := $(filter $(obj)/tests/crash/%,$(tests))
long_tests := $(crash_tests) $(filter $(obj)/tests/model/%,$(tests))
wanted = $(if $(T),$(foreach t,$(1),$(if $(findstring $(T),$t),$t)),$(1))
wanted_tests := $(call wanted,$(filter-out $(crash_tests),$(tests)))
wanted_long_tests := $(call wanted,$(long_tests))

# Fuzz targets and what they take from the plugins; all else of tests/fuzz serves each of them.
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
fuzzers := $(patsubst tests/fuzz/%.c,build/fuzz/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
wanted_fuzzers := $(if $(T),$(foreach f,$(fuzzers),$(if $(findstring $(T),$f),$f)),$(fuzzers))
fuzzed_fuzz_config_bridge := plugins/cbr-bridge/config.c plugins/cbr-bridge/config_vlan.c
fuzzed_fuzz_config_ipam := plugins/hl-ipam/config.c plugins/hl-ipam/ranges.c
fuzzed_fuzz_resolv := plugins/hl-ipam/resolv.c

# --- how ----------------------------------------------------------------------------------

warnings := -Wall -Wextra $(WERROR) -Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wshadow -Wstrict-prototypes -Wundef -Wvla -Wwrite-strings -Wformat=2
# Where the tree lies is nobody's business: the same sources make the same executables.
in_tree := -ffile-prefix-map=$(CURDIR)/=
cflags = -std=gnu17 -pthread -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -DCBR_VERSION='"$(VERSION)"' -Iinclude -Iplugins $(warnings) \
	-ffunction-sections -fdata-sections $(in_tree) $(hardening_cflags) \
	$(sanitize) $(CFLAGS)
ldflags = -pthread -Wl,--gc-sections -Wl,--as-needed $(hardening_ldflags) $(sanitize) $(LDFLAGS)

# What of this the compiler knows, and which archives there are, is asked once: see probe.mk.
hardening := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-mbranch-protection=standard -ftrivial-auto-var-init=zero
ifdef SANITIZE
sanitize := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
sanitize_object := $(obj)/tests/support/sanitize.o
else
hardening += -U_FORTIFY_SOURCE\ -D_FORTIFY_SOURCE=3
endif
linking := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code

ifneq ($(filter-out clean help lint dist uninstall cross,$(or $(MAKECMDGOALS),all)),)
include $(obj)/probe.mk
endif

# --- targets ------------------------------------------------------------------------------

all: $(programs) ## build the plugins into bin/

check: all $(wanted_tests) $(shim) ## run the tests; T=pattern picks some
	$(Q)CBR_BIN=$(abspath $(BIN)) CBR_SRC=$(CURDIR) CBR_SHIM=$(abspath $(shim)) \
		tests/run $(wanted_tests)

check-crash: all $(wanted_long_tests) ## kill the plugins at each system call; storms, histories
	$(Q)CBR_BIN=$(abspath $(BIN)) CBR_SRC=$(CURDIR) CBR_TEST_TIMEOUT=1200 CBR_NOTES=1 \
		CBR_STEPS=$${CBR_STEPS-20000} CBR_REAL_STEPS=$${CBR_REAL_STEPS-20000} \
		tests/run $(wanted_long_tests)

tests: $(tests) ## build the tests only

with_asan := CONFIG=asan BIN=build/asan/bin SANITIZE=address,undefined CFLAGS='-O1 -g'
asan: ## run the tests of check under address and undefined behaviour sanitizers
	$(Q)CBR_TEST_TIMEOUT=$${CBR_TEST_TIMEOUT-600} $(MAKE) --no-print-directory check $(with_asan)

# What has two threads at work: the delegate that is contained, beside all that an ADD undoes.
tsan_tests = $(patsubst %,build/tsan/tests/%,unit/cni/test_resident $(addprefix netns/test_,resident undo again gc signals privileges))
with_tsan := CONFIG=tsan BIN=build/tsan/bin SANITIZE=thread CFLAGS='-O1 -g'
tsan: ## run the tests with two threads under the thread sanitizer
	$(Q)$(MAKE) --no-print-directory all $(tsan_tests) $(with_tsan)
	$(Q)CBR_BIN=$(abspath build/tsan/bin) CBR_SRC=$(CURDIR) CBR_TEST_TIMEOUT=$${CBR_TEST_TIMEOUT-600} \
		tests/run $(tsan_tests)

# T picks from all tests as for check; what needs no kernel of another age is left out by itself. Those
# of VLANs, which few kernels of those who work on this can run, do so with sanitizers, too.
vm_tests = $(if $(T),$(wanted_tests),$(filter $(obj)/tests/unit/sys/%,$(tests)) \
	$(filter-out $(addprefix $(obj)/tests/,unit/% fault/% crash/% model/%),$(tests)))
vm_asan_tests = $(patsubst $(obj)/%,build/asan/%,$(filter $(obj)/tests/netns/test_vlan%,$(vm_tests)))
check-vm: all $(vm_tests) ## run tests in Debian's kernels, emulated; KERNELS="6.1 ..." picks some
	$(if $(vm_asan_tests),$(Q)$(MAKE) --no-print-directory all $(vm_asan_tests) $(with_asan))
	$(Q)CBR_BIN=$(BIN) tests/vm/run $(vm_tests) $(vm_asan_tests)

wanted_unit_tests = $(filter $(obj)/tests/unit/%,$(wanted_tests))
valgrind: all $(wanted_unit_tests) ## run unit tests, and each verb of each plugin, under valgrind
	$(Q)CBR_BIN=$(abspath $(BIN)) CBR_SRC=$(CURDIR) tests/valgrind/run $(wanted_unit_tests)

cross: ## build for ARCH=arm64 or armhf, run the unit tests under qemu-user
	$(Q)tests/cross/run $(ARCH)

fuzz: ## feed each parser what libFuzzer makes up (FUZZ_SECONDS each; T=pattern)
	$(Q)$(MAKE) --no-print-directory fuzzers CONFIG=fuzz BIN=build/fuzz/bin CC=$(FUZZ_CC) \
		SANITIZE=fuzzer-no-link,address,undefined CFLAGS='-O1 -g'
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(wanted_fuzzers)

e2e: all ## run cnitool and containerd against the plugins (root)
	$(Q)CBR_BIN=$(abspath $(BIN)) CBR_SRC=$(CURDIR) tests/e2e/run

bench: all ## measure beside the reference plugins and the kernel's floor (root)
	$(Q)CBR_BIN=$(abspath $(BIN)) CBR_SRC=$(CURDIR) tests/bench/run

bench-check: all ## compare counts with the committed figures; UPDATE=1 writes them
	$(Q)CBR_BIN=$(abspath $(BIN)) UPDATE=$(UPDATE) tests/bench/check

lint: ## format, static analysis, layering and the like
	$(Q)CC=$(CC) tests/lint/run

docs := $(wildcard docs/*.md)
examples := $(wildcard conf-examples/*)
contrib := $(wildcard contrib/*)
mans := $(wildcard man/*.8)
docdir := $(PREFIX)/share/doc/cbr
mandir = $(DESTDIR)$(MANDIR)/man8

# An executable that is there is replaced by renaming: a runtime may want it at this moment.
# Pages name files of docs/ by where those are installed.
install: all ## install plugins, man pages, docs (DESTDIR, PREFIX, MANDIR, CNI_BIN_DIR)
	$(INSTALL) -d $(DESTDIR)$(CNI_BIN_DIR) $(mandir) \
		$(addprefix $(DESTDIR)$(docdir)/,conf-examples contrib docs)
	for plugin in $(plugins); do \
		new=$(DESTDIR)$(CNI_BIN_DIR)/.$$plugin.new && \
		$(INSTALL) -m 755 $(BIN)/$$plugin $$new && $(if $(STRIP),$(STRIP) $$new &&) \
		mv -f $$new $(DESTDIR)$(CNI_BIN_DIR)/$$plugin || exit 1; done
	$(INSTALL) -m 644 README.md NEWS.md SECURITY.md LICENSE $(DESTDIR)$(docdir)
	$(INSTALL) -m 644 $(docs) $(DESTDIR)$(docdir)/docs
	$(INSTALL) -m 644 $(examples) $(DESTDIR)$(docdir)/conf-examples
	$(INSTALL) -m 644 $(contrib) $(DESTDIR)$(docdir)/contrib
	$(INSTALL) -m 644 $(mans) $(mandir)
	sed -i 's|/usr/local/share/doc/cbr|$(docdir)|' $(addprefix $(mandir)/,$(notdir $(mans)))

uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(CNI_BIN_DIR)/,$(plugins)) $(addprefix $(mandir)/,$(notdir $(mans)))
	rm -rf $(DESTDIR)$(docdir)

# Archives of this version, and the sums of all of them.
archive := build/cbr-$(VERSION)
sum = cd build && sha256sum cbr-$(VERSION)[.-]*tar.xz >SHA256SUMS
dist: ## build/cbr-VERSION.tar.xz of the last commit; SHA256SUMS
	$(Q)mkdir -p build
	git archive --prefix=cbr-$(VERSION)/ -o $(archive).tar HEAD
	xz -f $(archive).tar
	$(sum)

machine = $(shell $(CC) -dumpmachine | cut -d- -f1)
dist-bin: all ## build/cbr-VERSION-MACHINE.tar.xz of the executables; with STATIC=1 for any distribution
	$(Q)rm -rf build/dist
	$(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/build/dist PREFIX=/usr/local CNI_BIN_DIR=/opt/cni/bin
	when=$$(git log -1 --format=%ct) && tar -C build/dist --sort=name --owner=0 --group=0 \
		--numeric-owner --mtime=@$$when -cf $(archive)-$(machine).tar opt usr
	xz -f $(archive)-$(machine).tar
	$(sum)

clean: ## remove build/ and bin/
	rm -rf build bin

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 13
	@echo 'variables: CC CFLAGS LDFLAGS DESTDIR PREFIX MANDIR CNI_BIN_DIR INSTALL STRIP STATIC=1 V=1'
	@echo '           WERROR= T=pattern KERNELS=names'

# --- rules --------------------------------------------------------------------------------

# A file that changes when its text does: what was asked of the compiler, the flags that objects
# were compiled with, the configuration that programs were linked from.
remember = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' >$@.new; \
	if cmp -s $@ $@.new; then rm $@.new; else mv $@.new $@; fi
$(obj)/asked: FORCE
	$(call remember,$(CC) $(CFLAGS) $(LDFLAGS))
$(obj)/flags: FORCE
	$(call remember,$(CC) $(filter-out $(in_tree),$(cflags)) $(ldflags) $(libs))
build/linked-$(subst /,-,$(BIN)): FORCE
	$(call remember,$(CONFIG))

# libc and libmnl are linked dynamically, jansson and libcap from their archives if there are such.
$(obj)/probe.mk: Makefile $(obj)/asked
	@mkdir -p $(@D)
	@say() { echo "$$*" >&2; exit 1; }; \
	try() { printf '#include <features.h>\nint main(void) { return 0; }\n' | \
		$(CC) $(CFLAGS) -Werror -xc - $(LDFLAGS) "$$@" -o $(@D)/probe 2>/dev/null; }; \
	try || say "$(CC) cannot build a program: \`./quickstart deps build\` installs what is missing"; \
	$(PKG_CONFIG) --exists libmnl jansson libcap || \
		say "no libmnl, jansson or libcap: \`./quickstart deps build\` installs what is missing"; \
	[ -z "$(STATIC)" ] || try -static -l:libmnl.a || \
		say "STATIC=1 needs libmnl.a, which is in libmnl-dev from Debian 13 on, not before." \
			"Else build libmnl with --enable-static and name its directory: LDFLAGS=-L..."; \
	for flag in $(hardening); do try $$flag && echo "hardening_cflags += $$flag"; done >$@.new; \
	for flag in $(linking); do try $$flag && echo "hardening_ldflags += $$flag"; done >>$@.new; \
	for name in jansson libcap; do \
		archive=-l:lib$${name#lib}.a; \
		try $$archive || archive=$$($(PKG_CONFIG) --libs $$name); \
		echo "libs += $$archive"; done >>$@.new; \
	echo "libs += $$($(PKG_CONFIG) --libs libmnl)" >>$@.new; \
	rm -f $(@D)/probe; mv $@.new $@

$(obj)/%.o: %.c $(obj)/flags
	@mkdir -p $(@D)
	@echo '  CC    $*.c'
	$(Q)$(CC) $(cflags) $(if $(filter tests/%,$<),-Itests/support) -MMD -MP -c $< -o $@

# The mark of a build: what it is made from, and how.
marked := $(sort $(shell find include lib plugins -name '*.[ch]')) Makefile $(obj)/flags
$(obj)/mark: FORCE $(obj)/flags
	$(call remember,$(shell cat $(marked) 2>/dev/null | sha256sum | cut -d' ' -f1))
$(obj)/plugins/build.o: $(obj)/mark
$(obj)/plugins/build.o: cflags += -DCBR_BUILD='"$(shell cat $(obj)/mark)"'

$(lib): $(call objects,$(call sources,lib)) Makefile
	@echo '  AR    $@'
	$(Q)rm -f $@; $(AR) rcsD $@ $(filter %.o,$^)

link = @mkdir -p $(@D); echo '  LINK  $@'
link_line = $(CC) $(ldflags) $(filter %.o,$^) $(filter %.a,$^) $(libs) -o $@

.SECONDEXPANSION:
$(residents): $(obj)/lib%.a: $$(filter-out %/main.o,$$(call objects,$$(call sources,plugins/$$*))) Makefile
	@echo '  AR    $@'
	$(Q)rm -f $@; $(AR) rcsD $@ $(filter %.o,$^)

$(programs): $(BIN)/%: $$(call objects,$$(call sources,plugins/%)) $(obj)/plugins/build.o \
		$(sanitize_object) $(residents) $(lib) build/linked-$(subst /,-,$(BIN))
	$(link)
	$(Q)$(link_line) $(if $(STATIC),-static-pie,-pie)

# A test is one file, and what lies beside it that is no test itself.
helpers = $(filter-out $(dir $(1))test_%.o,$(call objects,$(wildcard $(patsubst $(obj)/%,%,$(dir $(1)))*.c)))
$(tests): %: %.o $$(call helpers,$$@) $(sanitize_object) $(support) $(lib)
	$(link)
	$(Q)$(link_line) -pie -lcmocka

# What is loaded into a plugin to make it fail.
%.so: %.o
	$(link)
	$(Q)$(CC) $(ldflags) -shared $< -o $@
%/shim.o: cflags += -fPIC

fuzz_helpers := $(call objects,$(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c)))
$(fuzzers): %: %.o $(fuzz_helpers) $$(call objects,$$(fuzzed_$$(@F))) $(sanitize_object) $(lib)
	$(link)
	$(Q)$(link_line) -fsanitize=fuzzer
fuzzers: $(wanted_fuzzers)

FORCE:
.PHONY: all check check-vm check-crash tests asan tsan valgrind cross fuzz fuzzers e2e bench bench-check lint install uninstall dist dist-bin clean help FORCE
.DELETE_ON_ERROR:
.SUFFIXES:
-include $(shell find $(obj) -name '*.d' 2>/dev/null)
