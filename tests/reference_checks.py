"""The checks of docs/format.md, for the reference decoder."""
import struct


class Damaged(Exception):
    pass


class Unsupported(Exception):
    pass


def need(condition, message):
    if not condition:
        raise Damaged(message)


# ---- CRC-32C, and XXH3 as in the xxHash specification, with seed 0 and the default secret ----
CRC_TABLE = range(256)
for _ in range(8):
    CRC_TABLE = [c >> 1 ^ (c & 1) * 0x82F63B78 for c in CRC_TABLE]  # 0x1EDC6F41, its bits reflected
M32, M64 = 2**32 - 1, 2**64 - 1
PRIME32_1, PRIME32_2, PRIME32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
PRIME64_1, PRIME64_2, PRIME64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
PRIME64_4, PRIME64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PRIME_MX1, PRIME_MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578"
    "825ad07dccff7221b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea3"
    "71644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931"
    "c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")


def crc32c(data):
    crc = M32
    for byte in data:
        crc = CRC_TABLE[crc & 255 ^ byte] ^ crc >> 8
    return crc ^ M32


def number(data, at, size):
    return int.from_bytes(data[at:at + size], "little")


def words(data, at, count):
    return struct.unpack_from(f"<{count}Q", data, at)


def keys(at, size=8):  # two neighbouring words of the secret are mostly used together
    return number(SECRET, at, size) ^ number(SECRET, at + size, size)


def byte_swap(x, size):
    return int.from_bytes(x.to_bytes(size, "little"), "big")


def rotate(x, by, size=64):
    return (x << by | x >> size - by) & 2**size - 1


def shift_xor(x, by):
    return x & M64 ^ (x & M64) >> by


def avalanche(x):
    return shift_xor(shift_xor(x, 37) * PRIME_MX1, 32)


def avalanche_xxh64(x):
    return shift_xor(shift_xor(shift_xor(x, 33) * PRIME64_2, 29) * PRIME64_3, 32)


def multiply_fold(a, b):
    return a * b & M64 ^ a * b >> 64


def mix_step(data, at, key_at):
    return multiply_fold(*map(int.__xor__, words(data, at, 2), words(SECRET, key_at, 2)))


def accumulate(acc, stripes, secret):  # lane by lane; stripe n takes the words n to n + 7 of secret
    for i in range(8):
        values = map(int.__xor__, stripes[i::8], secret[i:])
        products = sum([(v & M32) * (v >> 32) for v in values])
        acc[i] = acc[i] + sum(stripes[i ^ 1::8]) + products & M64


def final_merge(acc, start, key_at):
    keyed = [*map(int.__xor__, acc, words(SECRET, key_at, 8))]
    return avalanche(start + sum(map(multiply_fold, keyed[::2], keyed[1::2])))


def xxh3(data):
    """(XXH3-64, XXH3-128), the latter as one number"""
    size = len(data)
    if size == 0:
        short, low, high = (avalanche_xxh64(keys(at)) for at in (56, 64, 80))
    elif size <= 3:
        x = data[-1] | size << 8 | data[0] << 16 | data[size >> 1] << 24
        short = low = avalanche_xxh64(keys(0, 4) ^ x)
        high = avalanche_xxh64(keys(8, 4) ^ rotate(byte_swap(x, 4), 13, 32))
    elif size <= 8:
        first, last = number(data, 0, 4), number(data, size - 4, 4)
        x = keys(8) ^ (last | first << 32)
        x = (x ^ rotate(x, 49) ^ rotate(x, 24)) * PRIME_MX2 & M64
        short = shift_xor((x ^ (x >> 35) + size) * PRIME_MX2, 28)
        x = (keys(16) ^ (first | last << 32)) * (PRIME64_1 + 4 * size)
        high = (x >> 64) + 2 * x & M64
        low, high = shift_xor(shift_xor(x ^ high >> 3, 35) * PRIME_MX2, 28), avalanche(high)
    elif size <= 16:
        first, last = number(data, 0, 8), number(data, size - 8, 8)
        x, y = keys(24) ^ first, keys(40) ^ last
        short = avalanche(size + byte_swap(x, 8) + y + multiply_fold(x, y))
        x, y = (keys(32) ^ first ^ last) * PRIME64_1, keys(48) ^ last
        high = (x >> 64) + y + (y & M32) * (PRIME32_2 - 1) & M64
        x = (x + (size - 1 << 54) & M64 ^ byte_swap(high, 8)) * PRIME64_2
        low, high = avalanche(x), avalanche((x >> 64) + high * PRIME64_2)
    elif size <= 240:
        short = a = size * PRIME64_1
        b = 0
        if size <= 128:  # chunks from both ends towards the middle
            rounds = reversed(range((size + 31) // 32))
            pairs = [(16 * i, size - 16 - 16 * i, 32 * i) for i in rounds]
            short += sum(mix_step(data, i, k) + mix_step(data, j, k + 16) for i, j, k in pairs)
        else:
            pairs = [(i, i + 16, i if i < 128 else i - 125) for i in range(0, size - 31, 32)]
            pairs.append((size - 16, size - 32, 103))
            short = avalanche(short + sum(mix_step(data, i, i) for i in range(0, 128, 16)))
            short += sum(mix_step(data, i, i - 125) for i in range(128, size - 15, 16))
            short += mix_step(data, size - 16, 119)
        for n, (i, j, k) in enumerate(pairs):
            if size > 128 and n == 4:
                a, b = avalanche(a), avalanche(b)
            a = a + mix_step(data, i, k) & M64 ^ sum(words(data, j, 2)) & M64
            b = b + mix_step(data, j, k + 16) & M64 ^ sum(words(data, i, 2)) & M64
        short, low = avalanche(short), avalanche(a + b)
        high = -avalanche(a * PRIME64_1 + b * PRIME64_4 + size * PRIME64_2) & M64
    else:
        acc = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3,
               PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1]
        secret = words(SECRET, 0, 24)
        for at in range(0, size - 1, 1024):
            accumulate(acc, words(data, at, 8 * min(16, (size - at - 1) // 64)), secret)
            if size - at > 1024:
                acc = [(a ^ a >> 47 ^ k) * PRIME32_1 & M64 for a, k in zip(acc, secret[16:])]
        accumulate(acc, words(data, size - 64, 8), words(SECRET, 121, 8))
        short = low = final_merge(acc, size * PRIME64_1, 11)
        high = final_merge(acc, ~(size * PRIME64_2), 117)
    return short, high << 64 | low
