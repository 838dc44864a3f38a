// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, with their units; times in the viewer's zone. Pure.
import type { Field } from "./schema";

/** Three digits that count: 0.123, 1.23, 12.3, 123. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || value === 0) return Math.round(value).toString();
  return (size >= 10 ? value.toFixed(1) : value.toFixed(2)).replace(/\.?0+$/, "");
}

function scaled(value: number, base: number, units: string[], separator = "\u202f"): string {
  let unit = 0;
  while (Math.abs(value) >= base * 0.9995 && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return digits(value) + (units[unit] ? separator + units[unit] : "");
}

export function count(value: number): string {
  return Math.abs(value) < 10000 ? Math.round(value).toLocaleString("en") : scaled(value, 1000, ["", "k", "M", "G", "T"], "");
}

export function exact(value: number): string {
  return value.toLocaleString("en");
}

export function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.05) return perSecond * 60 >= 0.05 ? `${digits(perSecond * 60)}/min` : `${digits(perSecond * 3600)}/h`;
  return `${perSecond >= 1000 ? count(perSecond) : digits(perSecond)}/s`;
}

export function percent(share: number): string {
  const value = 100 * share;
  if (value === 0) return "0\u202f%";
  return value < 0.01 ? "<\u202f0.01\u202f%" : `${value >= 99.95 ? Math.round(value) : digits(value)}\u202f%`;
}

export function duration(ns: number): string {
  if (ns < 60e9) return scaled(ns, 1000, ["ns", "µs", "ms", "s"]);
  const seconds = Math.round(ns / 1e9);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}\u202fmin ${seconds % 60}\u202fs`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 2880) return `${Math.floor(minutes / 60)}\u202fh ${minutes % 60}\u202fmin`;
  return `${digits(minutes / 1440)}\u202fd`;
}

export function bytes(value: number): string {
  return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
}

export function factor(value: number): string {
  return `×\u202f${digits(value)}`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

function isToday(ms: number): boolean {
  return new Date(ms).toDateString() === new Date().toDateString();
}

/** 14:03:07, with the day where that is not today, with milliseconds where asked. */
export function time(ms: number, hasFraction = false): string {
  const text = clock.format(ms) + (hasFraction ? `.${Math.floor(ms % 1000).toString().padStart(3, "0")}` : "");
  return isToday(ms) ? text : `${day.format(ms)} ${text}`;
}

export function utc(ms: number): string {
  return `${new Date(ms).toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

export function ago(ms: number): string {
  return `${duration(Math.max(ms, 0) * 1e6)} ago`;
}

/** A field's value as a person reads it; "" when it is empty. */
export function field(description: Pick<Field, "type" | "unit"> | undefined, value: unknown): string {
  if (value === "" || value === undefined || value === null) return "";
  if (typeof value === "boolean" || description?.type === "bool") return value ? "yes" : "";
  if (typeof value !== "number") return String(value);
  switch (description?.unit) {
    case "time":
      return time(value / 1e6, true);
    case "nanoseconds":
      return value ? duration(value) : "";
    case "bytes":
      return bytes(value);
    case "count":
      return exact(value);
    case "percent":
      return percent(value / 100);
    default:
      return String(value);
  }
}

/** The unit that a column's name tells, for columns that no field table knows. */
export function unitOfName(name: string): Field["unit"] {
  if (/(^|_)time_ns$/.test(name)) return "time";
  if (name.endsWith("_ns")) return "nanoseconds";
  if (name.endsWith("_bytes")) return "bytes";
  return name.endsWith("percent") ? "percent" : "none";
}
