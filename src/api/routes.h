/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes, each defined beside its handler; route.c puts them into the table.
 */
#ifndef SKEP_API_ROUTES_H
#define SKEP_API_ROUTES_H

#include "api/route.h"

extern const struct route asset_route;
extern const struct route doctor_route;
extern const struct route events_route;
extern const struct route map_route;
extern const struct route metrics_route;
extern const struct route page_route;
extern const struct route processes_route;
extern const struct route programs_route;
extern const struct route reference_route;
extern const struct route sql_route;
extern const struct route status_route;
extern const struct route view_route;
extern const struct route views_route;

#endif
