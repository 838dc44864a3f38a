/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a connection of MySQL or MariaDB: what client and server agreed upon, the
 * prepared statements, the commands whose answers are still to come, and where in the answer to the
 * first of them the server is. Shared by the files mysql*.c and nobody else.
 */
#ifndef SKEP_MYSQL_STATE_H
#define SKEP_MYSQL_STATE_H

#include "protocols/dialogue.h"
#include "protocols/sql_waiting.h"
#include "protocols/statement_cache.h"

#define MYSQL_HEAD_BYTES  4
/* Longer packets have their first bytes read. */
#define MYSQL_PIECE_BYTES 8192
/* A packet of this length is continued by the next one. */
#define MYSQL_LONGEST	  0xffffff
/* Commands that wait: MySQL's clients send one at a time, MariaDB's some more. */
#define MYSQL_WAITING	  4096

enum mysql_command {
	MYSQL_QUIT = 0x01,
	MYSQL_INIT_DB = 0x02,
	MYSQL_QUERY = 0x03,
	MYSQL_FIELD_LIST = 0x04,
	MYSQL_STATISTICS = 0x09,
	MYSQL_CHANGE_USER = 0x11,
	MYSQL_BINLOG_DUMP = 0x12,
	MYSQL_TABLE_DUMP = 0x13,
	MYSQL_STMT_PREPARE = 0x16,
	MYSQL_STMT_EXECUTE = 0x17,
	MYSQL_STMT_LONG_DATA = 0x18,
	MYSQL_STMT_CLOSE = 0x19,
	MYSQL_STMT_RESET = 0x1a,
	MYSQL_STMT_FETCH = 0x1c,
	MYSQL_BINLOG_DUMP_GTID = 0x1e,
	MYSQL_LAST = 0x20,
	MYSQL_STMT_BULK_EXECUTE = 0xfa, /* MariaDB */
	MYSQL_CONNECT = 0xff,		/* no command: the greeting is answered */
};

/* Capabilities (include/mysql_com.h). */
#define MYSQL_CAN_CONNECT_WITH_DB (1U << 3)
#define MYSQL_CAN_COMPRESS	  (1U << 5)
#define MYSQL_CAN_PROTOCOL_41	  (1U << 9)
#define MYSQL_CAN_TLS		  (1U << 11)
#define MYSQL_CAN_SECURE	  (1U << 15)
#define MYSQL_CAN_LENENC_AUTH	  (1U << 21)
#define MYSQL_CAN_DEPRECATE_EOF	  (1U << 24)
#define MYSQL_CAN_ZSTD		  (1U << 26)
#define MYSQL_CAN_ATTRIBUTES	  (1U << 27)

/* Flags in the packets OK and EOF. */
#define MYSQL_STATUS_MORE   0x0008
#define MYSQL_STATUS_CURSOR 0x0040

/* Where in an answer the server is. */
enum mysql_answer {
	MYSQL_ANSWER_FIRST,   /* its first packet comes, or that of the next result */
	MYSQL_ANSWER_COLUMNS, /* descriptions of columns; left says how many packets */
	MYSQL_ANSWER_BORDER,  /* between columns and rows */
	MYSQL_ANSWER_ROWS,
	MYSQL_ANSWER_PREPARED, /* descriptions of a prepared statement, with which it ends */
};

struct mysql {
	struct statement_cache statements;
	struct sql_waiting waiting; /* enum mysql_command */
	uint64_t last_prepared;	    /* what MariaDB's clients call -1 */
	uint32_t server_can;	    /* 0: the greeting was not seen */
	uint32_t can;		    /* what both ends can do */
	uint32_t left;
	uint8_t answer; /* enum mysql_answer */
	bool is_known;	/* can is known */
	bool is_greeted;
	bool is_started;   /* commands may come */
	bool is_answered;  /* the command at the head has had its first answer */
	bool is_file_sent; /* the client sends a file, up to an empty packet */
	bool is_compressed;
	bool is_streaming; /* a copy of the log goes to a replica, for good */
	bool is_pipelined; /* the client did not wait for an answer */
	bool is_resumed;
	bool continues[2]; /* by enum dialogue_side: the next packet goes on with the one before */
};

struct mysql_call {
	struct mysql *state;
	struct dialogue_sink *sink;
	unsigned int flags;
	uint8_t number;	   /* of the packet */
	struct slice body; /* of it, as far as it is there */
	size_t length;	   /* of it in full */
};

/* Numbers of one to eight bytes, little end first. Past the end they are 0. */
uint64_t mysql_take_number(struct slice *bytes, size_t size);
/* A number that says itself how long it is; 0 when it is none. */
uint64_t mysql_take_lenenc(struct slice *bytes);
struct slice mysql_take_bytes(struct slice *bytes, size_t size);
/* Up to a NUL, which is taken along. */
struct slice mysql_take_string(struct slice *bytes);

/* 0 or -errno. */
int mysql_read_client(const struct mysql_call *call);
int mysql_read_server(const struct mysql_call *call);
/* May packets of the server go by as one piece, because they only go on with what is there? So
 * many at most. */
uint32_t mysql_bulk(const struct mysql *state);
void mysql_read_bulk(const struct mysql_call *call, uint32_t packets);

#endif
