// In C, because without optimisation, as tests are built, Swift needs about fifty times as long for these loops.
#include "CChecksum.h"

#include <pthread.h>
#include <string.h>

// Slicing by 8: table k advances a byte by k further bytes, so that 8 bytes cost 8 independent look-ups.
typedef uint64_t table_t[8][256];

static table_t crc32_table, crc32c_table, crc64_table;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(table_t table, uint64_t reflected_polynomial) {
    for (int byte = 0; byte < 256; byte++) {
        uint64_t value = (uint64_t)byte;
        for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? reflected_polynomial : 0);
        table[0][byte] = value;
    }
    for (int byte = 0; byte < 256; byte++)
        for (int k = 1; k < 8; k++)
            table[k][byte] = (table[k - 1][byte] >> 8) ^ table[0][table[k - 1][byte] & 0xFF];
}

static void fill_all(void) {
    fill(crc32_table, 0xEDB88320u);
    fill(crc32c_table, 0x82F63B78u);
    fill(crc64_table, 0x9A6C9329AC4BC9B5u);
}

// The 32-bit checks live in the low half of the register: the high half just takes the next bytes.
static uint64_t update(table_t table, uint64_t value, const unsigned char *bytes, size_t count) {
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        word ^= value;
        value = table[7][word & 0xFF] ^ table[6][word >> 8 & 0xFF] ^ table[5][word >> 16 & 0xFF] ^
                table[4][word >> 24 & 0xFF] ^ table[3][word >> 32 & 0xFF] ^ table[2][word >> 40 & 0xFF] ^
                table[1][word >> 48 & 0xFF] ^ table[0][word >> 56];
        bytes += 8;
        count -= 8;
    }
    while (count-- > 0) value = (value >> 8) ^ table[0][(value ^ *bytes++) & 0xFF];
    return value;
}

uint32_t cchecksum_crc32(uint32_t value, const void *bytes, size_t count) {
    pthread_once(&once, fill_all);
    return ~(uint32_t)update(crc32_table, (uint32_t)~value, bytes, count);
}

uint32_t cchecksum_crc32c(uint32_t value, const void *bytes, size_t count) {
    pthread_once(&once, fill_all);
    return ~(uint32_t)update(crc32c_table, (uint32_t)~value, bytes, count);
}

uint64_t cchecksum_crc64nvme(uint64_t value, const void *bytes, size_t count) {
    pthread_once(&once, fill_all);
    return ~update(crc64_table, ~value, bytes, count);
}
