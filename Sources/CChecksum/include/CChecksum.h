#ifndef CCHECKSUM_H
#define CCHECKSUM_H

#include <stddef.h>
#include <stdint.h>

// The cyclic redundancy checks of S3, reflected, with all bits inverted at the start and at the end. Each function goes
// on from the value of the bytes before; the value of no bytes is 0.
uint32_t cchecksum_crc32(uint32_t value, const void *bytes, size_t count);
uint32_t cchecksum_crc32c(uint32_t value, const void *bytes, size_t count);
uint64_t cchecksum_crc64nvme(uint64_t value, const void *bytes, size_t count);

#endif
