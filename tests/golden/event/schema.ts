// SPDX-License-Identifier: Apache-2.0
// Generated from the field tables of the agent: do not edit.

/** an exchange of any protocol: a request and its answer, seen from one end */
export interface RequestEvent {
  kind: "request";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** what is spoken: http, postgresql, redis … */
  protocol: string;
  /** the end that was watched: it served the request, or sent it */
  role: "unknown" | "server" | "client";
  /** verb of the protocol: GET, SELECT, PRODUCE */
  operation: string;
  /** what it acts on: path template, table, topic, key pattern */
  target: string;
  /** path with query, or statement; secrets masked */
  detail: string;
  /** the same number for all statements that differ only in their data, 0 for others */
  fingerprint: number;
  /** the protocol's own code, empty when no answer was seen */
  status: number | string;
  /** the answer says that it failed */
  is_error: boolean;
  /** first byte of the request to last byte of the answer */
  duration_ns: number;
  /** first byte of the request to first byte of the answer */
  first_byte_ns: number;
  /** head and body of the request, without TCP */
  request_bytes: number;
  /** head and body of the answer, without TCP */
  response_bytes: number;
  /** messages that the client sent in this exchange, where the protocol has streams: gRPC */
  request_messages: number;
  /** messages that the server sent in it */
  response_messages: number;
  /** host that the request names */
  host: string;
  /** it went through TLS */
  is_encrypted: boolean;
  /** the answer ended before its announced length, or none came */
  is_incomplete: boolean;
  /** process id in the host's namespace, 0 when unknown */
  pid: number;
  /** name of the process as the kernel keeps it */
  comm: string;
  /** path of the executable */
  exe: string;
  /** what people call it: pod, container, unit or program */
  service: string;
  /** container name, or short id where no name is known */
  container: string;
  /** image that the container was made from */
  image: string;
  /** Kubernetes namespace/pod */
  pod: string;
  /** systemd unit that the process belongs to */
  unit: string;
  /** process id of the parent */
  parent_pid: number;
  /** name of the parent */
  parent_comm: string;
  /** user id */
  uid: number;
  /** inode number of the network namespace, 0 when unknown */
  netns: number;
  /** address of the watched end */
  local_address: string;
  /** port of the watched end */
  local_port: number;
  /** address of the other end */
  peer_address: string;
  /** port of the other end */
  peer_port: number;
  /** the client behind a proxy, as the PROXY header of the connection names it */
  client_address: string;
  /** who is at the other end */
  peer_service: string;
  /** socket cookie: the same for all requests of a socket */
  connection: number;
  /** id of the served request that caused this one, 0 where not certain */
  parent_id: number;
  /** how many requests this row stands for */
  weight: number;
}

/** a kind with a field of every type */
export interface SampleEvent {
  kind: "sample";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** a byte */
  tiny: number;
  /** a port */
  port: number;
  /** how many */
  count: number;
  /** how big */
  size_bytes: number;
  /** may be below zero */
  balance: number;
  /** may be far below zero */
  drift: number;
  /** it failed */
  is_error: boolean;
  /** where */
  path: string;
  /** a code */
  code: number | string;
  /** a word */
  color: "none" | "red" | "blue";
  /** an address */
  origin: string;
  /** a long text */
  statement: string;
  /** how long */
  delay_ns: number;
  /** how much */
  load_percent: number;
  /** process id in the host's namespace, 0 when unknown */
  pid: number;
  /** name of the process as the kernel keeps it */
  comm: string;
  /** path of the executable */
  exe: string;
  /** what people call it: pod, container, unit or program */
  service: string;
  /** container name, or short id where no name is known */
  container: string;
  /** image that the container was made from */
  image: string;
  /** Kubernetes namespace/pod */
  pod: string;
  /** systemd unit that the process belongs to */
  unit: string;
  /** process id of the parent */
  parent_pid: number;
  /** name of the parent */
  parent_comm: string;
  /** user id */
  uid: number;
  /** inode number of the network namespace, 0 when unknown */
  netns: number;
}

export type Event = RequestEvent | SampleEvent;
export type Kind = Event["kind"];

export interface Field {
  name: string;
  type: "number" | "bool" | "text" | "code" | "word" | "address";
  unit: "none" | "time" | "nanoseconds" | "bytes" | "count" | "percent";
  isKey: boolean;
  isWide: boolean;
  help: string;
  words?: readonly string[];
}

export const fields: Record<Kind, readonly Field[]> = {
  request: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "protocol", type: "text", unit: "none", isKey: true, isWide: true, help: "what is spoken: http, postgresql, redis …" },
    { name: "role", type: "word", unit: "none", isKey: true, isWide: true, help: "the end that was watched: it served the request, or sent it", words: ["unknown", "server", "client"] },
    { name: "operation", type: "text", unit: "none", isKey: true, isWide: true, help: "verb of the protocol: GET, SELECT, PRODUCE" },
    { name: "target", type: "text", unit: "none", isKey: true, isWide: true, help: "what it acts on: path template, table, topic, key pattern" },
    { name: "detail", type: "text", unit: "none", isKey: false, isWide: false, help: "path with query, or statement; secrets masked" },
    { name: "fingerprint", type: "number", unit: "none", isKey: false, isWide: false, help: "the same number for all statements that differ only in their data, 0 for others" },
    { name: "status", type: "code", unit: "none", isKey: true, isWide: true, help: "the protocol's own code, empty when no answer was seen" },
    { name: "is_error", type: "bool", unit: "none", isKey: true, isWide: false, help: "the answer says that it failed" },
    { name: "duration_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "first byte of the request to last byte of the answer" },
    { name: "first_byte_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: false, help: "first byte of the request to first byte of the answer" },
    { name: "request_bytes", type: "number", unit: "bytes", isKey: false, isWide: false, help: "head and body of the request, without TCP" },
    { name: "response_bytes", type: "number", unit: "bytes", isKey: false, isWide: true, help: "head and body of the answer, without TCP" },
    { name: "request_messages", type: "number", unit: "count", isKey: false, isWide: false, help: "messages that the client sent in this exchange, where the protocol has streams: gRPC" },
    { name: "response_messages", type: "number", unit: "count", isKey: false, isWide: false, help: "messages that the server sent in it" },
    { name: "host", type: "text", unit: "none", isKey: false, isWide: false, help: "host that the request names" },
    { name: "is_encrypted", type: "bool", unit: "none", isKey: false, isWide: false, help: "it went through TLS" },
    { name: "is_incomplete", type: "bool", unit: "none", isKey: false, isWide: false, help: "the answer ended before its announced length, or none came" },
    { name: "pid", type: "number", unit: "none", isKey: false, isWide: true, help: "process id in the host's namespace, 0 when unknown" },
    { name: "comm", type: "text", unit: "none", isKey: false, isWide: true, help: "name of the process as the kernel keeps it" },
    { name: "exe", type: "text", unit: "none", isKey: false, isWide: false, help: "path of the executable" },
    { name: "service", type: "text", unit: "none", isKey: true, isWide: true, help: "what people call it: pod, container, unit or program" },
    { name: "container", type: "text", unit: "none", isKey: true, isWide: true, help: "container name, or short id where no name is known" },
    { name: "image", type: "text", unit: "none", isKey: false, isWide: false, help: "image that the container was made from" },
    { name: "pod", type: "text", unit: "none", isKey: true, isWide: false, help: "Kubernetes namespace/pod" },
    { name: "unit", type: "text", unit: "none", isKey: false, isWide: false, help: "systemd unit that the process belongs to" },
    { name: "parent_pid", type: "number", unit: "none", isKey: false, isWide: false, help: "process id of the parent" },
    { name: "parent_comm", type: "text", unit: "none", isKey: false, isWide: false, help: "name of the parent" },
    { name: "uid", type: "number", unit: "none", isKey: false, isWide: false, help: "user id" },
    { name: "netns", type: "number", unit: "none", isKey: false, isWide: false, help: "inode number of the network namespace, 0 when unknown" },
    { name: "local_address", type: "address", unit: "none", isKey: false, isWide: true, help: "address of the watched end" },
    { name: "local_port", type: "number", unit: "none", isKey: false, isWide: true, help: "port of the watched end" },
    { name: "peer_address", type: "address", unit: "none", isKey: false, isWide: true, help: "address of the other end" },
    { name: "peer_port", type: "number", unit: "none", isKey: false, isWide: true, help: "port of the other end" },
    { name: "client_address", type: "address", unit: "none", isKey: false, isWide: false, help: "the client behind a proxy, as the PROXY header of the connection names it" },
    { name: "peer_service", type: "text", unit: "none", isKey: true, isWide: false, help: "who is at the other end" },
    { name: "connection", type: "number", unit: "none", isKey: false, isWide: false, help: "socket cookie: the same for all requests of a socket" },
    { name: "parent_id", type: "number", unit: "none", isKey: false, isWide: false, help: "id of the served request that caused this one, 0 where not certain" },
    { name: "weight", type: "number", unit: "count", isKey: false, isWide: false, help: "how many requests this row stands for" },
  ],
  sample: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "tiny", type: "number", unit: "none", isKey: false, isWide: false, help: "a byte" },
    { name: "port", type: "number", unit: "none", isKey: false, isWide: false, help: "a port" },
    { name: "count", type: "number", unit: "count", isKey: false, isWide: true, help: "how many" },
    { name: "size_bytes", type: "number", unit: "bytes", isKey: false, isWide: true, help: "how big" },
    { name: "balance", type: "number", unit: "none", isKey: false, isWide: true, help: "may be below zero" },
    { name: "drift", type: "number", unit: "none", isKey: false, isWide: false, help: "may be far below zero" },
    { name: "is_error", type: "bool", unit: "none", isKey: false, isWide: false, help: "it failed" },
    { name: "path", type: "text", unit: "none", isKey: false, isWide: true, help: "where" },
    { name: "code", type: "code", unit: "none", isKey: true, isWide: true, help: "a code" },
    { name: "color", type: "word", unit: "none", isKey: false, isWide: true, help: "a word", words: ["none", "red", "blue"] },
    { name: "origin", type: "address", unit: "none", isKey: false, isWide: true, help: "an address" },
    { name: "statement", type: "text", unit: "none", isKey: false, isWide: false, help: "a long text" },
    { name: "delay_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "how long" },
    { name: "load_percent", type: "number", unit: "percent", isKey: false, isWide: true, help: "how much" },
    { name: "pid", type: "number", unit: "none", isKey: false, isWide: true, help: "process id in the host's namespace, 0 when unknown" },
    { name: "comm", type: "text", unit: "none", isKey: false, isWide: true, help: "name of the process as the kernel keeps it" },
    { name: "exe", type: "text", unit: "none", isKey: false, isWide: false, help: "path of the executable" },
    { name: "service", type: "text", unit: "none", isKey: true, isWide: true, help: "what people call it: pod, container, unit or program" },
    { name: "container", type: "text", unit: "none", isKey: true, isWide: true, help: "container name, or short id where no name is known" },
    { name: "image", type: "text", unit: "none", isKey: false, isWide: false, help: "image that the container was made from" },
    { name: "pod", type: "text", unit: "none", isKey: true, isWide: false, help: "Kubernetes namespace/pod" },
    { name: "unit", type: "text", unit: "none", isKey: false, isWide: false, help: "systemd unit that the process belongs to" },
    { name: "parent_pid", type: "number", unit: "none", isKey: false, isWide: false, help: "process id of the parent" },
    { name: "parent_comm", type: "text", unit: "none", isKey: false, isWide: false, help: "name of the parent" },
    { name: "uid", type: "number", unit: "none", isKey: false, isWide: false, help: "user id" },
    { name: "netns", type: "number", unit: "none", isKey: false, isWide: false, help: "inode number of the network namespace, 0 when unknown" },
  ],
};

export const summaries: Record<Kind, string> = {
  request: "an exchange of any protocol: a request and its answer, seen from one end",
  sample: "a kind with a field of every type",
};
