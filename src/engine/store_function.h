/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL functions that every connection to the store has:
 *   histogram_quantile(histogram, q)  aggregate: the q-quantile (0..1) of all histograms together
 *   histogram_merge(histogram)        aggregate: the sum of all as one histogram
 *   histogram_merge(one, other)       the sum of two
 *   histogram(value, weight)          aggregate: a histogram of plain numbers
 *   quantile(value, q [, weight])     aggregate: the q-quantile of plain numbers, to 3.2 %
 *   REGEXP and in_network(address, network, bits), see store_match.h
 * Values are ns where the histogram is of durations. NULL and '' count as empty; a text that is
 * no histogram is an error. No rows: NULL.
 */
#ifndef SKEP_STORE_FUNCTION_H
#define SKEP_STORE_FUNCTION_H

#include <sqlite3.h>

/* 0 or a result code of SQLite. */
int store_functions_register(sqlite3 *database);

#endif
