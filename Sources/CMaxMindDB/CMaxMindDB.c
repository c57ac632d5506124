#include "CMaxMindDB.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <maxminddb.h>

struct fraud_geo {
    MMDB_s database;
};

fraud_geo *fraud_geo_open(const char *path, char *message, size_t message_capacity) {
    message[0] = 0;
    fraud_geo *geo = calloc(1, sizeof *geo);
    if (!geo) {
        snprintf(message, message_capacity, "out of memory");
        return NULL;
    }
    int status = MMDB_open(path, MMDB_MODE_MMAP, &geo->database);
    if (status == MMDB_SUCCESS) return geo;
    const char *reason = status == MMDB_IO_ERROR || status == MMDB_FILE_OPEN_ERROR ? strerror(errno) : MMDB_strerror(status);
    snprintf(message, message_capacity, "%s", reason);
    free(geo);
    return NULL;
}

void fraud_geo_close(fraud_geo *geo) {
    if (!geo) return;
    MMDB_close(&geo->database);
    free(geo);
}

const char *fraud_geo_type(const fraud_geo *geo) {
    const char *type = geo->database.metadata.database_type;
    return type ? type : "";
}

uint64_t fraud_geo_build_time(const fraud_geo *geo) { return geo->database.metadata.build_epoch; }

// An address as libmaxminddb wants it; a 32-bit database knows no IPv6.
static void fill_address(struct sockaddr_storage *storage, uint64_t high, uint64_t low, int version) {
    memset(storage, 0, sizeof *storage);
    if (version == 4) {
        struct sockaddr_in *address = (struct sockaddr_in *)storage;
        address->sin_family = AF_INET;
        address->sin_addr.s_addr = htonl((uint32_t)low);
        return;
    }
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)storage;
    address->sin6_family = AF_INET6;
    for (int i = 0; i < 8; i++) {
        address->sin6_addr.s6_addr[i] = (uint8_t)(high >> (56 - 8 * i));
        address->sin6_addr.s6_addr[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
}

static float number(MMDB_entry_s *entry, const char *const *path, double limit) {
    MMDB_entry_data_s data;
    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data) return NAN;
    double value = NAN;
    if (data.type == MMDB_DATA_TYPE_DOUBLE) value = data.double_value;
    if (data.type == MMDB_DATA_TYPE_FLOAT) value = data.float_value;
    return fabs(value) <= limit ? (float)value : NAN;
}

static uint16_t country_code(MMDB_entry_s *entry, const char *const *path) {
    MMDB_entry_data_s data;
    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data) return 0;
    if (data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != 2) return 0;
    uint8_t first = (uint8_t)data.utf8_string[0], second = (uint8_t)data.utf8_string[1];
    if (first < 'A' || first > 'Z' || second < 'A' || second > 'Z') return 0;
    return (uint16_t)(first << 8 | second);
}

int fraud_geo_lookup(
    const fraud_geo *geo, uint64_t high, uint64_t low, int version, uint16_t *country, float *latitude,
    float *longitude) {
    static const char *const country_path[] = {"country", "iso_code", NULL};
    static const char *const latitude_path[] = {"location", "latitude", NULL};
    static const char *const longitude_path[] = {"location", "longitude", NULL};
    *country = 0;
    *latitude = NAN;
    *longitude = NAN;
    if (version != 4 && (version != 6 || geo->database.metadata.ip_version == 4)) return 0;
    struct sockaddr_storage address;
    fill_address(&address, high, low, version);
    int status = MMDB_SUCCESS;
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&geo->database, (const struct sockaddr *)&address, &status);
    if (status != MMDB_SUCCESS) return -1;
    if (!found.found_entry) return 0;
    *country = country_code(&found.entry, country_path);
    *latitude = number(&found.entry, latitude_path, 90);
    *longitude = number(&found.entry, longitude_path, 180);
    // Half a position is none.
    if (isnan(*latitude) || isnan(*longitude)) *latitude = *longitude = NAN;
    return 1;
}
