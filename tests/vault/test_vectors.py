# SPDX-License-Identifier: Apache-2.0
"""The very functions that the vault calls, against what the standards and their authors print."""

import pytest
from cryptography.exceptions import InvalidTag

from keshou.sealing import derive
from keshou.suite import CHINESE, INTERNATIONAL

ZEROS = "00" * 32
KEY, NONCE, ABOUT = (
    "feffe9928665731c6d6a8f9467308308" * 2,
    "cafebabefacedbaddecaf888",
    "feedfacedeadbeef" * 2 + "abaddad2",
)
LONG = (
    b"This is a test using a larger than block-size key and a larger than block-size data. "
    b"The key needs to be hashed before being used by the HMAC algorithm."
)
PLAIN = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
SEALED = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
)


@pytest.mark.parametrize(
    ("key", "nonce", "about", "plain", "sealed"),
    [
        (ZEROS, "00" * 12, "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        (ZEROS, "00" * 12, "", "00" * 16, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
        (KEY, NONCE, "", PLAIN, SEALED + "b094dac5d93471bdec1a502270e3cc6c"),
        (KEY, NONCE, ABOUT, PLAIN[:120], SEALED[:120] + "76fc6ece0f4e1768cddf8853bb2d551b"),
    ],
    ids=["13", "14", "15", "16"],
)
def test_aes_256_gcm_is_that_of_its_authors(key: str, nonce: str, about: str, plain: str, sealed: str) -> None:
    """McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: what NIST SP 800-38D is held against."""
    cipher = INTERNATIONAL.cipher(bytes.fromhex(key))
    given = bytes.fromhex(nonce), bytes.fromhex(plain), bytes.fromhex(about)
    assert cipher.encrypt(*given).hex() == sealed
    assert cipher.decrypt(given[0], bytes.fromhex(sealed), given[2]) == given[1]
    broken = bytes.fromhex(sealed)
    with pytest.raises(InvalidTag):
        cipher.decrypt(given[0], broken[:-1] + bytes([broken[-1] ^ 1]), given[2])


@pytest.mark.parametrize(
    ("key", "data", "mac"),
    [
        ("0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe".hex(), b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        ("aa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (
            bytes(range(1, 26)).hex(), b"\xcd" * 50,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (
            "aa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            "aa" * 131,
            LONG,
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ],
    ids=["1", "2", "3", "4", "6", "7"],
)  # fmt: skip
def test_hmac_sha_256_is_that_of_rfc_4231(key: str, data: bytes, mac: str) -> None:
    """RFC 4231, section 4; case 5 is of a tag cut short, which we never make."""
    assert INTERNATIONAL.mac(bytes.fromhex(key), data).hex() == mac


@pytest.mark.parametrize(
    ("secret", "info", "derived"),
    [
        (
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
        ),
        (
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244", bytes(range(0xB0, 0x100)).hex(),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
        ),
        (
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04", "",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d",
        ),
    ],
    ids=["A.1", "A.2", "A.3"],
)  # fmt: skip
def test_what_is_derived_is_that_of_rfc_5869(secret: str, info: str, derived: str) -> None:
    """RFC 5869, appendix A: expanding, of which we take the first 32 bytes."""
    assert INTERNATIONAL.expand(bytes.fromhex(secret), bytes.fromhex(info)).hex() == derived
    if not info:
        assert derive(bytes.fromhex(secret), "").hex() == derived


@pytest.mark.parametrize(
    ("key", "data", "mac"),
    [
        (
            bytes(range(1, 33)), b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2,
            "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
        ),
        (
            bytes(range(1, 38)), b"\xcd" * 50,
            "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae",
        ),
    ],
    ids=["1", "2"],
)  # fmt: skip
def test_hmac_sm3_is_that_of_gm_t_0042(key: bytes, data: bytes, mac: str) -> None:
    """GM/T 0042-2015, appendix D.3, examples 1 and 2."""
    assert CHINESE.mac(key, data).hex() == mac
