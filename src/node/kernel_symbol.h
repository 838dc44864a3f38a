/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's functions by address, its modules and BPF programs included: /proc/kallsyms, which
 * shows addresses to who has CAP_SYSLOG. Read when it is first asked, and again, once a minute at
 * most, for an address that it does not know. One thread an object.
 */
#ifndef SKEP_NODE_KERNEL_SYMBOL_H
#define SKEP_NODE_KERNEL_SYMBOL_H

#include "base/base.h"

struct kernel_symbols;

#define KERNEL_SYMBOLS_BYTES_MAXIMUM (32U << 20)

struct kernel_symbols *kernel_symbols_new(void); /* NULL without memory */
void kernel_symbols_free(struct kernel_symbols *symbols);
/* The function that holds the address; "" when unknown. Borrowed until the next call. */
const char *kernel_symbols_find(struct kernel_symbols *symbols, uint64_t address);

#endif
