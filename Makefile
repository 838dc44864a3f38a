# SPDX-License-Identifier: Apache-2.0
# The whole build: files are found by pattern, so a new one needs no line here.
#   make          the program at build/skep          make run    install what is missing, build, start, show
#   make test     every tier this machine can run    make check  unit tier and checkers, no root needed
#   make bench    ratios with and without skep       make install / make uninstall
# BUILD=DIR puts everything elsewhere; SANITIZE=address,undefined makes a variant in its own folder;
# ARCH=arm64 builds for that architecture, in its own folder too (make cross-deps brings what it needs).

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

SANITIZE ?=
ARCH ?=
BUILD ?= build$(ARCH:%=/%)
OUT := $(BUILD)$(if $(SANITIZE),/sanitize)
GEN := $(BUILD)/gen
PREFIX ?= /usr/local

CC ?= cc
ifeq ($(origin CC),default)
CC := cc
endif
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)

include tools/packages.mk

# Another architecture: Debian's cross compiler and a tree of that architecture's libraries.
ifneq ($(ARCH),)
TRIPLET := $(or $(patsubst arm64,aarch64,$(filter arm64,$(ARCH))),$(error ARCH= may be arm64))-linux-gnu
SYSROOT ?= $(abspath $(BUILD)/sysroot)
override CC := $(filter ccache,$(CC)) $(TRIPLET)-gcc --sysroot=$(SYSROOT)
AR := $(TRIPLET)-ar
PKG_CONFIG := PKG_CONFIG_SYSROOT_DIR=$(SYSROOT) \
	PKG_CONFIG_LIBDIR=$(SYSROOT)/usr/lib/$(TRIPLET)/pkgconfig:$(SYSROOT)/usr/share/pkgconfig pkg-config
endif
PKG_CONFIG ?= pkg-config

LIBRARIES := libbpf libcap-ng libcrypto libelf libnghttp2 zlib sqlite3 libmicrohttpd libcurl jansson yaml-0.1 libpcre2-8 libprotobuf-c libxxhash ncursesw
LIBRARY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
LIBRARY_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null)
ifeq ($(LIBRARY_LIBS)$(filter deps deps-build cross-deps run test clean,$(MAKECMDGOALS)),)
$(warning libraries are missing: `make $(if $(ARCH),cross-deps ARCH=$(ARCH),deps)` installs them)
endif
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wundef -Wvla -Wwrite-strings -Wpointer-arith -Wimplicit-fallthrough -Wno-unused-parameter \
	-Wno-missing-field-initializers -Wno-format-truncation
CFLAGS ?= -O2 -g
HARDENING := $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
SANITIZER := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARNINGS) $(HARDENING) $(SANITIZER) -D_GNU_SOURCE -Isrc \
	-isystem $(GEN) -include src/base/banned.h $(LIBRARY_CFLAGS)
ALL_LDFLAGS = $(LDFLAGS) -pie -Wl,-z,relro,-z,now $(SANITIZER)
LDLIBS = $(LIBRARY_LIBS) -liberty -lm -lpthread

BPF_ARCH := $(or $(ARCH),$(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/'))
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Werror -Wno-unused-function -D__TARGET_ARCH_$(BPF_ARCH) \
	-Isrc -I$(GEN) -isystem $(SYSROOT)/usr/include/$(or $(TRIPLET),$(shell $(CC) -print-multiarch))

SOURCES := $(shell find src -name '*.c' ! -name '*.bpf.c' ! -name '*_test.c' | sort)
BPF_SOURCES := $(shell find src tests/bench -name '*.bpf.c' | sort)
TESTS := $(shell find src -name '*_test.c' | sort)
VIEWS := $(sort $(wildcard views/*.sql))
PROTOS := $(shell find src -name '*.proto' | sort)
PROTO_OBJECTS := $(patsubst %.proto,$(OUT)/gen/%.pb-c.o,$(notdir $(PROTOS)))
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o) $(PROTO_OBJECTS)
LIBRARY_OBJECTS := $(filter-out $(OUT)/src/main.o,$(OBJECTS))
SKELETONS := $(patsubst %.bpf.c,$(GEN)/%.skel.h,$(notdir $(BPF_SOURCES)))
TEST_PROGRAMS := $(TESTS:%.c=$(OUT)/%)
BENCH_PROGRAMS := $(patsubst %.c,$(OUT)/%,$(sort $(filter-out %.bpf.c,$(shell find tests/bench -name '*.c'))))
BPF_TEST_PROGRAMS := $(patsubst %.c,$(OUT)/%,$(sort $(wildcard tests/bpf/*_test.c)))
SHARED_HEADERS := src/bpf/event.h $(shell find src -name '*_record.h' | sort)
FUZZ_PROGRAMS := $(patsubst %.c,$(OUT)/%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
PAGE_SOURCES := $(sort $(wildcard ui/*.* ui/src/* ui/src/*/*))
GENERATED := $(SKELETONS) $(patsubst %.proto,$(GEN)/%.pb-c.h,$(notdir $(PROTOS))) $(GEN)/views.inc $(GEN)/page.inc

.PHONY: all
all: $(OUT)/skep

# ---- kernel half -------------------------------------------------------------------------------
vpath %.bpf.c $(sort $(dir $(BPF_SOURCES)))

$(GEN)/%.bpf.o: %.bpf.c Makefile
	@mkdir -p $(@D)
	@echo '  BPF   $<'
	@$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c $< -o $@.full
	@$(LLVM_STRIP) -g $@.full -o $@

$(GEN)/%.skel.h: $(GEN)/%.bpf.o
	@$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf > $@

# ---- prepared questions ------------------------------------------------------------------------
# VIEW("name", "text") for each.
$(GEN)/views.inc: $(VIEWS) Makefile
	@mkdir -p $(@D)
	@for view in $(VIEWS); do \
		printf 'VIEW("%s",\n' "$$(basename "$$view" .sql)"; \
		sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' "$$view"; \
		echo ')'; \
	done > $@

# ---- the page ----------------------------------------------------------------------------------
# Bundled and compressed into $(GEN)/page; where npm cannot be had it is left out, and the next make tries again.
$(GEN)/page.inc: $(PAGE_SOURCES) tools/build-page
	@mkdir -p $(@D)
	@echo '  PAGE  ui'
	@tools/build-page $@

# ---- protocol buffers --------------------------------------------------------------------------
vpath %.proto $(sort $(dir $(PROTOS)))

$(GEN)/%.pb-c.h $(GEN)/%.pb-c.c: %.proto Makefile
	@mkdir -p $(@D)
	@protoc-c --proto_path=$(<D) --c_out=$(GEN) $<

$(OUT)/gen/%.pb-c.o: WARNINGS := -w
$(OUT)/gen/%.pb-c.o: $(GEN)/%.pb-c.c
	@mkdir -p $(@D)
	@$(CC) $(ALL_CFLAGS) -MD -MP -c $< -o $@

# ---- user half ---------------------------------------------------------------------------------
# -MD and not -MMD: the skeletons count as system headers, and objects depend on them.
$(OUT)/%.o: %.c Makefile | $(GENERATED)
	@mkdir -p $(@D)
	@echo '  CC    $<'
	@$(CC) $(ALL_CFLAGS) -MD -MP -c $< -o $@

# They hold kernel halves, which read words at any place, as every machine that runs BPF can.
$(OUT)/src/doors/pairing_test.o $(OUT)/tests/fuzz/pairing_fuzz.o: SANITIZER += $(if $(SANITIZE),-fno-sanitize=alignment)

# The file changes only when the version does. The tests' variant has no need to be linked anew.
$(GEN)/version: always
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

.PHONY: always
$(OUT)/src/engine/version.o: ALL_CFLAGS += -DSKEP_VERSION='"$(VERSION)"'
$(OUT)/src/engine/version.o: $(if $(SANITIZE),,$(GEN)/version)

$(OUT)/skep: $(OBJECTS)
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) $^ $(LDLIBS) -o $@

$(OUT)/libskep.a: $(LIBRARY_OBJECTS)
	@rm -f $@ && $(AR) rcs $@ $^

AR ?= ar

$(OUT)/src/%_test: $(OUT)/src/%_test.o $(OUT)/libskep.a
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) $< $(OUT)/libskep.a $(LDLIBS) -lcmocka -o $@

$(OUT)/tests/fuzz/%_fuzz: $(OUT)/tests/fuzz/%_fuzz.o $(OUT)/tests/fuzz/main.o $(OUT)/libskep.a
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) $^ $(LDLIBS) -o $@

# With libFuzzer's own main; make fuzz builds it with clang.
$(OUT)/tests/fuzz/%_fuzzer: $(OUT)/tests/fuzz/%_fuzz.o $(OUT)/libskep.a
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer $^ $(LDLIBS) -o $@

$(OUT)/tests/bpf/%_test: $(OUT)/tests/bpf/%_test.o $(OUT)/libskep.a
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) $^ $(LDLIBS) -lcmocka -o $@

# What both halves share, with the type information of either compiler; natively only gcc writes BTF.
$(GEN)/shared.c: $(SHARED_HEADERS) src/features.def Makefile
	@mkdir -p $(@D)
	@{ printf '#include "%s"\n' $(SHARED_HEADERS:src/%=%); \
		sed -nE 's/^(struct|union|enum) ([a-z0-9_]+) \{.*/\1 \2 a_\2;/p' $(SHARED_HEADERS); } > $@

$(GEN)/shared_native.o: $(GEN)/shared.c
	@gcc -std=gnu11 -Isrc -gbtf -c $< -o $@

$(GEN)/shared_kernel.o: $(GEN)/shared.c
	@$(CLANG) $(BPF_CFLAGS) -include bpf/kernel.h -c $< -o $@

$(OUT)/tests/e2e/%: $(OUT)/tests/e2e/%.o $(OUT)/libskep.a
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) $^ $(LDLIBS) -o $@

$(OUT)/tests/bench/%: $(OUT)/tests/bench/%.o $(OUT)/libskep.a
	@echo '  LINK  $@'
	@$(CC) $(ALL_LDFLAGS) $^ $(LDLIBS) -o $@

-include $(OBJECTS:.o=.d) $(TEST_PROGRAMS:=.d) $(FUZZ_PROGRAMS:=.d) $(BENCH_PROGRAMS:=.d) \
	$(BPF_TEST_PROGRAMS:=.d) $(wildcard $(GEN)/*.d)

# ---- tests -------------------------------------------------------------------------------------
.PHONY: check unit checkers fuzz-seeds fuzz bpf e2e page kernels test bench
unit: $(TEST_PROGRAMS)
	@tools/run-tests unit $(TEST_PROGRAMS)

checkers:
	@tools/run-checkers

# The unit tier always runs under the sanitizers, in its own folder.
check: checkers
	@$(MAKE) --no-print-directory SANITIZE=address,undefined unit fuzz-seeds

# Under the sanitizers too: every fuzz target over its seeds, and the kernel halves in this kernel.
ifeq ($(SANITIZE),)
fuzz-seeds bpf:
	@$(MAKE) --no-print-directory SANITIZE=address,undefined $@
else
fuzz-seeds: $(FUZZ_PROGRAMS)
	@tools/run-tests fuzz $(FUZZ_PROGRAMS)

bpf: $(BPF_TEST_PROGRAMS) $(GEN)/shared_native.o $(GEN)/shared_kernel.o
	@tools/run-tests bpf $(BPF_TEST_PROGRAMS)
endif

e2e: all
	@tests/e2e/run $(NAMES)

page: all
	@tests/page/run $(NAMES)

# Of every page, into docs/pictures.
.PHONY: pictures
pictures: all
	@tests/page/pictures

kernels: all
	@$(if $(filter arm64-%,$(NAMES)),$(MAKE) --no-print-directory ARCH=arm64 cross-deps all)
	@tests/kernels/run $(NAMES)

# make fuzz TARGET=http SECONDS=60: new inputs and crashes go to $(BUILD)/fuzz.
SECONDS ?= 60
FUZZ_OUT := $(BUILD)/fuzz
fuzz:
	@test -f tests/fuzz/$(TARGET)_fuzz.c || { echo "TARGET= one of: $(notdir $(FUZZ_PROGRAMS:_fuzz=))"; exit 2; }
	@$(MAKE) --no-print-directory CC=$(CLANG) WARNINGS=-w BUILD=$(FUZZ_OUT) GEN=$(GEN) \
		SANITIZE=address,undefined,fuzzer-no-link $(FUZZ_OUT)/sanitize/tests/fuzz/$(TARGET)_fuzzer
	@mkdir -p $(FUZZ_OUT)/corpus/$(TARGET)
	@$(FUZZ_OUT)/sanitize/tests/fuzz/$(TARGET)_fuzzer -max_total_time=$(SECONDS) -max_len=20000 \
		-artifact_prefix=$(FUZZ_OUT)/ $(FUZZ_OUT)/corpus/$(TARGET) tests/fuzz/seeds/$(TARGET)

test:
	@tools/run-all-tests

# make bench ROWS="nginx store": only these, and docs/performance.md stays as it is.
bench: all $(BENCH_PROGRAMS)
	@tests/bench/run $(if $(ROWS),$(ROWS),--write)

# ---- machine -----------------------------------------------------------------------------------
.PHONY: deps deps-build cross-deps run install uninstall reference format compile_commands clean
deps:
	@tools/install-packages $(PACKAGES_BUILD) $(PACKAGES_TEST)

deps-build:
	@tools/install-packages $(PACKAGES_BUILD)

# The compiler is installed, the libraries and what the kernels tier needs of that architecture only unpacked.
cross-deps:
	@test -n '$(ARCH)' || { echo 'ARCH= is missing: make cross-deps ARCH=arm64'; exit 2; }
	@tools/install-packages $(PACKAGES_CROSS_$(ARCH))
	@tools/make-sysroot $(ARCH) $(SYSROOT) bpftool $(filter lib%-dev zlib1g-dev linux-libc-dev,$(PACKAGES_BUILD)) \
		$(PACKAGES_GUEST)

# make run FLAGS='--listen 127.0.0.1:8000'
run:
	@tools/run $(FLAGS)

# Program, unit, man pages and completion, under $(DESTDIR)$(PREFIX).
COMMANDS := $(shell sed -n 's/^COMMAND(\(.*\))$$/\1/p' src/cli/commands.def)
SHARE := $(PREFIX)/share
INSTALLED_PAGES := $(SHARE)/man/man1/skep.1 $(COMMANDS:%=$(SHARE)/man/man1/skep-%.1)
INSTALLED_BASH := $(SHARE)/bash-completion/completions/skep
INSTALLED_FISH := $(SHARE)/fish/vendor_completions.d/skep.fish
INSTALLED_ZSH := $(SHARE)/zsh/site-functions/_skep
INSTALLED_UNIT := $(PREFIX)/lib/systemd/system/skep.service
INSTALLED := $(PREFIX)/bin/skep $(INSTALLED_UNIT) $(INSTALLED_PAGES) $(INSTALLED_BASH) $(INSTALLED_FISH) \
	$(INSTALLED_ZSH)

install: all
	@mkdir -p $(sort $(dir $(INSTALLED:%=$(DESTDIR)%)))
	@install -m 755 $(OUT)/skep $(DESTDIR)$(PREFIX)/bin/skep
	@sed 's|@PREFIX@|$(PREFIX)|' packaging/skep.service >$(DESTDIR)$(INSTALLED_UNIT)
	@$(OUT)/skep man >$(DESTDIR)$(SHARE)/man/man1/skep.1
	@for name in $(COMMANDS); do \
		$(OUT)/skep man $$name >$(DESTDIR)$(SHARE)/man/man1/skep-$$name.1 || exit 1; \
	done
	@$(OUT)/skep completion bash >$(DESTDIR)$(INSTALLED_BASH)
	@$(OUT)/skep completion fish >$(DESTDIR)$(INSTALLED_FISH)
	@$(OUT)/skep completion zsh >$(DESTDIR)$(INSTALLED_ZSH)
	@echo 'installed under $(DESTDIR)$(PREFIX); to start it now and at every boot:'
	@echo '  systemctl daemon-reload && systemctl enable --now skep'

# What the agent stored stays: /var/lib/skep.
uninstall:
	@rm -f $(INSTALLED:%=$(DESTDIR)%)

# What is generated from the tables and kept in the repository.
reference: $(OUT)/src/cli/reference_test
	@SKEP_GOLDEN_UPDATE=1 $< >/dev/null

format:
	@git ls-files -co --exclude-standard 'src/*.c' 'src/*.h' 'tests/*.c' 'tests/*.h' | xargs $(firstword $(wildcard /usr/bin/clang-format-14) clang-format) -i

# For editors and clang-tidy: how each file is compiled.
compile_commands: $(GENERATED)
	@tools/compile-commands $(CC) $(ALL_CFLAGS) -- $(SOURCES) $(TESTS)

clean:
	@rm -rf $(BUILD)
