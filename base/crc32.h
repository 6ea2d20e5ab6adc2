/* CRC-32 as IEEE 802.3 and zlib have it: the checksum of binary log events. */
#ifndef BASE_CRC32_H
#define BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `sum` (0 at the start) with more bytes. */
uint32_t crc32_add(uint32_t sum, const void *bytes, size_t length);

#endif
