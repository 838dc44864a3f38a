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

/** a question to the domain name system and its answer, seen from one end */
export interface DnsEvent {
  kind: "dns";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** the end that was watched: it served the question, or asked it */
  role: "unknown" | "server" | "client";
  /** what was asked for: A, AAAA, PTR …; NOTIFY or UPDATE where it was no query */
  type: string;
  /** the name that was asked about, in lower case */
  name: string;
  /** class of the question: IN, CH … */
  class: string;
  /** code of the answer: NOERROR, NXDOMAIN …; empty when none came in time */
  code: string;
  /** it failed: no answer in time, SERVFAIL, REFUSED …; NXDOMAIN at the client's end */
  is_error: boolean;
  /** no answer came in time */
  is_incomplete: boolean;
  /** first sending of the question to the answer */
  duration_ns: number;
  /** addresses, and other records by type, as many as there is room for */
  answers: string;
  /** answer records */
  answer_count: number;
  /** the shortest time to live of the answers, in seconds */
  ttl_s: number;
  /** the answer says that it is cut, so that the client asks again over TCP */
  is_truncated: boolean;
  /** the answer comes from who is in charge */
  is_authoritative: boolean;
  /** what carried it: udp or tcp */
  transport: "udp" | "tcp";
  /** how often the question was sent again */
  retries: number;
  /** largest datagram that the client takes (EDNS), 0 when it does not say */
  edns_bytes: number;
  /** size of the question */
  request_bytes: number;
  /** size of the answer */
  response_bytes: number;
  /** who was asked */
  server_address: string;
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
  /** who is at the other end */
  peer_service: string;
  /** socket cookie: the same for all that a socket asks */
  connection: number;
}

/** a process began to run a program */
export interface ExecEvent {
  kind: "exec";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** the arguments with blanks between them, the name first; secrets are masked */
  args: string;
  /** length that the arguments had, each with its NUL */
  args_bytes: number;
  /** args holds only the beginning of the arguments */
  is_cut: boolean;
  /** working directory */
  cwd: string;
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

/** a process ended */
export interface ExitEvent {
  kind: "exit";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** what the process returned, 0 when a signal ended it */
  exit_code: number;
  /** signal that ended the process */
  signal: string;
  /** from the process's start to its end, the time asleep included */
  duration_ns: number;
  /** the kernel wrote a core dump */
  is_dumped: boolean;
  /** a signal or a code other than 0 */
  is_error: boolean;
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

/** a stack was found running on a CPU or waiting, so many times within some seconds */
export interface SampleEvent {
  kind: "sample";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** how many samples had the stack from that time on, for some seconds */
  count: number;
  /** CPU time that these samples stand for */
  cpu_ns: number;
  /** running, or what the thread waited for; preempted: another one had its CPU */
  state: "running" | "preempted" | "lock" | "kernel_lock" | "disk" | "network" | "poll" | "sleep" | "pipe" | "page_fault" | "child" | "terminal" | "signal" | "other";
  /** time of waiting that they stand for, until something woke the thread */
  wait_ns: number;
  /** time that they stand for in which the thread could run and had no CPU */
  run_queue_ns: number;
  /** waits that they stand for: each sample for one over its probability */
  waits: number;
  /** name of the thread that ended the waits, or [interrupt]: a timer or a device */
  waker: string;
  /** name of the thread */
  thread: string;
  /** the stack: its frames are in the table stack */
  stack_id: number;
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

/** the frames of a stack that samples name by its number */
export interface StackEvent {
  kind: "stack";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** number of the stack: the same wherever its frames are the same */
  stack_id: number;
  /** the functions from the outermost to the one that ran, with semicolons between them */
  frames: string;
}

/** a step in the life of a TCP connection, seen from one end */
export interface TcpEvent {
  kind: "tcp";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** what happened to the connection; existing: it is older than the agent */
  event: "unknown" | "listen" | "connect" | "accept" | "existing" | "close" | "failed";
  /** the end that was watched: it was connected to, or connected */
  role: "unknown" | "server" | "client";
  /** why it ended or failed: who closed first, who reset, what did not answer */
  reason: "" | "local_close" | "peer_close" | "local_reset" | "peer_reset" | "timed_out" | "unreachable" | "refused" | "abandoned" | "no_port" | "aborted" | "other";
  /** close: from established to closed, 0 when unknown; connect and failed: the handshake */
  duration_ns: number;
  /** payload sent until now, without retransmissions */
  bytes_sent: number;
  /** payload received in order until now */
  bytes_received: number;
  /** smoothed round-trip time, 0 without a sample */
  rtt_ns: number;
  /** segments sent again until now */
  retransmits: number;
  /** it is older than the agent, so that its duration is not known */
  is_start_unknown: boolean;
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
  /** how the process is known: seen acting on the socket, found with the socket open, or guessed from who listens on the port */
  owner: "unknown" | "seen" | "scan" | "listener";
  /** address of the watched end */
  local_address: string;
  /** port of the watched end */
  local_port: number;
  /** address of the other end */
  peer_address: string;
  /** port of the other end */
  peer_port: number;
  /** who listens at the other end, where that is on this node */
  peer_service: string;
  /** what the socket speaks; ipv4_in_ipv6: IPv4 on an IPv6 socket */
  family: "unknown" | "ipv4" | "ipv6" | "ipv4_in_ipv6";
  /** socket cookie: the same for all events of a connection */
  connection: number;
}

/** a TLS connection: its handshake, and whether what it carries is read */
export interface TlsEvent {
  kind: "tls";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** the end that was watched: it accepted the connection, or opened it */
  role: "unknown" | "server" | "client";
  /** what the server chose: 1.2, 1.3 …; empty when it did not answer */
  version: string;
  /** cipher suite, as IANA names it; empty for one that is not known here */
  cipher: string;
  /** host that the client asked for (SNI) */
  server_name: string;
  /** protocol that the server chose for what is inside (ALPN), where that was seen */
  alpn: string;
  /** keys of an earlier connection shortened the handshake */
  is_resumed: boolean;
  /** what became of the exchanges inside: read; or no secret (no probe saw its handshake, as with a library that derives keys elsewhere), older (than the agent), cipher (a suite or version that cannot be opened), protocol (it carries something else), early data, failed (the handshake did), lost (bytes are missing), limit */
  content: "read" | "no secret" | "older" | "cipher" | "protocol" | "early data" | "failed" | "lost" | "limit" | "none";
  /** the handshake did not come to its end */
  is_error: boolean;
  /** the alert that ended the handshake: unknown_ca … */
  alert: string;
  /** first byte to the end of the handshake, 0 when that was not seen */
  duration_ns: number;
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
  /** who is at the other end */
  peer_service: string;
  /** socket cookie: the same for all requests of the connection */
  connection: number;
}

/** datagrams between a socket and a peer in a time, seen from one end */
export interface UdpEvent {
  kind: "udp";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** the end that was watched: client, when it sent first; unknown for a flow that may be older than the agent and whose ports do not tell */
  role: "unknown" | "server" | "client";
  /** what its datagrams look like: dns; empty when nothing is known */
  protocol: string;
  /** the first row of its flow: their number is the number of flows */
  is_start: boolean;
  /** from the row's first packet to its last */
  duration_ns: number;
  /** payload sent in the row's time */
  bytes_sent: number;
  /** payload that arrived at the socket in the row's time, whether or not there was room */
  bytes_received: number;
  /** datagrams sent in the row's time, each for itself where the kernel takes many at once */
  packets_sent: number;
  /** datagrams that arrived at the socket, whether or not there was room for them */
  packets_received: number;
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
  /** address of the watched end; a group's, for what came by multicast */
  local_address: string;
  /** port of the watched end */
  local_port: number;
  /** address of the other end */
  peer_address: string;
  /** port of the other end */
  peer_port: number;
  /** who is at the other end, where that is on this node */
  peer_service: string;
  /** socket cookie: the same for all flows of a socket */
  connection: number;
}

/** a step in the life of a unix socket's connection, seen from one end */
export interface UnixEvent {
  kind: "unix";
  v: 1;
  id: number;
  /** RFC 3339, UTC */
  time: string;
  /** when it happened, in nanoseconds since 1970 */
  time_ns: number;
  /** what happened to the connection; existing: it is older than the agent */
  event: "unknown" | "listen" | "connect" | "accept" | "existing" | "close" | "failed";
  /** the end that was watched: it was connected to, or connected */
  role: "unknown" | "server" | "client";
  /** why it ended or failed: who closed first, no such file, nobody listens, not permitted; empty where this kernel does not tell */
  reason: "" | "local_close" | "peer_close" | "local_reset" | "peer_reset" | "missing" | "refused" | "denied" | "busy" | "wrong_type" | "abandoned" | "other";
  /** close: from connected or accepted to closed, 0 when unknown */
  duration_ns: number;
  /** what the other end read until now, and at the close what it left unread */
  bytes_sent: number;
  /** what this end read until now */
  bytes_received: number;
  /** it is older than the agent, so that its duration is not known */
  is_start_unknown: boolean;
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
  /** how the process is known: seen acting on the socket, or found with it open */
  owner: "unknown" | "seen" | "scan";
  /** where the server listens: a file, or an abstract name behind @ */
  path: string;
  /** process id at the other end, 0 when unknown */
  peer_pid: number;
  /** who is at the other end */
  peer_service: string;
  /** stream, or seqpacket with its message boundaries */
  socket_type: "unknown" | "stream" | "seqpacket";
  /** the same for all events of both ends: the inode of the socket that connected */
  connection: number;
}

export type Event = RequestEvent | DnsEvent | ExecEvent | ExitEvent | SampleEvent | StackEvent | TcpEvent | TlsEvent | UdpEvent | UnixEvent;
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
  dns: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "role", type: "word", unit: "none", isKey: true, isWide: true, help: "the end that was watched: it served the question, or asked it", words: ["unknown", "server", "client"] },
    { name: "type", type: "text", unit: "none", isKey: true, isWide: true, help: "what was asked for: A, AAAA, PTR …; NOTIFY or UPDATE where it was no query" },
    { name: "name", type: "text", unit: "none", isKey: false, isWide: true, help: "the name that was asked about, in lower case" },
    { name: "class", type: "text", unit: "none", isKey: false, isWide: false, help: "class of the question: IN, CH …" },
    { name: "code", type: "text", unit: "none", isKey: true, isWide: true, help: "code of the answer: NOERROR, NXDOMAIN …; empty when none came in time" },
    { name: "is_error", type: "bool", unit: "none", isKey: true, isWide: false, help: "it failed: no answer in time, SERVFAIL, REFUSED …; NXDOMAIN at the client's end" },
    { name: "is_incomplete", type: "bool", unit: "none", isKey: false, isWide: false, help: "no answer came in time" },
    { name: "duration_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "first sending of the question to the answer" },
    { name: "answers", type: "text", unit: "none", isKey: false, isWide: true, help: "addresses, and other records by type, as many as there is room for" },
    { name: "answer_count", type: "number", unit: "count", isKey: false, isWide: false, help: "answer records" },
    { name: "ttl_s", type: "number", unit: "count", isKey: false, isWide: false, help: "the shortest time to live of the answers, in seconds" },
    { name: "is_truncated", type: "bool", unit: "none", isKey: false, isWide: false, help: "the answer says that it is cut, so that the client asks again over TCP" },
    { name: "is_authoritative", type: "bool", unit: "none", isKey: false, isWide: false, help: "the answer comes from who is in charge" },
    { name: "transport", type: "word", unit: "none", isKey: true, isWide: true, help: "what carried it: udp or tcp", words: ["udp", "tcp"] },
    { name: "retries", type: "number", unit: "count", isKey: false, isWide: true, help: "how often the question was sent again" },
    { name: "edns_bytes", type: "number", unit: "bytes", isKey: false, isWide: false, help: "largest datagram that the client takes (EDNS), 0 when it does not say" },
    { name: "request_bytes", type: "number", unit: "bytes", isKey: false, isWide: false, help: "size of the question" },
    { name: "response_bytes", type: "number", unit: "bytes", isKey: false, isWide: false, help: "size of the answer" },
    { name: "server_address", type: "address", unit: "none", isKey: false, isWide: true, help: "who was asked" },
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
    { name: "local_address", type: "address", unit: "none", isKey: false, isWide: false, help: "address of the watched end" },
    { name: "local_port", type: "number", unit: "none", isKey: false, isWide: false, help: "port of the watched end" },
    { name: "peer_address", type: "address", unit: "none", isKey: false, isWide: false, help: "address of the other end" },
    { name: "peer_port", type: "number", unit: "none", isKey: false, isWide: false, help: "port of the other end" },
    { name: "peer_service", type: "text", unit: "none", isKey: true, isWide: false, help: "who is at the other end" },
    { name: "connection", type: "number", unit: "none", isKey: false, isWide: false, help: "socket cookie: the same for all that a socket asks" },
  ],
  exec: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "args", type: "text", unit: "none", isKey: false, isWide: true, help: "the arguments with blanks between them, the name first; secrets are masked" },
    { name: "args_bytes", type: "number", unit: "bytes", isKey: false, isWide: false, help: "length that the arguments had, each with its NUL" },
    { name: "is_cut", type: "bool", unit: "none", isKey: false, isWide: false, help: "args holds only the beginning of the arguments" },
    { name: "cwd", type: "text", unit: "none", isKey: false, isWide: false, help: "working directory" },
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
  exit: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "exit_code", type: "number", unit: "none", isKey: false, isWide: true, help: "what the process returned, 0 when a signal ended it" },
    { name: "signal", type: "text", unit: "none", isKey: false, isWide: true, help: "signal that ended the process" },
    { name: "duration_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "from the process's start to its end, the time asleep included" },
    { name: "is_dumped", type: "bool", unit: "none", isKey: false, isWide: false, help: "the kernel wrote a core dump" },
    { name: "is_error", type: "bool", unit: "none", isKey: false, isWide: false, help: "a signal or a code other than 0" },
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
  sample: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "count", type: "number", unit: "count", isKey: false, isWide: true, help: "how many samples had the stack from that time on, for some seconds" },
    { name: "cpu_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "CPU time that these samples stand for" },
    { name: "state", type: "word", unit: "none", isKey: false, isWide: true, help: "running, or what the thread waited for; preempted: another one had its CPU", words: ["running", "preempted", "lock", "kernel_lock", "disk", "network", "poll", "sleep", "pipe", "page_fault", "child", "terminal", "signal", "other"] },
    { name: "wait_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "time of waiting that they stand for, until something woke the thread" },
    { name: "run_queue_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "time that they stand for in which the thread could run and had no CPU" },
    { name: "waits", type: "number", unit: "count", isKey: false, isWide: true, help: "waits that they stand for: each sample for one over its probability" },
    { name: "waker", type: "text", unit: "none", isKey: false, isWide: true, help: "name of the thread that ended the waits, or [interrupt]: a timer or a device" },
    { name: "thread", type: "text", unit: "none", isKey: false, isWide: true, help: "name of the thread" },
    { name: "stack_id", type: "number", unit: "none", isKey: false, isWide: true, help: "the stack: its frames are in the table stack" },
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
  stack: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "stack_id", type: "number", unit: "none", isKey: false, isWide: true, help: "number of the stack: the same wherever its frames are the same" },
    { name: "frames", type: "text", unit: "none", isKey: false, isWide: true, help: "the functions from the outermost to the one that ran, with semicolons between them" },
  ],
  tcp: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "event", type: "word", unit: "none", isKey: true, isWide: true, help: "what happened to the connection; existing: it is older than the agent", words: ["unknown", "listen", "connect", "accept", "existing", "close", "failed"] },
    { name: "role", type: "word", unit: "none", isKey: true, isWide: true, help: "the end that was watched: it was connected to, or connected", words: ["unknown", "server", "client"] },
    { name: "reason", type: "word", unit: "none", isKey: true, isWide: true, help: "why it ended or failed: who closed first, who reset, what did not answer", words: ["", "local_close", "peer_close", "local_reset", "peer_reset", "timed_out", "unreachable", "refused", "abandoned", "no_port", "aborted", "other"] },
    { name: "duration_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "close: from established to closed, 0 when unknown; connect and failed: the handshake" },
    { name: "bytes_sent", type: "number", unit: "bytes", isKey: false, isWide: true, help: "payload sent until now, without retransmissions" },
    { name: "bytes_received", type: "number", unit: "bytes", isKey: false, isWide: true, help: "payload received in order until now" },
    { name: "rtt_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "smoothed round-trip time, 0 without a sample" },
    { name: "retransmits", type: "number", unit: "count", isKey: false, isWide: true, help: "segments sent again until now" },
    { name: "is_start_unknown", type: "bool", unit: "none", isKey: false, isWide: false, help: "it is older than the agent, so that its duration is not known" },
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
    { name: "owner", type: "word", unit: "none", isKey: false, isWide: false, help: "how the process is known: seen acting on the socket, found with the socket open, or guessed from who listens on the port", words: ["unknown", "seen", "scan", "listener"] },
    { name: "local_address", type: "address", unit: "none", isKey: false, isWide: true, help: "address of the watched end" },
    { name: "local_port", type: "number", unit: "none", isKey: false, isWide: true, help: "port of the watched end" },
    { name: "peer_address", type: "address", unit: "none", isKey: false, isWide: true, help: "address of the other end" },
    { name: "peer_port", type: "number", unit: "none", isKey: false, isWide: true, help: "port of the other end" },
    { name: "peer_service", type: "text", unit: "none", isKey: true, isWide: false, help: "who listens at the other end, where that is on this node" },
    { name: "family", type: "word", unit: "none", isKey: false, isWide: false, help: "what the socket speaks; ipv4_in_ipv6: IPv4 on an IPv6 socket", words: ["unknown", "ipv4", "ipv6", "ipv4_in_ipv6"] },
    { name: "connection", type: "number", unit: "none", isKey: false, isWide: false, help: "socket cookie: the same for all events of a connection" },
  ],
  tls: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "role", type: "word", unit: "none", isKey: true, isWide: true, help: "the end that was watched: it accepted the connection, or opened it", words: ["unknown", "server", "client"] },
    { name: "version", type: "text", unit: "none", isKey: true, isWide: true, help: "what the server chose: 1.2, 1.3 …; empty when it did not answer" },
    { name: "cipher", type: "text", unit: "none", isKey: true, isWide: true, help: "cipher suite, as IANA names it; empty for one that is not known here" },
    { name: "server_name", type: "text", unit: "none", isKey: true, isWide: true, help: "host that the client asked for (SNI)" },
    { name: "alpn", type: "text", unit: "none", isKey: true, isWide: true, help: "protocol that the server chose for what is inside (ALPN), where that was seen" },
    { name: "is_resumed", type: "bool", unit: "none", isKey: true, isWide: true, help: "keys of an earlier connection shortened the handshake" },
    { name: "content", type: "word", unit: "none", isKey: true, isWide: true, help: "what became of the exchanges inside: read; or no secret (no probe saw its handshake, as with a library that derives keys elsewhere), older (than the agent), cipher (a suite or version that cannot be opened), protocol (it carries something else), early data, failed (the handshake did), lost (bytes are missing), limit", words: ["read", "no secret", "older", "cipher", "protocol", "early data", "failed", "lost", "limit", "none"] },
    { name: "is_error", type: "bool", unit: "none", isKey: true, isWide: false, help: "the handshake did not come to its end" },
    { name: "alert", type: "text", unit: "none", isKey: false, isWide: false, help: "the alert that ended the handshake: unknown_ca …" },
    { name: "duration_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "first byte to the end of the handshake, 0 when that was not seen" },
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
    { name: "local_address", type: "address", unit: "none", isKey: false, isWide: false, help: "address of the watched end" },
    { name: "local_port", type: "number", unit: "none", isKey: false, isWide: false, help: "port of the watched end" },
    { name: "peer_address", type: "address", unit: "none", isKey: false, isWide: true, help: "address of the other end" },
    { name: "peer_port", type: "number", unit: "none", isKey: false, isWide: true, help: "port of the other end" },
    { name: "peer_service", type: "text", unit: "none", isKey: true, isWide: false, help: "who is at the other end" },
    { name: "connection", type: "number", unit: "none", isKey: false, isWide: false, help: "socket cookie: the same for all requests of the connection" },
  ],
  udp: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "role", type: "word", unit: "none", isKey: true, isWide: true, help: "the end that was watched: client, when it sent first; unknown for a flow that may be older than the agent and whose ports do not tell", words: ["unknown", "server", "client"] },
    { name: "protocol", type: "text", unit: "none", isKey: true, isWide: true, help: "what its datagrams look like: dns; empty when nothing is known" },
    { name: "is_start", type: "bool", unit: "none", isKey: false, isWide: true, help: "the first row of its flow: their number is the number of flows" },
    { name: "duration_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "from the row's first packet to its last" },
    { name: "bytes_sent", type: "number", unit: "bytes", isKey: false, isWide: true, help: "payload sent in the row's time" },
    { name: "bytes_received", type: "number", unit: "bytes", isKey: false, isWide: true, help: "payload that arrived at the socket in the row's time, whether or not there was room" },
    { name: "packets_sent", type: "number", unit: "count", isKey: false, isWide: true, help: "datagrams sent in the row's time, each for itself where the kernel takes many at once" },
    { name: "packets_received", type: "number", unit: "count", isKey: false, isWide: true, help: "datagrams that arrived at the socket, whether or not there was room for them" },
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
    { name: "local_address", type: "address", unit: "none", isKey: false, isWide: true, help: "address of the watched end; a group's, for what came by multicast" },
    { name: "local_port", type: "number", unit: "none", isKey: false, isWide: true, help: "port of the watched end" },
    { name: "peer_address", type: "address", unit: "none", isKey: false, isWide: true, help: "address of the other end" },
    { name: "peer_port", type: "number", unit: "none", isKey: false, isWide: true, help: "port of the other end" },
    { name: "peer_service", type: "text", unit: "none", isKey: true, isWide: false, help: "who is at the other end, where that is on this node" },
    { name: "connection", type: "number", unit: "none", isKey: false, isWide: false, help: "socket cookie: the same for all flows of a socket" },
  ],
  unix: [
    { name: "time_ns", type: "number", unit: "time", isKey: false, isWide: true, help: "when it happened, in nanoseconds since 1970" },
    { name: "event", type: "word", unit: "none", isKey: true, isWide: true, help: "what happened to the connection; existing: it is older than the agent", words: ["unknown", "listen", "connect", "accept", "existing", "close", "failed"] },
    { name: "role", type: "word", unit: "none", isKey: true, isWide: true, help: "the end that was watched: it was connected to, or connected", words: ["unknown", "server", "client"] },
    { name: "reason", type: "word", unit: "none", isKey: true, isWide: true, help: "why it ended or failed: who closed first, no such file, nobody listens, not permitted; empty where this kernel does not tell", words: ["", "local_close", "peer_close", "local_reset", "peer_reset", "missing", "refused", "denied", "busy", "wrong_type", "abandoned", "other"] },
    { name: "duration_ns", type: "number", unit: "nanoseconds", isKey: false, isWide: true, help: "close: from connected or accepted to closed, 0 when unknown" },
    { name: "bytes_sent", type: "number", unit: "bytes", isKey: false, isWide: true, help: "what the other end read until now, and at the close what it left unread" },
    { name: "bytes_received", type: "number", unit: "bytes", isKey: false, isWide: true, help: "what this end read until now" },
    { name: "is_start_unknown", type: "bool", unit: "none", isKey: false, isWide: false, help: "it is older than the agent, so that its duration is not known" },
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
    { name: "owner", type: "word", unit: "none", isKey: false, isWide: false, help: "how the process is known: seen acting on the socket, or found with it open", words: ["unknown", "seen", "scan"] },
    { name: "path", type: "text", unit: "none", isKey: true, isWide: true, help: "where the server listens: a file, or an abstract name behind @" },
    { name: "peer_pid", type: "number", unit: "none", isKey: false, isWide: true, help: "process id at the other end, 0 when unknown" },
    { name: "peer_service", type: "text", unit: "none", isKey: true, isWide: true, help: "who is at the other end" },
    { name: "socket_type", type: "word", unit: "none", isKey: false, isWide: false, help: "stream, or seqpacket with its message boundaries", words: ["unknown", "stream", "seqpacket"] },
    { name: "connection", type: "number", unit: "none", isKey: false, isWide: false, help: "the same for all events of both ends: the inode of the socket that connected" },
  ],
};

export const summaries: Record<Kind, string> = {
  request: "an exchange of any protocol: a request and its answer, seen from one end",
  dns: "a question to the domain name system and its answer, seen from one end",
  exec: "a process began to run a program",
  exit: "a process ended",
  sample: "a stack was found running on a CPU or waiting, so many times within some seconds",
  stack: "the frames of a stack that samples name by its number",
  tcp: "a step in the life of a TCP connection, seen from one end",
  tls: "a TLS connection: its handshake, and whether what it carries is read",
  udp: "datagrams between a socket and a peer in a time, seen from one end",
  unix: "a step in the life of a unix socket's connection, seen from one end",
};
