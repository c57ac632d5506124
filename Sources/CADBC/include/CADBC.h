#ifndef FRAUD_CADBC_H
#define FRAUD_CADBC_H

// What this project uses of three published C interfaces, declared from their specifications:
// - the Arrow C data and stream interfaces (arrow.apache.org/docs/format/CDataInterface.html, CStreamInterface.html);
// - ADBC 1.1.0 (arrow.apache.org/adbc, adbc.h). Entries of the driver table that are not called are `fraud_adbc_unused`.
// - DuckDB's own (duckdb.org/docs/stable/clients/c/api), where a query is to read a stream of rows: ADBC makes only tables of one.
// Their layouts are an ABI: no field may be moved.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Arrow C data interface

#define ARROW_FLAG_NULLABLE 2

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

// ADBC

typedef uint8_t AdbcStatusCode;
#define ADBC_STATUS_OK 0
#define ADBC_VERSION_1_1_0 1001000

struct AdbcDriver;

/// Zeroed before use (then `vendor_code` is not the 1.1.0 marker, and the last two fields are not touched).
struct AdbcError {
    char *message;
    int32_t vendor_code;
    char sqlstate[5];
    void (*release)(struct AdbcError *);
    void *private_data;
    struct AdbcDriver *private_driver;
};

struct AdbcDatabase {
    void *private_data;
    struct AdbcDriver *private_driver;
};

struct AdbcConnection {
    void *private_data;
    struct AdbcDriver *private_driver;
};

struct AdbcStatement {
    void *private_data;
    struct AdbcDriver *private_driver;
};

typedef void (*fraud_adbc_unused)(void);

/// The driver's function table, filled by its init function.
struct AdbcDriver {
    void *private_data;
    void *private_manager;
    AdbcStatusCode (*release)(struct AdbcDriver *, struct AdbcError *);

    AdbcStatusCode (*DatabaseInit)(struct AdbcDatabase *, struct AdbcError *);
    AdbcStatusCode (*DatabaseNew)(struct AdbcDatabase *, struct AdbcError *);
    AdbcStatusCode (*DatabaseSetOption)(struct AdbcDatabase *, const char *, const char *, struct AdbcError *);
    AdbcStatusCode (*DatabaseRelease)(struct AdbcDatabase *, struct AdbcError *);

    fraud_adbc_unused ConnectionCommit;
    fraud_adbc_unused ConnectionGetInfo;
    fraud_adbc_unused ConnectionGetObjects;
    fraud_adbc_unused ConnectionGetTableSchema;
    fraud_adbc_unused ConnectionGetTableTypes;
    AdbcStatusCode (*ConnectionInit)(struct AdbcConnection *, struct AdbcDatabase *, struct AdbcError *);
    AdbcStatusCode (*ConnectionNew)(struct AdbcConnection *, struct AdbcError *);
    fraud_adbc_unused ConnectionSetOption;
    fraud_adbc_unused ConnectionReadPartition;
    AdbcStatusCode (*ConnectionRelease)(struct AdbcConnection *, struct AdbcError *);
    fraud_adbc_unused ConnectionRollback;

    fraud_adbc_unused StatementBind;
    AdbcStatusCode (*StatementBindStream)(struct AdbcStatement *, struct ArrowArrayStream *, struct AdbcError *);
    AdbcStatusCode (*StatementExecuteQuery)(
        struct AdbcStatement *, struct ArrowArrayStream *, int64_t *, struct AdbcError *);
    fraud_adbc_unused StatementExecutePartitions;
    fraud_adbc_unused StatementGetParameterSchema;
    AdbcStatusCode (*StatementNew)(struct AdbcConnection *, struct AdbcStatement *, struct AdbcError *);
    AdbcStatusCode (*StatementPrepare)(struct AdbcStatement *, struct AdbcError *);
    AdbcStatusCode (*StatementRelease)(struct AdbcStatement *, struct AdbcError *);
    AdbcStatusCode (*StatementSetOption)(struct AdbcStatement *, const char *, const char *, struct AdbcError *);
    AdbcStatusCode (*StatementSetSqlQuery)(struct AdbcStatement *, const char *, struct AdbcError *);
    fraud_adbc_unused StatementSetSubstraitPlan;

    /// The 29 entries that 1.1.0 added: ErrorGetDetailCount … StatementSetOptionInt, and room for a newer driver.
    fraud_adbc_unused added_in_1_1_0[29];
    fraud_adbc_unused reserved[32];
};

typedef AdbcStatusCode (*AdbcDriverInitFunc)(int version, void *driver, struct AdbcError *error);

// DuckDB's C interface. Databases, connections and configurations are pointers to nobody knows what; a state of 0 is success.

struct fraud_duckdb_result {
    uint64_t deprecated_counts[3];
    void *deprecated_columns;
    char *deprecated_message;
    void *internal_data;
};

struct fraud_duckdb {
    int (*create_config)(void **config);
    int (*set_config)(void *config, const char *name, const char *value);
    void (*destroy_config)(void **config);
    int (*open_ext)(const char *path, void **database, void *config, char **message);
    void (*close)(void **database);
    int (*connect)(void *database, void **connection);
    void (*disconnect)(void **connection);
    int (*arrow_scan)(void *connection, const char *view, struct ArrowArrayStream *stream);
    int (*query)(void *connection, const char *sql, struct fraud_duckdb_result *result);
    const char *(*result_error)(struct fraud_duckdb_result *result);
    uint64_t (*rows_changed)(struct fraud_duckdb_result *result);
    void (*destroy_result)(struct fraud_duckdb_result *result);
    void (*free)(void *memory);
};

// Helpers

/// Finds these functions in a library that `dlopen` loaded. Returns NULL, or the name of one that it has not.
const char *fraud_duckdb_find(void *library, struct fraud_duckdb *out);

/// Calls a driver's init function found by `dlsym`.
AdbcStatusCode fraud_adbc_init(
    void *symbol, int version, struct AdbcDriver *driver, struct AdbcError *error);

/// Fills a schema node with copies of `format` and `name` and `children` zeroed child nodes; released by itself,
/// children first. Returns 0, or -1 when memory is out.
int fraud_arrow_schema_init(
    struct ArrowSchema *out, const char *format, const char *name, int64_t children);

/// Gives out a schema that stays with its owner, as often as it is asked for: what is given out releases nothing. So nothing is lost when a
/// consumer forgets to release it, as DuckDB's `duckdb_arrow_scan` does. The owner ends it by `fraud_arrow_schema_free`, whatever a
/// consumer said of its children.
void fraud_arrow_schema_lend(const struct ArrowSchema *schema, struct ArrowSchema *out);
void fraud_arrow_schema_free(struct ArrowSchema *schema);

/// Fills an array node over buffers that `owner` keeps alive; `release_owner(owner)` is called once, when the node is
/// released. Every node holds the owner by itself, because a consumer may move a child out of its parent.
/// Returns 0, or -1 when memory is out (the owner is then not held).
int fraud_arrow_array_init(
    struct ArrowArray *out, int64_t length, int64_t null_count, int64_t buffers, int64_t children,
    void *owner, void (*release_owner)(void *));

#ifdef __cplusplus
}
#endif
#endif
